"""The Web API's chat.* methods: posting, changing, streaming.

Shapes and errors: https://docs.slack.dev/reference/methods/chat.postMessage and its siblings.
"""

import re
import secrets
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from bot.playground.limits import MARKDOWN_CALL, STREAM, Refusal, check_message_blocks, check_text
from bot.playground.model import APP, BOT, BOT_ID, Channel, Json
from bot.playground.workspace import Workspace

Method = Callable[[Workspace, Json], Json]
TS = re.compile(r"\d{10}\.\d{6}")
STREAM_SECONDS = 300  # Slack closes a stream itself, slackapi/python-slack-sdk#1859


def post_message(slack: Workspace, args: Json) -> Json:
    """chat.postMessage: to a channel, or to a person's direct message by user id."""
    place = channel(slack, args, write=True)
    message = slack.post(place.id, {**author(slack), **content(args), **_thread(args)})
    return {"channel": place.id, "ts": message["ts"], "message": message}


def post_ephemeral(slack: Workspace, args: Json) -> Json:
    """chat.postEphemeral: a note that one person sees."""
    place = channel(slack, args, write=True)
    if args.get("user") not in slack.people or place.person not in {"", args["user"]}:
        raise Refusal("user_not_in_channel")
    note = slack.note(place.id, args["user"], {**author(slack), **content(args), **_thread(args)})
    return {"message_ts": note["ts"]}


def update(slack: Workspace, args: Json) -> Json:
    """chat.update: text alone removes the blocks; a streaming message cannot be updated."""
    place = channel(slack, args, write=True)
    message = own_message(slack, place, args, "cant_update_message")
    if message.get("streaming_state") == "in_progress":
        raise Refusal("streaming_state_conflict")
    fields = {"blocks": None, "markdown_text": None, **content(args), "streaming_state": None}
    if "metadata" not in args:
        fields.pop("metadata", None)
    message = slack.change(place.id, message["ts"], {**fields, "edited": {"user": BOT, "ts": slack.ts()}})
    return {"channel": place.id, "ts": message["ts"], "text": message["text"], "message": message}


def delete(slack: Workspace, args: Json) -> Json:
    """chat.delete: one's own messages only."""
    place = channel(slack, args, write=True)
    message = own_message(slack, place, args, "cant_delete_message")
    slack.delete(place.id, message["ts"])
    return {"channel": place.id, "ts": message["ts"]}


def start_stream(slack: Workspace, args: Json) -> Json:
    """chat.startStream: opens a message in a thread that grows; in channels the recipient must be named."""
    place = channel(slack, args, write=True)
    if "thread_ts" not in args:
        raise Refusal("invalid_arguments", "missing required field: thread_ts")
    if not place.person:
        for name, known in (("recipient_team_id", {slack.team}), ("recipient_user_id", slack.people)):
            if not args.get(name):
                raise Refusal("missing_" + name)
            if args[name] not in known:
                raise Refusal("invalid_" + name)
    text = _streamed(args)
    stream = {"text": text, "blocks": _markdown(text), "streaming_state": "in_progress"}
    message = slack.post(place.id, {**author(slack), **stream, **_thread(args)})
    return {"channel": place.id, "ts": message["ts"]}


def append_stream(slack: Workspace, args: Json) -> Json:
    """chat.appendStream: adds text to a stream that is not closed yet."""
    place, message = _stream(slack, args)
    text = _streamed(args)
    if not text and not args.get("chunks"):
        raise Refusal("no_text")
    slack.change(place.id, message["ts"], _grown(message, text, []), quiet=True)
    return {"channel": place.id, "ts": message["ts"]}


def stop_stream(slack: Workspace, args: Json) -> Json:
    """chat.stopStream: adds a last text, puts blocks below it and closes the stream."""
    place, message = _stream(slack, args)
    blocks = args.get("blocks") or []
    if blocks:
        check_message_blocks(blocks)
    end: Json = {"streaming_state": None, **({"metadata": _metadata(args)} if "metadata" in args else {})}
    slack.change(place.id, message["ts"], {**_grown(message, _streamed(args), blocks), **end})
    return {"channel": place.id, "ts": message["ts"], "message": message}


def channel(slack: Workspace, args: Json, *, write: bool = False) -> Channel:
    """The channel a call names, if the bot may read (and *write*) there."""
    name = args.get("channel") or args.get("channel_id") or ""
    if name in slack.people and name != BOT:
        name = slack.direct(name)
    place = slack.channels.get(name)
    if place is None:
        raise Refusal("channel_not_found")
    if not place.bot_in:
        raise Refusal("not_in_channel")
    if write and place.archived:
        raise Refusal("is_archived")
    return place


