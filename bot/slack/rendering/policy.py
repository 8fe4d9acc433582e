"""``/blog policy``: how the bot behaves in a channel, read and written in words. Pure."""

from dataclasses import replace

from bot.model import Policy, Question
from bot.phrases import Phrases, languages, words_for
from bot.slack.rendering import text as slack_text
from bot.slack.rendering.blocks import Reply, reply

MOST_PLACES = 20
LONGEST_PLACE = 200


def under(policy: Policy, question: Question) -> Question:
    """*question* as the channel's *policy* has it answered."""
    private = policy.private and question.kind == "mention"
    return replace(question, language=policy.language, kind="command" if private else question.kind)


def changed(policy: Policy, text: str) -> Policy | None:
    """*policy* with the change that *text* orders in any language, or None when it orders none.

    ``answers mentions|follow-ups|all``, ``blog all`` or folders and #tags, ``language auto`` or a code,
    ``private``, ``public``, ``reset``.
    """
    tokens = text.split()
    order = [_english(token) for token in tokens]
    codes = {words.code for words in languages()}
    match order:
        case ["answers", ("mentions" | "follow-ups" | "all") as answers]:
            return replace(policy, answers=answers)
        case ["blog", "all"]:
            return replace(policy, within=())
        case ["blog", _, *_]:
            return _within(policy, tokens[1:])
        case ["language", code] if code == "auto" or code in codes:
            return replace(policy, language="" if code == "auto" else code)
        case ["private" | "public" as way]:
            return replace(policy, private=way == "private")
    return Policy() if order == ["reset"] else None


def shown(question: Question, policy: Policy, articles: int | None) -> Reply:
    """The policy of the question's channel, and how to change it; *articles* are those within, if known."""
    words = words_for(question)
    return reply(f"*{words.policy_title}*\n{lines(words, policy, articles)}\n\n{words.policy_usage}")


def kept(question: Question, policy: Policy, articles: int | None) -> Reply:
    """The policy after a change."""
    words = words_for(question)
    return reply(f"{words.policy_kept}\n{lines(words, policy, articles)}")


def refused(question: Question) -> Reply:
    """Only some may change it."""
    return reply(words_for(question).policy_refused)


def lines(words: Phrases, policy: Policy, articles: int | None = None) -> str:
    """The four settings, a line each, in mrkdwn."""
    answers = {
        "mentions": words.answers_mentions,
        "follow-ups": words.answers_follow_ups,
        "all": words.answers_all,
    }
    places = ", ".join(f"`{slack_text.escape(place).replace('`', '')}`" for place in policy.within)
    known = next((each.language_name for each in languages() if each.code == policy.language), "")
    held = words.policy_articles.format(n=articles) if policy.within and articles is not None else ""
    return "\n".join(
        (
            f"• {answers[policy.answers]}",
            f"• {words.policy_within.format(places=places)}{held}" if places else f"• {words.policy_whole}",
            f"• {words.policy_language.format(language=known)}"
            if known
            else f"• {words.policy_any_language}",
            f"• {words.policy_private if policy.private else words.policy_public}",
        )
    )


def _english(token: str) -> str:
    token = token.lower()
    return next((words.settings[token] for words in languages() if token in words.settings), token)


def _within(policy: Policy, places: list[str]) -> Policy | None:
    if len(places) > MOST_PLACES or max(map(len, places)) > LONGEST_PLACE:
        return None
    found = (_place(place) for place in places)
    return replace(policy, within=tuple(dict.fromkeys(found)))


def _place(place: str) -> str:
    """A tag as it is; a folder with one slash at its end and none at its start."""
    return place if place.startswith("#") else place.strip("/") + "/"
