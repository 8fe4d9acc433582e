"""The command line: ``deploy/run CMD`` = ``blogbot CMD`` = ``python -m bot CMD``.

Exit status: 0 done, 1 a fault it explains, 2 wrong usage or configuration. ``--json`` output goes to standard
output alone, everything else that is not the answer itself to standard error.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Coroutine
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import typer
from dotenv import dotenv_values
from index.evaluation import evaluate as evaluate_rows

from bot import __version__, asking, refreshing, terminal
from bot import doctor as doctors
from bot.answerer import open_search
from bot.config import Config
from bot.errors import BotFailure, ConfigFailure
from index.errors import IndexFailure

T = TypeVar("T")

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
    from bot.app import serve as run  # noqa: PLC0415 -- Slack and the database would slow every other command

    _run(run(config(), announce=lambda sentence: terminal.plain(terminal.err, sentence)))


@app.command()
def ask(
    question: str,
    *,
    as_json: Json = False,
    show_prompt: Annotated[bool, typer.Option(help="Print the prompt, don't send it.")] = False,
    raw_template: Annotated[
        Literal["mistral", "gemma", "chatml", "llama3"] | None,
        typer.Option(help="One raw prompt in the form of this model family."),
    ] = None,
    no_articles: Annotated[bool, typer.Option(help="The model alone, without the blog.")] = False,
    compare: Annotated[bool, typer.Option(help="The model alone and with the blog, side by side.")] = False,
    layout: Annotated[
        Literal["turns", "documents"], typer.Option(help="How articles stand in the prompt.")
    ] = "turns",
) -> None:
    """Answer QUESTION in the terminal, with its sources."""
    wish = asking.Wish(
        question, raw_template=raw_template, articles=not no_articles, layout=layout, as_json=as_json
    )
    if show_prompt:
        _run(asking.show_prompt(config(), wish))
    else:
        raise typer.Exit(_run((asking.compare if compare else asking.ask)(config(), wish)))


@app.command()
def search(
    question: Annotated[str, typer.Argument(show_default=False)] = "",
    *,
    stdin: Annotated[
        bool, typer.Option("--stdin", help="One question a line; one JSON object a line.")
    ] = False,
    as_json: Json = False,
    limit: Annotated[int, typer.Option(min=1, max=100, help="Articles at most.")] = 10,
) -> None:
    """Find the articles that match QUESTION."""
    if bool(question.strip()) == stdin:
        raise typer.BadParameter("Give either a question or --stdin.")
    settings = config()
    find = open_search(settings)
    for line in sys.stdin if stdin else [question]:
        asked = line.strip()
        if not asked:
            continue
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
    with terminal.progress_bar() as progress:
        report = _run(refreshing.refresh(config(), force=force, progress=progress))
    if as_json:
        terminal.dump(asdict(report))
    else:
        terminal.report(report)


@app.command()
def evaluate(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="JSON lines of {question, gold}.")
    ],
    *,
    corpus: Annotated[
        str | None, typer.Option(help="Only rows that name this corpus, and those without.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure the search: Recall@1, Recall@5, MRR@10 and the refusal rate."""
    settings = config()
    figures = evaluate_rows(_rows(file), open_search(settings), corpus=corpus).as_dict()
    if as_json:
        terminal.dump(figures)
    else:
        terminal.figures(figures)


@app.command()
def doctor(*, as_json: Json = False) -> None:
    """Check Slack, Ollama, the model, the repository, the index and the disk; say how to mend them."""
    checks = _run(doctors.examine(config()))
    if as_json:
        terminal.dump({"checks": [check.as_dict() for check in checks]})
    else:
        terminal.checks(checks)
    raise typer.Exit(0 if all(check.ok for check in checks) else 1)


def config() -> Config:
    """The settings of the environment, above those of a ``.env`` file in this folder."""
    written = {name: value for name, value in dotenv_values(".env").items() if value is not None}
    return Config.from_env(written | dict(os.environ))


def _rows(file: Path) -> list[dict[str, Any]]:
    rows = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            try:
                rows.append(dict(json.loads(line)))
            except (ValueError, TypeError) as exc:
                raise typer.BadParameter(f"Line {number} of {file} is no JSON object.") from exc
    return rows


def _run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def main() -> None:
    """Run a command; an expected failure becomes its sentence, and never a traceback."""
    try:
        app()
    except ConfigFailure as failure:
        for fault in failure.faults:
            terminal.failure(fault, "")
        sys.exit(2)
    except (BotFailure, IndexFailure) as failure:
        terminal.failure(str(failure), failure.fix)
        sys.exit(1)
    except BrokenPipeError:
        sys.stdout = None
        sys.exit(0)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
