"""The raw few-shot templates of model families, and text made harmless to them.

The forms are those of https://ollama.com/library/mistral and /gemma2, as the article this project comes
from shows them, and of ChatML and Llama 3. None begins with the family's start token (``<s>``, ``<bos>``):
the server adds it.
"""

import re
from collections.abc import Sequence
from typing import Literal, get_args

from bot.model import Message

Family = Literal["mistral", "gemma", "chatml", "llama3"]
FAMILIES: tuple[Family, ...] = get_args(Family)

# Cf, Cc and the tags block: characters nobody sees, which would hide a token from the eye and from us.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u0600-\u0605\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
# One character for one, so that places in the folded text are places in the text.
_FOLD = {0xFF01 + i: 0x21 + i for i in range(94)} | dict.fromkeys(map(ord, "‹〈⟨﹤〈"), "<")
_FOLD |= dict.fromkeys(map(ord, "›〉⟩﹥〉"), ">") | dict.fromkeys(map(ord, "∣│┃❘ǀ"), "|")
_FOLD |= {ord("﹣"): "-", ord("﹍"): "_", ord("⁄"): "/", ord("∕"): "/", ord("【"): "[", ord("】"): "]"}

_ANGLE = (
    "s|bos|eos|pad|unk|mask|cls|sep|endoftext|sys|think|thinking|thought|tools?|tool_calls?|tool_responses?|"
    r"function_calls?|function_response|(?:start|end)_of_\w+|image_soft_token|unused\d+|im_start|im_end|"
    r"reserved_special_token_\d+|extra_id_\d+|assistant|user|system|human|bot"
)
_SQUARE = (
    r"INST|SYS|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|MODEL_SETTINGS|IMG|IMG_BREAK|"
    r"IMG_END|AUDIO|BEGIN_AUDIO|PREFIX|SUFFIX|MIDDLE|THINK|ARGS|CALL_ID|CONTROL|[gs]?MASK|CLS|SEP|PAD|UNK|BOS|EOS"
)
_TOKEN = re.compile(
    rf"<(?=/?(?:{_ANGLE})>)|\[(?=/?(?:{_SQUARE})\])|<(?=\|[^\s<>|]{{1,40}}\|?>|/?[^\s<>|]{{1,40}}\|>)",
    re.IGNORECASE,
)


def visible(text: str) -> str:
    """Return *text* without characters nobody sees, with plain line ends, U+FFFD for lone surrogates."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    return _SURROGATE.sub("\ufffd", _INVISIBLE.sub("", text))


def neutralise(text: str) -> str:
    """Return *text* without any token of a template: ``[INST]`` becomes ``[ INST]``, people read the same.

    Invisible characters go first, and full-width or look-alike brackets count as brackets.
    """
    text = visible(text)
    folded = text.translate(_FOLD)
    if "<" not in folded and "[" not in folded:
        return text
    pieces: list[str] = []
    last = 0
    for found in _TOKEN.finditer(folded):
        pieces += text[last : found.end()], " "
        last = found.end()
    return "".join((*pieces, text[last:]))


def render(family: Family, messages: Sequence[Message]) -> str:
    """Return *messages* as one raw prompt: every turn closed, ending where the model's turn begins.

    Contents are neutralised. Where the family has no system role, that message opens the first user turn.
    """
    safe = tuple(Message(message.role, neutralise(message.content)) for message in messages)
    return {"mistral": _mistral, "gemma": _gemma, "chatml": _chatml, "llama3": _llama3}[family](safe)


def _mistral(messages: Sequence[Message]) -> str:
    return "".join(
        f"[INST] {turn.content} [/INST]" if turn.role == "user" else f" {turn.content}</s>"
        for turn in _without_system(messages)
    )


def _gemma(messages: Sequence[Message]) -> str:
    names = {"user": "user", "assistant": "model"}
    turns = (
        f"<start_of_turn>{names[turn.role]}\n{turn.content}<end_of_turn>\n"
        for turn in _without_system(messages)
    )
    return "".join(turns) + "<start_of_turn>model\n"


def _chatml(messages: Sequence[Message]) -> str:
    turns = (f"<|im_start|>{turn.role}\n{turn.content}<|im_end|>\n" for turn in messages)
    return "".join(turns) + "<|im_start|>assistant\n"


def _llama3(messages: Sequence[Message]) -> str:
    turns = (
        f"<|start_header_id|>{turn.role}<|end_header_id|>\n\n{turn.content}<|eot_id|>" for turn in messages
    )
    return "".join(turns) + "<|start_header_id|>assistant<|end_header_id|>\n\n"


def _without_system(messages: Sequence[Message]) -> tuple[Message, ...]:
    system = [turn.content for turn in messages if turn.role == "system"]
    turns = [turn for turn in messages if turn.role != "system"]
    first = next((i for i, turn in enumerate(turns) if turn.role == "user"), None)
    if system and first is not None:
        turns[first] = Message("user", "\n\n".join([*system, turns[first].content]))
    return tuple(turns)
