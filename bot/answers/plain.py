"""Text without links: whatever an article or a model writes, a link comes from the index alone.

A link keeps its words, an address standing by itself becomes ``[…]``, a bare host name becomes code, which
nobody can click. Text in code is left as it is: Slack and terminals link nothing there.
"""

import re
from collections.abc import Callable

OMITTED = "[…]"

CODE = re.compile(
    r"(?P<fence>^[ \t>]*```[^`\n]*\n.*?(?:^[ \t>]*```[ \t]*(?:\n|\Z)|\Z))"
    r"|(?P<escaped>\\[\\`])|(?<!`)(?P<run>`+)(?!`)[^\n]*?(?<!`)(?P=run)(?!`)",
    re.DOTALL | re.MULTILINE,
)
"""A fenced block, to the end of the text when nothing closes it, or code within one line.

Or, ``escaped``, a sign behind a backslash, which is no code but keeps a tick from opening any.
"""

_TARGET = (
    r"\(\s*(?:<[^>\n]*>|[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)"
    r"(?:\s+(?:\"[^\"\n]*\"|'[^'\n]*'|\([^()\n]*\)))?\s*\)"
)
_IMAGE = re.compile(rf"!\[([^\[\]\n]*)\]{_TARGET}")
_LINK = re.compile(rf"\[((?:[^\[\]\n]|\[[^\[\]\n]*\])*)\]{_TARGET}")
_ORPHAN = re.compile(r"(?<=\])\(\s*<?[^\s()]*[.:/#][^\s()]*\s*\)")
_AUTOLINK = re.compile(r"<([a-z][a-z0-9+.-]*:[^<>|\n]*|[\w.+-]+@[\w.-]+)(?:\|([^<>\n]*))?>", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:a|abbr|area|audio|b|base|blockquote|body|br|button|center|code|col|dd|del|details|div|dl|dt|em|embed|"
    r"figcaption|figure|font|form|frame|h[1-6]|head|hr|html|i|iframe|img|input|ins|kbd|li|link|mark|meta|object|ol|p|"
    r"picture|pre|q|s|script|small|source|span|strike|strong|style|sub|summary|sup|svg|table|tbody|td|template|"
    r"textarea|tfoot|th|thead|title|tr|u|ul|video|wbr)(?:\s[^<>]*)?/?>|<!--.*?-->",
    re.IGNORECASE | re.DOTALL,
)
_REST = r"[!#-&(-;=?-Z\\^_a-z|~]"
_ADDRESS = re.compile(
    rf"(?:(?<![A-Za-z0-9])[a-z][a-z0-9+.-]*)?://(?=[\w\[])(?:{_REST}|\[[\da-f:.]+\])+"
    r"|(?:(?<![A-Za-z0-9])[a-z][a-z0-9+.-]*)?://[^\s\x00-\x7f，。；：！？、）】」』]+"
    rf"|(?<![A-Za-z0-9])(?:mailto|javascript|data|vbscript|file|tel|sms|slack):(?=[!-~]*[A-Za-z0-9]){_REST}+"
    rf"|(?<![A-Za-z0-9])www\.(?=[A-Za-z0-9]){_REST}+",
    re.IGNORECASE,
)
_HOST = re.compile(
    r"(?<![A-Za-z0-9_`/@.-])(?:[A-Za-z0-9_.+-]+@)?(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+"
    r"(?:com|net|org|info|biz|xyz|top|site|online|club|shop|app|dev|link|click|live|cloud|tech|cn|ru|io|me|tv|co|cc|"
    rf"edu|gov|example|test)(?![A-Za-z0-9_.-]*[A-Za-z0-9_])(?:/{_REST}*)?"
)
_LAST_SIGNS = ".,;:!?"


def apart(text: str, prose: Callable[[str], str], code: Callable[[str], str]) -> str:
    """Return *text* with *prose* applied to what is no code and *code* to what is, in order."""
    pieces: list[str] = []
    last = 0
    for found in CODE.finditer(text):
        if found["escaped"]:
            continue
        pieces += prose(text[last : found.start()]), code(found[0])
        last = found.end()
    return "".join((*pieces, prose(text[last:])))


def unlinked(prose: str) -> str:
    """Return *prose*, which holds no code, without a link, an image, an address or HTML."""
    for _ in range(8):  # what one link hides another may show: [ht](x)tp://…
        before, prose = prose, _once(prose)
        if prose == before:
            break
    return _HOST.sub(_as_code, prose)


def _once(prose: str) -> str:
    if "](" in prose or "] (" in prose:
        prose = _IMAGE.sub(r"\1", prose)
        prose = _LINK.sub(lambda found: f"[{found[1]}]" if found[1].strip().isdigit() else found[1], prose)
        prose = _ORPHAN.sub("", prose)
    if "<" in prose:
        prose = _AUTOLINK.sub(lambda found: found[2] or OMITTED, prose)
        prose = _TAG.sub("", prose)
    return _ADDRESS.sub(_omitted, prose)


def _omitted(found: re.Match[str]) -> str:
    """What stands for an address; the sign that ends its sentence stays."""
    address = found[0]
    return OMITTED + address[len(address.rstrip(_LAST_SIGNS)) :]


def _as_code(found: re.Match[str]) -> str:
    host = found[0].rstrip(_LAST_SIGNS)
    return f"`{host}`{found[0][len(host) :]}"
