"""Chinese."""

from bot.phrases import Phrases

WORDS = Phrases(
    code="zh",
    turn=20,
    signs=r"[\u3400-\u4dbf\u4e00-\u9fff]",
    verbs={
        "搜索": "search",
        "状态": "status",
        "更新": "refresh",
        "忘记": "forget",
        "策略": "policy",
        "帮助": "help",
    },
    settings={
        "回答": "answers",
        "提及": "mentions",
        "追问": "follow-ups",
        "全部": "all",
        "博客": "blog",
        "语言": "language",
        "自动": "auto",
        "英文": "en",
        "中文": "zh",
        "私密": "private",
        "公开": "public",
        "重置": "reset",
    },
    language_name="中文",
    searching="🔎 正在搜索博客……",
    queued="🔎 正在排队：前面还有 {n} 个问题……",
    reading="📖 正在阅读 {n} 篇文章……",
    loading="⏳ 正在加载模型，第一次会比较慢……",
    loading_usually="⏳ 正在加载模型，上次用了 {n} 秒……",
    writing="✍️ 正在撰写……",
    stop="停止",
    stop_refused="只有提问者或管理员可以停止这个回答。",
    stop_late="这个回答已经不在撰写中。",
    sources="来源",
    generated="由 {model} 根据博客生成，请对照来源核实。",
    unsupported="部分内容在文章中没有找到依据：采用之前请先阅读来源。",
    good="有帮助",
    bad="没有帮助",
    share="分享到频道",
    more="更多文章",
    more_found="更多相关文章",
    more_nothing="没有找到更多相关文章。",
    no_source="博客里没有找到能回答这个问题的内容。",
    nearest="最接近的标题是：",
    model_unavailable="现在无法生成回答：位于 {detail} 的 Ollama 没有响应，请确认 `ollama serve` 正在运行。",
    model_missing="暂时无法生成回答：缺少模型。请运行 `ollama pull {detail}`。",
    busy="现在问题太多，请几分钟后再问。",
    cut_short="模型没有写完就停止了：这个回答不完整。",
    stopped="已停止，没有写完。",
    failed="出了点问题，无法回答。详情见日志。",
    matches="最匹配的文章是：",
    help=(
        "我根据团队博客回答问题，并附上文章链接。\n"
        "• 在频道里提到我并写下问题；在消息列里再次提到我可以继续追问。\n"
        "• 也可以直接给我发私信。\n"
        "• `/ask 问题` 只回答给你一个人看，可以用按钮分享。\n"
        "• `/blog 搜索 关键词`、`/blog 状态`、`/blog 策略`、`/blog 更新`、`/blog 帮助`。\n"
        "• `/blog 忘记 我` 删除我保存的你的提问。"
    ),
    channel_refused="我没有被设置为在这个频道回答问题，你可以直接给我发私信。",
    not_recorded="刚才没能接收你的问题，请过一分钟再问。",
    shared_by="<@{person}> 提问：{question}",
    shared="已分享到频道。",
    share_gone="这个回答已经找不到了，请重新提问。",
    thanks="谢谢，已记录。",
    why_title="哪里不对？",
    why_label="这个回答哪里不对？",
    why_hint="例如：文章不对、内容过时、答非所问。",
    send="发送",
    cancel="取消",
    status="{articles} 篇文章（{passages} 个段落），索引发布于 {age} 前。\n模型：{model}",
    never_refreshed="本进程还没有更新过索引。",
    last_refresh="上次更新：新增 {added}，修改 {changed}，删除 {removed}，用时 {seconds} 秒。",
    index_missing="还没有博客索引。用 `/blog 更新` 建立。",
    refresh_started="正在更新索引，期间照常回答问题。",
    refresh_done="索引已是最新：共 {articles} 篇文章；新增 {added}，修改 {changed}，删除 {removed}。",
    refresh_refused="只有本机器人的管理员（BLOGBOT_ADMINS）可以更新索引。",
    refresh_failed="更新失败，继续使用上一个完好的索引。{reason}",
    search_usage="请告诉我要找什么：`/blog 搜索 关键词`。",
    search_found="“{words}”的相关文章",
    search_nothing="没有与“{words}”匹配的文章。",
    search_failed="现在无法搜索。{reason}",
    next_page="下一页",
    previous_page="上一页",
    model_ready="就绪",
    model_absent="尚未下载，请运行 `ollama pull`",
    model_away="Ollama 没有响应",
    me="我",
    forget_usage=("`/blog 忘记 我` 会从我的记忆中删除你的提问、对应的回答和消息列，以及你的反馈，无法撤销。"),
    forgotten=(
        "已忘记：你的 {count} 个问题、对应的回答和消息列，以及你的反馈。"
        "Slack 里我发过的消息仍在，直到有人删除。"
    ),
    policy_title="我在这个频道如何回答",
    policy_usage=(
        "频道创建者和管理员可以修改：\n"
        "• `/blog 策略 回答 提及`、`回答 追问` 或 `回答 全部`\n"
        "• `/blog 策略 博客 文件夹/ #标签`，或 `博客 全部`\n"
        "• `/blog 策略 语言 中文`、`语言 英文` 或 `语言 自动`\n"
        "• `/blog 策略 私密` 或 `公开`\n"
        "• `/blog 策略 重置`"
    ),
    policy_kept="从现在起，在这个频道：",
    policy_refused="只有这个频道的创建者和管理员可以修改我在这里的回答方式。",
    answers_mentions="提到我时才回答。",
    answers_follow_ups="提到我时回答；提问的人可以在消息列里继续追问，不用再次提到我。",
    answers_all="回答每一个问题，不提到我也回答。",
    policy_within="只根据博客的这些部分：{places}",
    policy_whole="根据整个博客。",
    policy_articles="（{n} 篇文章）",
    policy_language="始终使用{language}。",
    policy_any_language="使用提问的语言。",
    policy_private="只有提问的人能看到回答。",
    policy_public="频道里的所有人都能看到回答。",
    home_title="向博客提问",
    home_prompts="可以问问这些最近的文章",
    home_freshness="索引",
    home_questions="你最近的提问",
    home_policies="我在各频道如何回答",
    home_how_policies="在频道里用 `/blog 策略` 修改。其他频道使用默认设置。",
    home_no_policies="所有频道都使用默认设置。在频道里用 `/blog 策略` 查看和修改。",
)
