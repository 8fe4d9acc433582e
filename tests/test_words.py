import threading

import pytest

from index.spelling import corrected
from index.words import asked, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("indexes", "index"),
        ("ＰｏｓｔｇｒｅＳＱＬ", "postgresql"),
        ("PostgreSQL", "postgresql"),
        ("RUM*", "rum"),
        ("NOT rum", "rum"),
        ("title:rum", "title rum"),
        ("“rum”?", "rum"),
    ],
)
def test_the_same_word_however_it_is_written(one: str, other: str) -> None:
    assert words(one) == words(other)


def test_mixed_text_is_cut_where_the_scripts_meet() -> None:
    assert words("PostgreSQL的rum和gin索引") == ["postgresql", "rum", "gin", "索引"]


def test_a_long_chinese_word_is_also_found_by_the_words_within() -> None:
    assert {"全文检索", "全文", "检索"} <= set(words("全文检索"))


def test_a_question_gives_a_long_word_one_voice_and_keeps_the_shorter_as_fallback() -> None:
    ((word, shorter),) = asked("全文检索")
    assert word == "全文检索"
    assert {"全文", "检索"} <= set(shorter)


def test_what_shapes_a_question_is_left_out() -> None:
    assert [word for word, _ in asked("请问PostgreSQL rum和gin索引的区别是什么?")] == [
        "postgresql",
        "rum",
        "gin",
        "索引",
    ]
    assert [word for word, _ in asked("How do I explain the difference between gin and rum?")] == [
        "gin",
        "rum",
    ]


def test_short_names_are_not_stemmed() -> None:
    assert words("iOS CSS") == ["ios", "css"]


@pytest.mark.parametrize("text", ["", "？！", "的 了 吗", "the of and", "___ --- ***", "\n\t"])
def test_text_without_content_has_no_words(text: str) -> None:
    assert words(text) == []
    assert asked(text) == []


def test_many_workers_cut_the_same_words() -> None:
    text = "倒排索引 maps every key to its posting list 全文检索"
    found: list[list[str]] = []
    workers = [
        threading.Thread(target=lambda: found.extend(words(text) for _ in range(50))) for _ in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert found == [words(text)] * 200


KNOWN = {
    "tensorflow": 90,
    "resum": 30,
    "real": 90,
    "postgresql": 500,
    "postgresqk": 1,
    "class": 900,
    "glass": 800,
}


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("tensoflow", "tensorflow"),
        ("tensorfllow", "tensorflow"),
        ("resmu", "resum"),
        ("postgresqk", "postgresql"),
        ("postgresql", ""),
        ("rebal", ""),
        ("glass", ""),
        ("restm", ""),
        ("xensorflow", ""),
        ("索引索引索引", ""),
        ("v8", ""),
    ],
)
def test_a_slip_is_corrected_only_to_a_much_commoner_word(word: str, meant: str) -> None:
    def alike(start: str) -> list[str]:
        return [known for known in KNOWN if known.startswith(start)]

    assert corrected(word, alike, lambda known: KNOWN.get(known, 0)) == meant
