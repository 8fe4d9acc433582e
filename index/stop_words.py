"""Words that say nothing about what a text or a question is about, in English and Chinese."""

_ENGLISH = """
a about after all also am an and any are as at be because been before being between both but by can
cannot could did do does doing done down during each few for from further had has have having he her
here hers him his how i if in into is it its itself just let lets me more most my myself no nor not
now of off on once only or other our ours out over own same shall she should so some such than that
the their theirs them then there these they this those through to too under until up us very was we
were what when where which while who whom why will with would you your yours yourself ll re ve don
doesn didn isn aren wasn weren won couldn shouldn wouldn
"""

_CHINESE = """
的 了 和 是 就 都 而 及 与 着 或 一个 没有 我们 你们 他们 它们 她们 是否 在 也 还 有 这 那 这个 那个
这些 那些 我 你 他 她 它 您 咱 吗 呢 吧 啊 呀 嘛 哦 哈 么 什么 怎么 怎样 怎么样 如何 为什么 为啥
为何 啥 咋 哪 哪些 哪个 请问 请 一下 有没有 有人 知道 到底 究竟 其实 就是 可以 能 能够 会 要 想 让
把 被 给 对 对于 从 到 由 于 以 以及 因为 所以 如果 但是 但 不过 而且 并 并且 则 之 其 此 该 很 太
更 最 又 再 才 只 地 得 过 上 下 里 中 后 前 时 个 种 些 件 次 等 不 没 说 去 来 做 用 那么 这么
这样 那样 多少 几 各 每 某 自己 已经 还是 或者 虽然 然后
"""

_ASKING = """
区别 差别 不同 差异 介绍 解释 说明 讲讲 讲解 时候 东西 情况 办法 方法 方式 真的 现在 大概 那种 这种
整个 好几 几个 好几个 一些 有些 老是 总是 一直 应该 分别 求 帮忙 告诉 觉得 感觉 问题 干嘛 干什么
好像 需要 想要 关于 相关 比较 有点 特别 非常 原因 意思 必要 这里 那里 里面 之前 之后 跟 老 总 谁 多
好 differ explain tell help pleas want need know way thing
"""

STOP = frozenset(f"{_ENGLISH} {_CHINESE}".split())
"""In lower case, not stemmed: left out of articles and questions."""

ASKING = frozenset(_ASKING.split())
"""As ``words`` gives them: left out of questions, whose shape they are and not their topic. In a small
blog such words are rare, and the few articles holding them would win."""
