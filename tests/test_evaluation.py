from dataclasses import replace

import pytest

from index.evaluation import evaluate, own_corpus
from index.model import Found, Hit, Passage


def found(*paths: str, answerable: bool = True) -> Found:
    hits = tuple(
        Hit(path, path, "", "", 1.0, (Passage(path=path, number=0, headings=(), anchor="", text="x"),))
        for path in paths
    )
    return Found(hits, answerable)


ANSWERS = {
    "first": found("a", "b"),
    "third": found("x", "y", "a"),
    "seventh": found(*"uvwxyz", "a"),
    "eleventh": found(*"0123456789", "a"),
    "nowhere": found("x"),
    "refused": found("a", answerable=False),
    "nonsense": found("x", answerable=False),
    "taken": found("x"),
}


def row(question: str, gold: tuple[str, ...] = ("a",), **more: str) -> dict[str, object]:
    return {"question": question, "gold": list(gold), **more}


def search(question: str, limit: int) -> Found:
    assert limit == 10
    return ANSWERS[question]


def test_figures_are_those_of_their_definitions() -> None:
    rows = [row(question) for question in ("first", "third", "seventh", "eleventh", "nowhere", "refused")]
    figures = evaluate(rows, search).groups["all"]
    assert figures.questions == 6
    assert figures.recall_1 == pytest.approx(2 / 6)
    assert figures.recall_5 == pytest.approx(3 / 6)
    assert figures.mrr_10 == pytest.approx((1 + 1 / 3 + 1 / 7 + 0 + 0 + 1) / 6)
    assert figures.kept == pytest.approx(2 / 3)
    assert (figures.unanswerable, figures.refused) == (0, None)


def test_any_gold_path_counts() -> None:
    assert evaluate([row("first", ("z", "b"))], search).groups["all"].mrr_10 == 0.5


def test_questions_that_nothing_answers_count_by_being_refused() -> None:
    figures = evaluate([row("nonsense", ()), row("taken", ()), row("first")], search).groups["all"]
    assert (figures.unanswerable, figures.refused, figures.questions) == (2, 0.5, 1)


def test_figures_are_given_by_style_and_language_where_rows_carry_them() -> None:
    rows = [
        row("first", style="keyword", lang="zh"),
        row("nowhere", style="overlap", lang="zh"),
        row("third"),
    ]
    evaluation = evaluate(rows, search)
    assert set(evaluation.groups) == {"all", "style keyword", "style overlap", "lang zh"}
    assert evaluation.groups["lang zh"].recall_1 == 0.5


def test_rows_of_another_corpus_are_left_out_and_counted() -> None:
    rows = [row("first", corpus="one"), row("nowhere", corpus="two"), row("third")]
    evaluation = evaluate(rows, search, "one")
    assert evaluation.left_out == 1
    assert evaluation.groups["all"].questions == 2
    assert evaluation.as_dict()["left_out"] == 1
    assert evaluation.as_dict()["all"]["recall@5"] == 1.0


def test_questions_searched_without_the_embeddings_are_counted() -> None:
    def search(question: str, limit: int) -> Found:
        return replace(ANSWERS[question], words_alone=question != "first")

    evaluation = evaluate([row("first"), row("third"), row("nonsense", ())], search)
    assert evaluation.as_dict()["words_alone"] == 2


def test_a_bad_verdict_on_an_answer_counts_once_somebody_says_what_is_right() -> None:
    rows = [{"question": "nowhere", "verdict": "bad"}, row("first", verdict="bad"), row("taken", ())]
    evaluation = evaluate(rows, search)
    assert evaluation.left_out == 1
    assert (evaluation.groups["all"].questions, evaluation.groups["all"].unanswerable) == (1, 1)


def test_no_rows_give_no_figures_rather_than_zeros() -> None:
    assert evaluate([], search).as_dict()["all"]["recall@5"] is None


@pytest.mark.parametrize(
    ("repo", "corpus"),
    [
        ("https://github.com/xitu/gold-miner.git", "xitu/gold-miner"),
        ("git@github.com:xitu/gold-miner", "xitu/gold-miner"),
        ("/data/ai-handbook.bundle", "digoal/ai-handbook"),
        ("../data/Gold-Miner/", "xitu/gold-miner"),
        ("/srv/blog", None),
    ],
)
def test_the_corpus_of_a_repository_is_known_by_its_name(repo: str, corpus: str | None) -> None:
    rows = [{"corpus": "xitu/gold-miner"}, {"corpus": "digoal/ai-handbook"}, {}]
    assert own_corpus(rows, repo) == corpus
