"""The command line as people run it: JSON alone on standard output, a sentence a fault, exit codes."""

import asyncio
import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.house import LINK, blog_at
from tests.fakes.ollama import FakeOllama
from tests.fakes.repositories import BlogRepository

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Done:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Shell:
    """Runs blogbot commands in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
            "BLOGBOT_DATA": str(folder / "data"),
            "BLOGBOT_HEALTH_PORT": "0",
            "BLOGBOT_PLAYGROUND_PORT": "0",
            "OLLAMA_HOST": "http://127.0.0.1:9",
        }

    async def start(self, *arguments: str, **env: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bot", *arguments),
            cwd=self.folder,
            env=self.env | env,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def run(self, *arguments: str, stdin: str = "", **env: str) -> Done:
        process = await self.start(*arguments, **env)
        out, err = await process.communicate(stdin.encode())
        assert b"Traceback" not in err, err.decode()
        return Done(process.returncode or 0, out.decode(), err.decode())


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
async def indexed(shell: Shell) -> Shell:
    shell.env |= {"BLOGBOT_REPO": str(blog_at(shell.folder / "blog")), "BLOGBOT_LINK": LINK}
    assert (await shell.run("refresh")).status == 0
    return shell


async def test_refresh_reports_what_it_did(shell: Shell) -> None:
    blog = blog_at(shell.folder / "blog")
    done = await shell.run("refresh", "--json", BLOGBOT_REPO=str(blog))
    assert done.status == 0
    assert done.json["articles"] == done.json["added"] == 5
    assert done.json["commit"] == blog.git("rev-parse", "HEAD")
    fields = "commit generation articles passages added changed removed skipped seconds"
    assert list(done.json) == fields.split()
    blog.write(
        "notes/new.md", "# A sixth article\n\nIt says when the office is open: from nine to five.\n"
    ).delete("notes/review.md").commit()
    again = (await shell.run("refresh", "--json", BLOGBOT_REPO=str(blog))).json
    assert (again["articles"], again["added"], again["changed"], again["removed"]) == (5, 1, 0, 1)


async def test_search_prints_the_hits_as_json(indexed: Shell) -> None:
    done = await indexed.run("search", "--json", "RUM 和 GIN 索引的区别")
    assert done.status == 0
    assert set(done.json) == {"question", "answerable", "ms", "hits"}
    best = done.json["hits"][0]
    assert set(best) == {"path", "title", "url", "date", "score", "passage"}
    assert best["path"] == "notes/rum.md"
    assert best["url"].startswith("https://example.org/main/notes/rum.md")
    assert best["date"] == "2019-07-06"
    assert "附加信息" in best["passage"]


async def test_search_answers_a_line_of_json_for_a_line_of_input(indexed: Shell) -> None:
    questions = ["vacuum dead rows", "", "发布流程", "NOT * cats? (AND"]
    done = await indexed.run("search", "--stdin", stdin="\n".join(questions))
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert [line["question"] for line in lines] == [q for q in questions if q]
    assert lines[0]["hits"][0]["path"] == "notes/vacuum.md"
    assert lines[1]["hits"][0]["path"] == "notes/release.md"


async def test_ask_prints_the_answer_with_its_sources_as_json(indexed: Shell) -> None:
    async with FakeOllama(answer="70 minutes [1].") as ollama:
        done = await indexed.run(
            "ask", "--json", "how long does restoring a backup on egret take?", OLLAMA_HOST=ollama.url
        )
    assert done.status == 0
    assert done.json["outcome"] == "answered"
    assert done.json["answer"].startswith("70 minutes [")
    assert set(done.json["sources"][0]) == {"n", "title", "url", "path"}
    assert {"question", "model", "prompt_tokens", "answer_tokens", "first_token_ms", "total_ms"} <= set(
        done.json
    )


async def test_ask_marks_what_the_articles_do_not_say_and_tells_what_the_mark_means(indexed: Shell) -> None:
    async with FakeOllama(answer="Restoring takes nine hours and three engineers on Sunday [1].") as ollama:
        done = await indexed.run(
            "ask", "how long does restoring a backup on egret take?", OLLAMA_HOST=ollama.url
        )
    assert "⁽?⁾" in done.out
    assert "⁽?⁾ marks a sentence that I found no support for" in done.err
    assert "0% of its sentences supported" in done.err


async def test_ask_without_a_model_shows_the_articles_and_says_what_to_do(indexed: Shell) -> None:
    done = await indexed.run("ask", "why does VACUUM leave dead rows behind?")
    assert done.status == 1
    assert "http://127.0.0.1:9" in done.err
    assert "old snapshot" in done.out


async def test_ask_shows_its_prompt_without_a_model(indexed: Shell) -> None:
    done = await indexed.run("ask", "--show-prompt", "--json", "RUM 和 GIN 索引的区别是什么?")
    roles = [message["role"] for message in done.json["messages"]]
    assert roles[0] == "system"
    assert roles[1:3] == ["user", "assistant"]
    assert roles[-1] == "user"
    raw = await indexed.run(
        "ask", "--show-prompt", "--raw-template", "mistral", "RUM 和 GIN 索引的区别是什么?"
    )
    assert raw.out.startswith("[INST]")
    assert raw.out.rstrip().endswith("[/INST]")


async def test_ask_compares_the_model_alone_with_the_model_that_read_the_blog(indexed: Shell) -> None:
    def reply(messages: list[dict[str, Any]]) -> str:
        return "70 minutes [1]." if len(messages) > 2 else "I made this up."

    async with FakeOllama(answer=reply) as ollama:
        done = await indexed.run(
            "ask", "--compare", "--json", "how long does a restore on egret take?", OLLAMA_HOST=ollama.url
        )
    assert done.json["before"]["answer"] == "I made this up."
    assert done.json["after"]["sources"]


async def test_ask_compares_with_raw_prompts_where_a_template_is_named(indexed: Shell) -> None:
    async with FakeOllama(answer="70 minutes [1].") as ollama:
        done = await indexed.run(
            *("ask", "--compare", "--raw-template", "gemma", "--layout", "documents", "--json"),
            "how long does a restore on egret take?",
            OLLAMA_HOST=ollama.url,
        )
    assert done.json["after"]["sources"]
    prompts = [request.body["prompt"] for request in ollama.requests if request.path == "/api/generate"]
    before, after = [prompt for prompt in prompts if prompt]
    assert before.startswith("<start_of_turn>user")
    assert after.startswith("<start_of_turn>user")
    assert after.count("<start_of_turn>model") == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [("--compare", "--show-prompt"), ("--compare", "--no-articles"), ("--no-articles", "--layout=turns")],
)
async def test_options_of_ask_that_exclude_each_other_are_both_named(
    shell: Shell, one: str, other: str
) -> None:
    done = await shell.run("ask", one, other, "--json", "how long does a restore on egret take?")
    assert (done.status, done.out) == (2, "")
    assert f"{one} and {other.partition('=')[0]} do not go together" in done.err


async def test_every_wrong_setting_is_said_at_once_with_status_two(shell: Shell) -> None:
    done = await shell.run("search", "x", BLOGBOT_CONTEXT="x", BLOGBOT_REFRESH="never")
    assert done.status == 2
    assert "BLOGBOT_CONTEXT" in done.err
    assert "BLOGBOT_REFRESH" in done.err
    assert done.out == ""


async def test_wrong_usage_has_status_two(shell: Shell) -> None:
    assert (await shell.run("search")).status == 2
    assert (await shell.run("ask", " ")).status == 2
    assert (await shell.run("nonsense")).status == 2


async def test_a_search_before_the_first_refresh_says_what_to_run(shell: Shell) -> None:
    done = await shell.run("search", "x")
    assert done.status == 1
    assert "refresh" in done.err


@pytest.mark.parametrize(
    ("repo", "words"),
    [("/nowhere/at/all", "/nowhere/at/all"), ("https://user:hush@127.0.0.1:9/blog.git", "127.0.0.1")],
)
async def test_an_unreachable_repository_is_one_sentence(shell: Shell, repo: str, words: str) -> None:
    done = await shell.run("refresh", BLOGBOT_REPO=repo)
    assert done.status == 1
    assert words in done.err
    assert "hush" not in done.err
    assert len(done.err.splitlines()) <= 2


async def test_an_empty_repository_and_one_without_markdown_are_told_apart_from_a_fault(shell: Shell) -> None:
    empty = BlogRepository(shell.folder / "empty")
    done = await shell.run("refresh", BLOGBOT_REPO=str(empty))
    assert (done.status, "empty" in done.err) == (1, True)
    pictures = BlogRepository(shell.folder / "pictures").write("a.png", b"\x89PNG")
    pictures.commit()
    done = await shell.run("refresh", BLOGBOT_REPO=str(pictures))
    assert done.status == 1
    assert "BLOGBOT_INCLUDE" in done.err or "Markdown" in done.err


async def test_without_git_it_says_so(indexed: Shell) -> None:
    done = await indexed.run("refresh", PATH="/nowhere")
    assert done.status == 1
    assert "git" in done.err.lower()
    assert (await indexed.run("search", "vacuum")).status == 0


async def test_the_doctor_names_each_fault_with_its_mend(indexed: Shell) -> None:
    done = await indexed.run("doctor", "--json")
    assert done.status == 1
    checks = {check["name"]: check for check in done.json["checks"]}
    assert {"slack", "ollama", "model", "repository", "index", "disk"} <= set(checks)
    assert not checks["ollama"]["ok"]
    assert "ollama serve" in checks["ollama"]["fix"]
    assert checks["index"]["ok"]
    assert "5 articles" in checks["index"]["detail"]


async def test_evaluate_measures_only_the_rows_of_its_corpus(indexed: Shell) -> None:
    rows = [
        {"question": "why does VACUUM leave dead rows?", "gold": ["notes/vacuum.md"], "corpus": "this"},
        {"question": "发布流程是什么", "gold": ["notes/release.md"], "corpus": "this"},
        {"question": "anything", "gold": ["other.md"], "corpus": "other"},
    ]
    file = indexed.folder / "questions.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows))
    done = await indexed.run("evaluate", str(file), "--corpus", "this", "--json")
    assert done.status == 0
    assert "1.0" in done.out


async def test_evaluate_shows_its_figures_whole_and_says_when_embeddings_were_not_heard(
    indexed: Shell,
) -> None:
    file = indexed.folder / "questions.jsonl"
    row = {"question": "why does VACUUM leave dead rows?", "gold": ["notes/vacuum.md"], "style": "paraphrase"}
    file.write_text(json.dumps(row))
    done = await indexed.run("evaluate", str(file), BLOGBOT_EMBED_MODEL="e5-small")
    assert done.status == 0
    heading, *rows, last = done.out.splitlines()
    assert heading.split() == [
        *("questions", "recall@1", "recall@5", "mrr@10"),
        *("kept", "unanswerable", "refused"),
    ]
    assert rows[-1].split() == ["style", "paraphrase", "1", "1.000", "1.000", "1.000", "1.000", "0"]
    assert last.startswith("1 of the questions")


async def test_serve_starts_the_playground_and_ends_on_sigterm(indexed: Shell) -> None:
    process = await indexed.start()
    assert process.stderr
    said = ""
    async with asyncio.timeout(60):
        while "Ready" not in said:
            line = (await process.stderr.readline()).decode()
            assert line, said
            said += line
    assert "which is not Slack" in said
    assert "http://127.0.0.1:" in said
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(30):
        await process.communicate()
    assert process.returncode == 0


async def test_serve_on_a_taken_port_says_which_setting_to_change(indexed: Shell) -> None:
    async with FakeOllama() as squatter:
        done = await indexed.run("serve", BLOGBOT_PLAYGROUND_PORT=str(squatter.port))
    assert done.status == 2
    assert "BLOGBOT_PLAYGROUND_PORT" in done.err


async def test_a_dotenv_file_is_read_and_the_environment_wins(indexed: Shell) -> None:
    (indexed.folder / ".env").write_text("BLOGBOT_CONTEXT=nonsense\n")
    assert (await indexed.run("search", "vacuum")).status == 2
    assert (await indexed.run("search", "vacuum", BLOGBOT_CONTEXT="4096")).status == 0
