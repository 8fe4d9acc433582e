"""The command line: ``deploy/run CMD`` = ``blogbot CMD`` = ``python -m bot CMD``.

Exit status: 0 done, 1 a fault it explains, 2 wrong usage or configuration. ``--json`` output goes to standard
output alone, everything else that is not the answer itself to standard error. Each command imports its rooms
when it runs, so that a search does not wait for Slack and the database to load.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from dotenv import dotenv_values

from bot import __version__, logs, terminal
from bot.config import Config
from bot.errors import BotFailure, ConfigFailure, SlackFailure
from index.errors import IndexFailure
from index.model import Found

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print JSON to standard output.")]


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context, *, version: Annotated[bool, typer.Option("--version", help="Show it.")] = False
) -> None:
    """Answer a team's questions from the team's own blog, with a local model."""
    if version:
        typer.echo(f"blogbot {__version__}")
    elif context.invoked_subcommand is None:
        serve()


@app.command()
def serve() -> None:
    """Run the bot (the default); without Slack tokens, the playground."""
    from bot.app import serve as run

    asyncio.run(run(config(), announce=lambda sentence: terminal.plain(terminal.err, sentence)))


@app.command()
def ask(
    question: str,
    *,
    as_json: Json = False,
    show_prompt: Annotated[
        bool, typer.Option("--show-prompt", help="Print the prompt, don't send it.")
    ] = False,
    raw_template: Annotated[
        Literal["mistral", "gemma", "chatml", "llama3"] | None,
        typer.Option(help="One raw prompt in the form of this model family."),
    ] = None,
    no_articles: Annotated[
        bool, typer.Option("--no-articles", help="The model alone, without the blog.")
    ] = False,
    compare: Annotated[
        bool, typer.Option("--compare", help="The model alone and with the blog, side by side.")
    ] = False,
    layout: Annotated[
        Literal["turns", "documents"] | None,
        typer.Option(help="How the articles stand in the prompt: as turns unless you say otherwise."),
    ] = None,
) -> None:
    """Answer QUESTION in the terminal, with its sources."""
    from bot import asking

    if not question.strip():
        raise typer.BadParameter("The question is empty.")
    given = {
        "--compare": compare,
        "--show-prompt": show_prompt,
        "--no-articles": no_articles,
        "--layout": layout,
    }
    if clash := asking.clash({name for name, value in given.items() if value}):
        raise typer.BadParameter(clash)
    wish = asking.Wish(
        question,
        raw_template=raw_template,
        articles=not no_articles,
        layout=layout or "turns",
        as_json=as_json,
    )
    way = asking.show_prompt if show_prompt else asking.compare if compare else asking.ask
    raise typer.Exit(asyncio.run(way(config(), wish)))


@app.command()
def search(
    question: Annotated[str, typer.Argument(show_default=False)] = "",
    *,
    stdin: Annotated[
        bool, typer.Option("--stdin", help="One question a line; JSON lines come back.")
    ] = False,
    as_json: Json = False,
    limit: Annotated[int, typer.Option(min=1, max=100, help="Articles at most.")] = 10,
) -> None:
    """Find the articles that match QUESTION."""
    if bool(question.strip()) == stdin:
        raise typer.BadParameter("Give either a question or --stdin.")
    find = _search()
    for line in sys.stdin if stdin else [question]:
        if asked := line.strip():
            begun = time.perf_counter()
            found = find(asked, limit)
            if stdin or as_json:
                terminal.dump(terminal.search_dict(asked, found, (time.perf_counter() - begun) * 1000))
            else:
                terminal.hits(found)


@app.command()
def refresh(
    *,
    as_json: Json = False,
    force: Annotated[bool, typer.Option(help="Publish even when many articles are gone.")] = False,
) -> None:
    """Bring the index up to date with the blog."""
    from bot import refreshing

    with terminal.progress_bar() as progress:
        report = asyncio.run(refreshing.refresh(config(), force=force, progress=progress))
    if as_json:
        terminal.dump({name: value for name, value in asdict(report).items() if name != "newcomers"})
    else:
        terminal.report(report)


@app.command()
def evaluate(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON lines {question, gold}.")],
    *,
    corpus: Annotated[
        str | None, typer.Option(help="Only rows of this corpus, and those of none; by default the blog's.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure the search: Recall@1, Recall@5, MRR@10 and the refusal rate."""
    from index import evaluation

    rows = list(_rows(file))
    corpus = corpus or evaluation.own_corpus(rows, config().blog.repo)
    figures = evaluation.evaluate(rows, _search(), corpus).as_dict()
    if as_json:
        terminal.dump(figures)
    else:
        terminal.figures(figures)


feedback = typer.Typer(help="What people think of the answers.", no_args_is_help=True)
app.add_typer(feedback, name="feedback")


@feedback.command()
def export(
    *, bad: Annotated[bool | None, typer.Option("--bad/--good", help="Only one kind.")] = None
) -> None:
    """Print the opinions as JSON lines that ``evaluate`` reads; a bad one counts once you give it a gold."""
    from bot import exporting

    asyncio.run(exporting.export(config(), None if bad is None else "bad" if bad else "good"))


@app.command()
def doctor(*, as_json: Json = False) -> None:
    """Check Slack, Ollama, the model, the repository, the index and the disk; say how to mend them."""
    from bot import doctor as doctors

    checks = asyncio.run(doctors.examine(config()))
    if as_json:
        terminal.dump({"checks": [check.as_dict() for check in checks]})
    else:
        doctors.show(checks)
    raise typer.Exit(0 if all(check.ok for check in checks) else 1)


def config() -> Config:
    """The settings of the environment, above those of a ``.env`` file in this folder.

    What the file sets goes into the environment too: the programs and libraries below read theirs there.
    """
    for name, value in dotenv_values(".env").items():
        os.environ.setdefault(name, value or "")
    return Config.from_env(os.environ)


def _search() -> Callable[[str, int], Found]:
    from bot.answerer import open_search

    return open_search(config())


def _rows(file: Path) -> Iterable[dict[str, Any]]:
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            if not isinstance(row, dict):
                raise typer.BadParameter(f"Line {number} of {file} is no JSON object.")
            yield row


def main() -> None:
    """Run a command; an expected failure becomes its sentence, and never a traceback."""
    logs.configure()
    status = _status()
    if "bot.jobs.durable" in sys.modules:
        sys.modules["bot.jobs.durable"].exit_if_stuck(status)
    sys.exit(status)


def _status() -> int:
    try:
        app()
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 0
    except ConfigFailure as failure:
        for fault in failure.faults:
            terminal.failure(fault, "")
        return 2
    except (BotFailure, IndexFailure) as failure:
        terminal.failure(str(failure), failure.fix)
        if "--json" in sys.argv:
            terminal.dump({"error": str(failure), "fix": failure.fix})
        # A token that Slack refuses is a setting to mend: starting again would not help.
        return 2 if isinstance(failure, SlackFailure) else 1
    return 0


if __name__ == "__main__":
    main()
