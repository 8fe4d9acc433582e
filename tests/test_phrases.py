"""Sentences for people: chosen by language, whole in each."""

from dataclasses import fields
from string import Formatter

import pytest

from bot.phrases import Phrases, choose, languages


@pytest.mark.parametrize(
    ("text", "locale", "code"),
    [
        ("How does WAL work?", "", "en"),
        ("How does WAL work?", "zh-CN", "en"),
        ("请问PostgreSQL rum和gin索引的区别是什么?", "en-US", "zh"),
        ("什么", "", "zh"),
        ("42?", "zh-CN", "zh"),
        ("42?", "fr-FR", "en"),
        ("", "", "en"),
    ],
)
def test_the_question_decides_the_language_and_else_the_locale(text: str, locale: str, code: str) -> None:
    assert choose(text, locale).code == code


def _placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("words", languages(), ids=lambda words: words.code)
def test_every_language_is_whole_and_fills_the_same_gaps_as_english(words: Phrases) -> None:
    english = choose("English")
    for field in fields(Phrases):
        sentence = getattr(words, field.name)
        if field.name in {"code", "turn", "signs"}:
            continue
        if field.name in {"verbs", "settings"}:
            assert set(sentence.values()) == set(getattr(english, field.name).values())
            continue
        assert sentence.strip(), field.name
        assert _placeholders(sentence) == _placeholders(getattr(english, field.name)), field.name
        assert not set("&<>") & set(sentence.replace("<@{person}>", "")), field.name


def test_languages_are_tried_in_an_order_that_leaves_english_last() -> None:
    assert [words.code for words in languages()][-1] == "en"
    assert len({words.turn for words in languages()}) == len(languages())