def own_message(slack: Workspace, place: Channel, args: Json, otherwise: str) -> Json:
    """The bot's own message a call names by ``ts``; *otherwise* is the error for somebody else's."""
    message = slack.find(place.id, str(args.get("ts", "")))
    if message is None or message.get("subtype") == "tombstone":
        raise Refusal("message_not_found")
    if message.get("user") != BOT:
        raise Refusal(otherwise)
    return message


def author(slack: Workspace) -> Json:
    """The fields that mark a message as the bot's own."""
    name = slack.people[BOT].name
    profile = {"id": BOT_ID, "app_id": APP, "name": name, "team_id": slack.team, "deleted": False}
    return {"user": BOT, "bot_id": BOT_ID, "app_id": APP, "bot_profile": profile}


def content(args: Json) -> Json:
    """The checked text, blocks and metadata of a call that writes a message."""
    fields: Json = {"text": args.get("text") or ""}
    check_text(fields["text"])
    if markdown := args.get("markdown_text"):
        if args.get("blocks") or args.get("text"):
            raise Refusal("markdown_text_conflict")
        fields |= {"text": markdown, "blocks": with_ids(_markdown(_call_text(markdown)))}
    elif blocks := args.get("blocks"):
        check_message_blocks(blocks)
        fields["blocks"] = with_ids(blocks)
    elif not fields["text"].strip():
        raise Refusal("no_text")
    if "metadata" in args:
        fields["metadata"] = _metadata(args)
    return fields


def with_ids(blocks: list[Json]) -> list[Json]:
    """The blocks with a ``block_id`` each, made up where the app gave none."""
    return [{"block_id": secrets.token_hex(3), **block} for block in blocks]


def _metadata(args: Json) -> Json:
    metadata = args["metadata"]
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_type"), str):
        raise Refusal("invalid_metadata_format")
    if not isinstance(metadata.get("event_payload"), dict):
        raise Refusal("invalid_metadata_format")
    return metadata


def _thread(args: Json) -> Json:
    if not (root := args.get("thread_ts")):
        return {}
    if not TS.fullmatch(str(root)):
        raise Refusal("invalid_thread_ts")
    return {"thread_ts": root}


def _stream(slack: Workspace, args: Json) -> tuple[Channel, Json]:
    place = channel(slack, args, write=True)
    message = own_message(slack, place, args, "message_not_owned_by_app")
    if slack.clock() - float(message["ts"]) > STREAM_SECONDS:
        message.pop("streaming_state", None)
    if message.get("streaming_state") != "in_progress":
        raise Refusal("message_not_in_streaming_state")
    return place, message


def _streamed(args: Json) -> str:
    chunks = args.get("chunks") or []
    if args.get("markdown_text") and chunks:
        raise Refusal("invalid_arguments", "markdown_text and chunks exclude each other")
    if not isinstance(chunks, list):
        raise Refusal("invalid_chunks")
    text = [_call_text(args.get("markdown_text") or "")]
    for chunk in chunks:
        if not isinstance(chunk, dict) or chunk.get("type") not in CHUNKS:
            raise Refusal("invalid_chunks")
        text.append(CHUNKS[chunk["type"]](chunk))
    return "".join(text)


def _call_text(text: Any) -> str:
    if not isinstance(text, str):
        raise Refusal("invalid_arguments", "markdown_text must be a string")
    if len(text) > MARKDOWN_CALL:
        raise Refusal("msg_too_long")
    return text


def _grown(message: Json, text: str, below: list[Json]) -> Json:
    whole = message["text"] + text
    if len(whole) > STREAM:
        raise Refusal("msg_too_long")
    return {"text": whole, "blocks": with_ids(_markdown(whole) + below)}


def _markdown(text: str) -> list[Json]:
    return [{"type": "markdown", "text": text}] if text else []


CHUNKS: Mapping[str, Callable[[Json], str]] = MappingProxyType(
    {
        "markdown_text": lambda chunk: _call_text(chunk.get("text")),
        "task_update": lambda _: "",
        "plan_update": lambda _: "",
    }
)
METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "chat.postMessage": post_message,
        "chat.postEphemeral": post_ephemeral,
        "chat.update": update,
        "chat.delete": delete,
        "chat.startStream": start_stream,
        "chat.appendStream": append_stream,
        "chat.stopStream": stop_stream,
    }
)
