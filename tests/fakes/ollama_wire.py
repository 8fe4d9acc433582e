"""What the Ollama double says, apart from sockets: token counts, templates, JSON shapes, embeddings.

Shapes follow Ollama v0.32.15: server/routes.go, api/types.go, llm/llama_server.go.
"""

import hashlib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]
VERSION = "0.32.15"

Text = str | Sequence[str]

TOO_LONG = (
    '{"error":{"code":400,"message":"request (%d tokens) exceeds the available context size (%d tokens),'
    ' try increasing it","type":"exceed_context_size_error"}}'
)


@dataclass(frozen=True, slots=True)
class Model:
    """A model the double has pulled."""

    name: str = "qwen3:8b"
    family: str = "qwen3"
    capabilities: tuple[str, ...] = ("completion", "tools", "thinking")
    context_length: int = 40_960
    template: str = "{{- range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}"


@dataclass(frozen=True, slots=True)
class Request:
    """One request the double received."""

    path: str
    body: Json
    headers: Mapping[str, str]


def full_name(name: str) -> str:
    """The name with its tag: a model without one is ``:latest``."""
    return (name if ":" in name.rsplit("/", 1)[-1] else f"{name}:latest").lower()


def pieces(text: str) -> list[str]:
    """Cut text as a tokenizer would: a Chinese character, or up to four others with the space before them."""
    return re.findall(r"[㐀-鿿]|\s*[^\s㐀-鿿]{1,4}|\s+", text)


def chunks(text: Text) -> list[str]:
    """What is sent piece by piece: a text as a model would write it, a list as it stands."""
    return pieces(text) if isinstance(text, str) else list(text)


def render(messages: Sequence[Json]) -> str:
    """The prompt a ChatML template makes of the messages."""
    turns = "".join(f"<|im_start|>{m['role']}\n{m.get('content', '')}<|im_end|>\n" for m in messages)
    return turns + "<|im_start|>assistant\n"


def fit(messages: list[Json], room: int, count: Callable[[str], int]) -> list[Json]:
    """Drop messages from the front until the rest fits; system messages and the last one stay.

    That is what server/prompt.go does, and no field of the answer reports it.
    """
    for start in range(len(messages)):
        kept = [m for m in messages[:start] if m["role"] == "system"] + messages[start:]
        if count(render(kept)) <= room or start == len(messages) - 1:
            return kept
    return messages


def quote(messages: Sequence[Json]) -> str:
    """Answer with the first sentences of the last example turn and the number it stands under."""
    examples = [m["content"] for m in messages[:-1] if m["role"] == "assistant"]
    if not examples:
        return "The blog does not say."
    number = re.search(r"\[(\d+)\]", examples[-1])
    plain = re.sub(r"\[\d+\]|[#*`>]", "", examples[-1]).split()
    sentence = " ".join(plain)[:200]
    return f"{sentence} [{number[1]}]" if number else sentence


def embedding(text: str, dimensions: int = 64) -> list[float]:
    """A unit vector in which texts that share words, or Chinese characters, are near each other."""
    vector = [0.0] * dimensions
    for word in re.findall(r"[㐀-鿿]|\w+", text.lower()):
        digest = hashlib.blake2b(word.encode(), digest_size=4).digest()
        vector[int.from_bytes(digest[:3], "big") % dimensions] += 1.0 if digest[3] % 2 else -1.0
    length = math.sqrt(sum(x * x for x in vector)) or 1.0
    return [x / length for x in vector]


def now() -> str:
    """The time as Go writes it."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def details(model: Model) -> Json:
    """The ``details`` of a model in /api/show, /api/tags and /api/ps."""
    return {
        "parent_model": "",
        "format": "gguf",
        "family": model.family,
        "families": [model.family],
        "parameter_size": "8.2B",
        "quantization_level": "Q4_K_M",
    }


def shown(model: Model) -> Json:
    """The answer of /api/show."""
    return {
        "modelfile": f"FROM {model.name}\n",
        "parameters": 'stop                           "<|im_end|>"\ntemperature                    0.6',
        "template": model.template,
        "details": details(model),
        "model_info": {
            "general.architecture": model.family,
            "general.parameter_count": 8_190_735_360,
            f"{model.family}.context_length": model.context_length,
        },
        "capabilities": list(model.capabilities),
        "modified_at": now(),
    }


def tagged(model: Model) -> Json:
    """One model in /api/tags."""
    return {
        "name": model.name,
        "model": model.name,
        "modified_at": now(),
        "size": 5_225_388_164,
        "digest": hashlib.sha256(model.name.encode()).hexdigest(),
        "details": details(model),
    }


def running(model: Model, context: int) -> Json:
    """One model in /api/ps; ``context_length`` is what is allocated."""
    return tagged(model) | {"expires_at": now(), "size_vram": 0, "context_length": context}


def chunk(name: str, path: str, text: str, *, thought: bool = False) -> Json:
    """One line of a stream."""
    line: Json = {"model": name, "created_at": now(), "done": False}
    if path == "/api/chat":
        line["message"] = {"role": "assistant", "content": "" if thought else text}
        if thought:
            line["message"]["thinking"] = text
    else:
        line["response"] = "" if thought else text
        if thought:
            line["thinking"] = text
    return line


def last(name: str, path: str, reason: str, counts: tuple[int, int] = (0, 0), seconds: float = 0.0) -> Json:
    """The line that is done: its counts in tokens, its durations in nanoseconds."""
    line = chunk(name, path, "") | {"done": True, "done_reason": reason}
    if reason in {"load", "unload"}:
        return line
    spent = int(seconds * 1e9)
    return line | {
        "total_duration": spent + 2_000,
        "load_duration": 1_000,
        "prompt_eval_count": counts[0],
        "prompt_eval_duration": 1_000,
        "eval_count": counts[1],
        "eval_duration": spent,
    }


def joined(path: str, lines: Sequence[Json]) -> Json:
    """A stream as the one object that ``"stream": false`` gives."""
    texts = {"content": "", "response": "", "thinking": ""}
    for line in lines:
        part = line.get("message", line)
        for key in texts:
            texts[key] += part.get(key, "")
    whole = {key: text for key, text in texts.items() if text}
    if path == "/api/chat":
        return lines[-1] | {"message": {"role": "assistant", "content": ""} | whole}
    return lines[-1] | whole
