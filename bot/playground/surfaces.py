"""The Web API's methods around messages: views, status lines, prompts, sessions, reactions.

Shapes and errors: https://docs.slack.dev/reference/methods/views.open, …/assistant.threads.setStatus and
…/agents.sessions.setStatus.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from bot.playground.chat import Method, channel, with_ids
from bot.playground.events import public
from bot.playground.limits import Refusal, check_view
from bot.playground.model import BOT, Change, Json
from bot.playground.workspace import Workspace

SESSION_STATES = {"processing", "active", "suspended", "closed"}
MOST_PROMPTS, MOST_LOADING, LONGEST_TITLE = 4, 10, 200


def view_opener(trigger: Callable[[str], str]) -> Method:
    """views.open, with *trigger* exchanging a trigger id for the person who pressed, or refusing it."""

    def views_open(slack: Workspace, args: Json) -> Json:
        check_view(args.get("view"))
        if args["view"]["type"] != "modal":
            raise Refusal("invalid_arguments", "view.type must be modal")
        person = trigger(str(args.get("trigger_id") or args.get("interactivity_pointer") or ""))
        return {"view": public(slack.keep_view(person, _identified(args["view"])))}

    return views_open


def views_update(slack: Workspace, args: Json) -> Json:
    """views.update of an open modal by ``view_id``."""
    check_view(args.get("view"))
    view = slack.views.get(str(args.get("view_id", "")))
    if view is None:
        raise Refusal("not_found")
    if args.get("hash") and args["hash"] != view["hash"]:
        raise Refusal("hash_conflict")
    return {"view": public(slack.keep_view(view["for"], _identified(args["view"]), view["id"]))}


def views_publish(slack: Workspace, args: Json) -> Json:
    """views.publish: one person's App Home."""
    check_view(args.get("view"))
    person = args.get("user_id")
    if person not in slack.people or args["view"]["type"] != "home":
        raise Refusal("invalid_arguments", "user_id of a member and a view of type home are needed")
    known = slack.homes.get(str(person), {})
    return {"view": public(slack.keep_view(str(person), _identified(args["view"]), known.get("id", "")))}


def set_status(slack: Workspace, args: Json) -> Json:
    """assistant.threads.setStatus: the line that says what is being done; "" takes it away."""
    place = channel(slack, args, write=True)
    root, status = str(args.get("thread_ts") or ""), args.get("status")
    loading = args.get("loading_messages") or []
    if not isinstance(status, str) or not slack.find(place.id, root):
        raise Refusal("invalid_arguments" if not isinstance(status, str) else "invalid_thread_ts")
    if not isinstance(loading, list) or len(loading) > MOST_LOADING:
        raise Refusal("invalid_arguments", f"loading_messages takes at most {MOST_LOADING}")
    slack.show_status(place.id, root, status, loading)
    return {}


def set_title(slack: Workspace, args: Json) -> Json:
    """assistant.threads.setTitle of a conversation."""
    place = channel(slack, args)
    title = args.get("title")
    if not isinstance(title, str) or not title:
        raise Refusal("invalid_arguments", "missing required field: title")
    root = str(args.get("thread_ts") or "")
    slack.titles[place.id, root] = title
    slack.tell(Change("title", {"thread_ts": root, "title": title}, place.id))
    return {}


def set_prompts(slack: Workspace, args: Json) -> Json:
    """assistant.threads.setSuggestedPrompts, one to four; in an agent app ``thread_ts`` fails silently."""
    place = channel(slack, args)
    prompts = args.get("prompts")
    if not isinstance(prompts, list) or not 1 <= len(prompts) <= MOST_PROMPTS:
        raise Refusal("invalid_arguments", f"prompts takes 1 to {MOST_PROMPTS}")
    if not all(isinstance(p, dict) and p.get("title") and p.get("message") for p in prompts):
        raise Refusal("invalid_arguments", "each prompt needs a title and a message")
    if not args.get("thread_ts"):
        slack.prompts[place.id] = {"title": args.get("title") or "", "prompts": prompts}
        slack.tell(Change("prompts", slack.prompts[place.id], place.id))
    return {}


def set_session(slack: Workspace, args: Json) -> Json:
    """agents.sessions.setStatus of a thread: ``processing`` shows the stop button."""
    place = channel(slack, args)
    root, status = str(args.get("thread_ts") or ""), args.get("status")
    if status not in SESSION_STATES or not slack.find(place.id, root):
        raise Refusal("invalid_arguments", "status and thread_ts of a session are needed")
    title = str(args.get("title") or "")
    if len(title) > LONGEST_TITLE:
        raise Refusal("invalid_arguments", "title is too long")
    slack.sessions[place.id, root] = str(status)
    slack.tell(Change("session", {"thread_ts": root, "status": status}, place.id))
    return {"status": status, "title": title}


def rename_session(slack: Workspace, args: Json) -> Json:
    """agents.sessions.rename of a thread's session."""
    root = str(args.get("thread_ts") or "")
    if (channel(slack, args).id, root) not in slack.sessions:
        raise Refusal("session_not_found")
    return set_title(slack, args)


def react(slack: Workspace, args: Json) -> Json:
    """reactions.add of the bot, once a name."""
    message = _reacted(slack, args)
    reactions = message.setdefault("reactions", [])
    if any(r["name"] == args.get("name") and BOT in r["users"] for r in reactions):
        raise Refusal("already_reacted")
    others = [r for r in reactions if r["name"] != args["name"]]
    users = [BOT, *(u for r in reactions if r["name"] == args["name"] for u in r["users"])]
    now = {"name": args["name"], "users": users, "count": len(users)}
    return _keep_reactions(slack, args, message, [*others, now])


def unreact(slack: Workspace, args: Json) -> Json:
    """reactions.remove of the bot."""
    message = _reacted(slack, args)
    kept = []
    for reaction in message.get("reactions", []):
        users = [u for u in reaction["users"] if u != BOT or reaction["name"] != args.get("name")]
        if users:
            kept.append({**reaction, "users": users, "count": len(users)})
    if kept == message.get("reactions", []):
        raise Refusal("no_reaction")
    return _keep_reactions(slack, args, message, kept)


def _reacted(slack: Workspace, args: Json) -> Json:
    message = slack.find(channel(slack, args).id, str(args.get("timestamp", "")))
    if message is None:
        raise Refusal("message_not_found")
    if not args.get("name"):
        raise Refusal("invalid_name")
    return message


def _keep_reactions(slack: Workspace, args: Json, message: Json, reactions: list[Json]) -> Json:
    message["reactions"] = reactions
    slack.tell(Change("message", message, str(args["channel"]), message, quiet=True))
    return {}


def _identified(view: Json) -> Json:
    return {**view, "blocks": with_ids(view["blocks"])}


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "views.update": views_update,
        "views.publish": views_publish,
        "assistant.threads.setStatus": set_status,
        "assistant.threads.setTitle": set_title,
        "assistant.threads.setSuggestedPrompts": set_prompts,
        "agents.sessions.setStatus": set_session,
        "agents.sessions.rename": rename_session,
        "reactions.add": react,
        "reactions.remove": unreact,
    }
)
