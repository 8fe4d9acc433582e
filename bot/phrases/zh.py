"""Chinese."""

from bot.phrases import Phrases

WORDS = Phrases(
    code="zh",
    turn=20,
    signs=r"[\u3400-\u4dbf\u4e00-\u9fff]",
    verbs={"搜索": "search", "状态": "status", "更新": "refresh", "忘记": "forget", "帮助": "help"},
    searching="🔎 正在搜索博客……",
    queued="🔎 正在排队：前面还有 {n} 个问题……",
    reading="📖 正在阅读 {n} 篇文章……",
    loading="⏳ 正在加载模型……",
    writing="✍️ 正在撰写……",
    sources="来源",
    generated="由 {model} 根据博客生成，请对照来源核实。",
    unsupported="部分内容在文章中没有找到依据：采用之前请先阅读来源。",
    good="有帮助",
    bad="没有帮助",
    share="分享到频道",
    no_source="博客里没有找到能回答这个问题的内容。",
    nearest="最接近的标题是：",
    model_unavailable="现在无法生成回答：位于 {detail} 的 Ollama 没有响应，请确认 `ollama serve` 正在运行。",
    model_missing="暂时无法生成回答：缺少模型。请运行 `ollama pull {detail}`。",
    busy="现在问题太多，请几分钟后再问。",
    cut_short="模型没有写完就停止了：这个回答不完整。",
    failed="出了点问题，无法回答。详情见日志。",
    matches="最匹配的文章是：",
    help=(
        "我根据团队博客回答问题，并附上文章链接。\n"
        "• 在频道里提到我并写下问题；在消息列里再次提到我可以继续追问。\n"
        "• 也可以直接给我发私信。\n"
        "• `/ask 问题` 只回答给你一个人看，可以用按钮分享。\n"
        "• `/blog 搜索 关键词`、`/blog 状态`、`/blog 更新`、`/blog 帮助`。\n"
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
    me="我",
    forget_usage=("`/blog 忘记 我` 会从我的记忆中删除你的提问、对应的回答和消息列，以及你的反馈，无法撤销。"),
    forgotten=(
        "已忘记：你的 {count} 个问题、对应的回答和消息列，以及你的反馈。"
        "Slack 里我发过的消息仍在，直到有人删除。"
    ),
    home_title="向博客提问",
    home_prompts="可以问问这些最近的文章",
    home_freshness="索引",
)
