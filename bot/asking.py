"""``blogbot ask``: one question in the terminal, and the prompt behind it laid open."""

from collections.abc import AsyncIterator, Collection
from dataclasses import asdict, dataclass

from bot import shown_answer, terminal
from bot.answerer import Answerer, answerer
from bot.answers import answering, prompt, templates
from bot.answers.choosing import Layout
from bot.answers.prompt import Prompt
from bot.answers.templates import Family
from bot.config import Config
from bot.model import Answer, Delta, Event, Stage
from bot.phrases import choose

FAULTS = frozenset({"model_unavailable", "model_missing", "busy", "cut_short", "failed"})
"""Outcomes that end ``ask`` with status 1: something is to be mended, or to be tried again."""

_APART = {
    ("--compare", "--show-prompt"): "the one asks the model, the other does not",
    ("--compare", "--no-articles"): "the one asks without the articles too",
    ("--no-articles", "--layout"): "without articles nothing is laid out",
}


def clash(options: Collection[str]) -> str:
    """Say which two of *options* exclude each other and why; "" where each means what it says."""
    for (one, other), reason in _APART.items():
        if one in options and other in options:
            return f"{one} and {other} do not go together: {reason}."
    return ""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked of ``ask``."""

    question: str
    raw_template: Family | None = None
    articles: bool = True
    layout: Layout = "turns"
    as_json: bool = False


async def ask(config: Config, wish: Wish) -> int:
    """Stream the answer and show its sources; return the exit status."""
    async with answerer(config, layout=wish.layout) as tools:
        answer = await _streamed(_events(tools, wish), wish)
    if wish.as_json:
        terminal.dump(shown_answer.answer_dict(answer))
    else:
        shown_answer.closing(answer)
    return 1 if answer.outcome in FAULTS else 0


async def show_prompt(config: Config, wish: Wish) -> int:
    """Print the messages that would be sent, or the one raw prompt; the model is not asked. Status 0."""
    async with answerer(config, layout=wish.layout) as tools:
        built = await _prompt(tools, wish)
    if wish.raw_template:
        raw = templates.render(wish.raw_template, built.messages)
        if wish.as_json:
            terminal.dump({"prompt": raw, "tokens": built.tokens})
        else:
            terminal.exactly(raw)
    elif wish.as_json:
        terminal.dump({"messages": [asdict(message) for message in built.messages], "tokens": built.tokens})
    else:
        shown_answer.messages(built.messages, built.tokens)
    return 0


async def compare(config: Config, wish: Wish) -> int:
    """Ask the model alone, then with the blog's articles, and show both side by side."""
    async with answerer(config, layout=wish.layout) as tools:
        before = await _last(_bare(tools, wish))
        after = await _last(_events(tools, wish))
    if wish.as_json:
        terminal.dump({"before": shown_answer.answer_dict(before), "after": shown_answer.answer_dict(after)})
    else:
        shown_answer.side_by_side(before, after)
    return 1 if {before.outcome, after.outcome} & FAULTS else 0


def _events(tools: Answerer, wish: Wish) -> AsyncIterator[Event]:
    if not wish.articles:
        return _bare(tools, wish)
    return tools.answer(wish.question, generate=_generate(tools, wish))


async def _prompt(tools: Answerer, wish: Wish) -> Prompt:
    settings, budget = tools.settings, await tools.settings.fitting()
    if not wish.articles:
        return prompt.bare(wish.question, budget, settings.calibration())
    found = await tools.find(wish.question, settings.hits)
    if not found.answerable:
        terminal.plain(terminal.err, choose(wish.question).no_source, "yellow")
    return prompt.build(wish.question, found.hits, budget=budget, calibration=settings.calibration())


def _bare(tools: Answerer, wish: Wish) -> AsyncIterator[Event]:
    """Answer without the blog: what the model knows by itself."""
    return answering.unaided(wish.question, generate=_generate(tools, wish), settings=tools.settings)


def _generate(tools: Answerer, wish: Wish) -> answering.Generate:
    family = wish.raw_template
    if family is None:
        return tools.model.chat
    return lambda messages: tools.model.raw(templates.render(family, messages))


async def _last(events: AsyncIterator[Event]) -> Answer:
    answer = None
    async for event in events:
        if isinstance(event, Answer):
            answer = event
    assert answer is not None  # noqa: S101 -- the promise of every stream of events
    return answer


async def _streamed(events: AsyncIterator[Event], wish: Wish) -> Answer:
    """Write the text as it comes; a status line stands in its place until then."""
    words = choose(wish.question)
    answer = None
    with shown_answer.waiting(quiet=wish.as_json) as status:
        async for event in events:
            match event:
                case Stage():
                    status.say(getattr(words, event.name).format(n=event.count))
                case Delta() if not wish.as_json:
                    status.write(event.text)
                case Answer():
                    answer = event
    assert answer is not None  # noqa: S101
    return answer
