"""What an article quotes from a language model is not what its author says.

Articles about models show answers that are wrong, for the very questions people ask: an answer that cites
such lines looks grounded and is wrong. They are recognised by a heading that is just a model's tag (``### 1
mistral:7b``) or by a line that announces a model's answer, and end at the next heading.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from index.model import Hit, Passage

LEFT_OUT = "(a model's answer, left out)"

_HEADING = re.compile(r"\s{0,3}#{1,6}\s")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_TAG = re.compile(
    r"[\s#\d.、()（）]*[`*\"]*[a-z][\w.-]*:\d+(?:\.\d+)?b(?:-[\w.-]+)?[`*\"]*\s*"
    r"(?:微调[前后]|的?(?:回答|输出|结果)|output|answers?|says|said)?\s*[:：]?\s*",
    re.IGNORECASE,
)
_ANNOUNCED = re.compile(
    r".{0,40}(?:模型|大模型|LLM|AI|GPT)[^，。,]{0,8}(?:回答|输出|回复)(?:如下|是|为)?\s*[:：.。]?\s*"
    r"|.{0,40}\b(?:model|LLM|GPT)(?:['’]s)?\s+(?:answer|output|repl)\w*"
    r"(?:\s+(?:was|is|as follows))?\s*[:.]?\s*",
    re.IGNORECASE,
)
_LEAST = 60
"""Characters of an author's own that make a passage worth reading."""


def own_words(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Return *hits* without what they quote from models; what is nothing else is left out.

    Where nothing would be left they come back as they are: the question may be about the quotations.
    """
    kept = tuple(replace(hit, passages=passages) for hit in hits if (passages := _own(hit)))
    return kept or tuple(hits)


def _own(hit: Hit) -> tuple[Passage, ...]:
    """Return the passages of *hit* without quotations, which may go on from one to the next."""
    found: dict[int, Passage] = {}
    ended: tuple[int, tuple[str, ...], bool] = (-1, (), False)
    for passage in sorted(hit.passages, key=lambda passage: passage.number):
        goes_on = ended == (passage.number - 1, passage.headings, True)
        text, quoting = _without(passage.text, quoting=goes_on or _is_tag(passage.headings[-1:]))
        ended = (passage.number, passage.headings, quoting)
        if text == passage.text or len(text.replace(LEFT_OUT, "").strip()) >= _LEAST:
            found[passage.number] = replace(passage, text=text)
    return tuple(found[passage.number] for passage in hit.passages if passage.number in found)


def _is_tag(headings: Sequence[str]) -> bool:
    return any(_TAG.fullmatch(heading) for heading in headings)


def _without(text: str, *, quoting: bool) -> tuple[str, bool]:
    """Return *text* without quotations, and whether it ends within one."""
    lines: list[str] = []
    fenced = False
    for line in text.split("\n"):
        if not fenced and _HEADING.match(line):
            quoting = _is_tag([line])
        if quoting:
            if lines[-1:] != [LEFT_OUT]:
                lines.append(LEFT_OUT)
        else:
            lines.append(line)
            quoting = not fenced and bool(_ANNOUNCED.fullmatch(line))
        fenced ^= bool(_FENCE.match(line))
    return "\n".join(lines), quoting
