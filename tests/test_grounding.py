"""Grounding: what the cited passages say, and what is marked because they do not."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answers.citations import Cleaner
from bot.answers.grounding import MARK, evidence, supported
from bot.answers.marks import Marker
from bot.model import Source

SET = Path(__file__).parent / "sets" / "grounding.jsonl"
ZH = "RUM 索引在 posting tree 里存了附加信息，排序时不必回表。测试中查询从 900 毫秒降到 35 毫秒。"
EN = "The limiter lives in limits.yaml and allows 120 requests per minute. It never returns 503."


def source(text: str, n: int = 1) -> Source:
    return Source(n, "Title", "https://b.example/a", "a.md", shown=f"[{n}] {text}")


def verdict(sentence: str, *texts: str) -> bool | None:
    return supported(sentence, [evidence(source(text)) for text in texts])


def cases(split: str) -> list[dict[str, Any]]:
    return [case for case in map(json.loads, SET.read_text().splitlines()) if case["split"] == split]


@pytest.mark.parametrize("split", ["dev", "held", "late"])
def test_supported_and_unsupported_sentences_are_told_apart(split: str) -> None:
    right, wrong = [], []
    for case in cases(split):
        article = [evidence(source(case["text"]))]
        right += [supported(f"{sentence}[1]", article) is not False for sentence in case["supported"]]
        wrong += [supported(f"{each['text']}[1]", article) is False for each in case["unsupported"]]
    assert len(right) > 20
    assert len(wrong) > 20
    assert (sum(right) / len(right) + sum(wrong) / len(wrong)) / 2 >= 0.85


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("RUM 在 posting tree 里存了附加信息。", True),
        ("查询从 900 毫秒降到了 35 毫秒。", True),
        ("查询从 900 毫秒降到了 25 毫秒。", False),
        ("排序时必须回表。", False),
        ("RUM 由 rum_compact() 定期压缩。", False),
        ("区别如下：", None),
        ("## 结构", None),
        ("还想知道什么吗？", None),
        ("博客里没有提到这一点。", None),
        ("好的", None),
    ],
)
def test_a_chinese_sentence_is_held_against_its_passage(sentence: str, expected: object) -> None:
    assert verdict(sentence, ZH) is expected


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The limiter allows 120 requests per minute.", True),
        ("The limiter allows 120 requests per second.", False),
        ("The limiter lives in `gateway.toml`.", False),
        ("It returns 503.", False),
        ("- The limiter lives in limits.yaml.", True),
    ],
)
def test_an_english_sentence_is_held_against_its_passage(sentence: str, expected: object) -> None:
    assert verdict(sentence, EN) is expected


def test_between_languages_numbers_and_names_decide() -> None:
    assert verdict("Queries fell from 900 to 35 milliseconds with RUM.", ZH) is True
    assert verdict("Queries fell from 900 to 15 milliseconds with RUM.", ZH) is False
    assert verdict("RUM needs the `pg_trgm` extension.", ZH) is False
    assert verdict("Sorting is much faster this way.", ZH) is None


def test_any_of_the_cited_articles_may_support_a_sentence() -> None:
    assert verdict("The limiter allows 120 requests per minute.", ZH, EN) is True


def test_code_is_supported_when_its_lines_stand_in_the_article() -> None:
    article = "Run this:\n\n```sql\nCREATE INDEX i ON docs USING rum (body);\nANALYZE docs;\n```\n"
    assert verdict("```sql\ncreate index i on docs using rum (body);\nanalyze docs;\n```", article) is True
    assert verdict("```sql\nDROP TABLE docs;\nVACUUM FULL;\n```", article) is False


def marked(text: str, *sources: Source, size: int = 10_000) -> tuple[str, Marker]:
    marker = Marker(sources)
    shown = [marker.feed(text[i : i + size]) for i in range(0, len(text), size)]
    return "".join((*shown, marker.finish())), marker


def test_a_sentence_without_support_gets_a_mark_behind_its_citation() -> None:
    text = "RUM 存了附加信息 [1]。它由 Oracle 开发，需要付费许可证。[1] 排序时不必回表 [1]。"
    shown, marker = marked(text, source(ZH), size=3)
    assert shown == f"RUM 存了附加信息 [1]。它由 Oracle 开发，需要付费许可证。[1] {MARK} 排序时不必回表 [1]。"
    assert marker.share == pytest.approx(2 / 3)


def test_a_block_of_code_gets_its_mark_below() -> None:
    shown, _ = marked("```sql\nDROP TABLE docs;\n```\nDone [1].", source(EN), size=4)
    assert shown.startswith(f"```sql\nDROP TABLE docs;\n```\n{MARK}\n")


def test_a_sentence_that_cites_nothing_is_held_against_all_and_names_who_supports_it() -> None:
    _, marker = marked("The limiter allows 120 requests per minute.", source(ZH, 1), source(EN, 2))
    assert marker.supporting == [2]
    assert marker.share == 1


def test_without_anything_to_check_there_is_no_share() -> None:
    assert marked("好的。", source(ZH))[1].share is None


FRAGMENTS = st.sampled_from(
    [
        "RUM 存了附加信息",
        "付费许可证",
        "。",
        "[1]",
        " ",
        "\n",
        "\n\n",
        "120 requests",
        ". ",
        "```\n",
        "x = 1\n",
        "- ",
        "1. ",
        "？",
        "e.g. ",
    ]
)


@given(st.lists(FRAGMENTS, max_size=30).map("".join), st.integers(1, 9))
@settings(max_examples=200, deadline=None)
def test_marks_are_all_that_is_added_however_the_text_arrives(text: str, size: int) -> None:
    cleaner = Cleaner([1])
    text = cleaner.feed(text) + cleaner.finish()
    shown, _ = marked(text, source(ZH + EN), size=size)
    assert shown == marked(text, source(ZH + EN))[0]
    assert shown.replace(f"\n{MARK}", "").replace(f" {MARK}", "") == text.rstrip()


def test_an_answer_of_thirty_lines_is_checked_in_under_twenty_milliseconds() -> None:
    texts = [case["text"] for case in cases("dev")]
    sources = [source("\n\n".join(texts[n : n + 3]), n + 1) for n in range(3)]
    said = [sentence for text in texts for sentence in text.split("\n")][:40]
    answer = "".join(f"{sentence}[{n % 3 + 1}]\n" for n, sentence in enumerate(said))
    assert len(said) >= 30
    marked(answer, *sources)
    best = min(_timed(answer, sources) for _ in range(5))
    assert best < 0.02


def _timed(answer: str, sources: list[Source]) -> float:
    begun = time.process_time()
    marked(answer, *sources)
    return time.process_time() - begun
