"""How good the search is on questions whose articles are known. Pure, but for the search it is given."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from index.model import Found

_DEPTH, _FIRST = 10, 5
_BY = ("style", "lang")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question searched: ``rank`` of its first right article, 0 past ten; None if nothing answers it."""

    rank: int | None
    answerable: bool
    words_alone: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """What a group of questions gave; a figure is None where the group has no question for it.

    ``questions`` have an article that answers them, ``unanswerable`` have none. Recall@n is the share of the
    former with a right article among the first n hits, MRR@10 the mean of 1 / its rank, ``kept`` the share of
    those with one among the first five that the search calls answerable, ``refused`` that of ``unanswerable``
    which it does not.
    """

    questions: int
    recall_1: float | None
    recall_5: float | None
    mrr_10: float | None
    kept: float | None
    unanswerable: int
    refused: float | None

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> "Figures":
        """Count *outcomes* up."""
        ranks = [outcome.rank for outcome in outcomes if outcome.rank is not None]
        found = [outcome.answerable for outcome in outcomes if outcome.rank and outcome.rank <= _FIRST]
        none = [not outcome.answerable for outcome in outcomes if outcome.rank is None]
        return cls(
            questions=len(ranks),
            recall_1=_mean([rank == 1 for rank in ranks]),
            recall_5=_mean([0 < rank <= _FIRST for rank in ranks]),
            mrr_10=_mean([1 / rank if rank else 0.0 for rank in ranks]),
            kept=_mean(found),
            unanswerable=len(none),
            refused=_mean(none),
        )

    def as_dict(self) -> dict[str, int | float | None]:
        """Return the figures by the names people know them by."""
        return {
            "questions": self.questions,
            "recall@1": self.recall_1,
            "recall@5": self.recall_5,
            "mrr@10": self.mrr_10,
            "kept": self.kept,
            "unanswerable": self.unanswerable,
            "refused": self.refused,
        }


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures of each group by name (``all``, ``style keyword``, ``lang zh``), and what was left out.

    ``words_alone`` counts the questions for which embeddings were to be heard and could not be.
    """

    groups: Mapping[str, Figures]
    left_out: int
    words_alone: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return a mapping that JSON can hold."""
        groups: dict[str, Any] = {name: figures.as_dict() for name, figures in self.groups.items()}
        return groups | {"left_out": self.left_out, "words_alone": self.words_alone}


def evaluate(
    rows: Iterable[Mapping[str, Any]], search: Callable[[str, int], Found], corpus: str | None = None
) -> Evaluation:
    """Search for the ``question`` of every row and compare with the paths in its ``gold``; any counts.

    A row without gold is a question that nothing answers; but with the ``verdict`` ``bad``, of which the
    gold is not known, it is left out. With *corpus*, rows that name another are left out. Raises what the
    search raises.
    """
    outcomes: dict[str, list[Outcome]] = {"all": []}
    left_out = 0
    for row in rows:
        unknown = row.get("verdict") == "bad" and not row.get("gold")
        if unknown or (corpus is not None and row.get("corpus", corpus) != corpus):
            left_out += 1
            continue
        outcome = _outcome(search(str(row["question"]), _DEPTH), row.get("gold") or ())
        for group in ("all", *(f"{by} {row[by]}" for by in _BY if row.get(by))):
            outcomes.setdefault(group, []).append(outcome)
    return Evaluation(
        {name: Figures.of(outcomes[name]) for name in sorted(outcomes)},
        left_out,
        sum(outcome.words_alone for outcome in outcomes["all"]),
    )


def own_corpus(rows: Iterable[Mapping[str, Any]], repo: str) -> str | None:
    """Return that corpus among those *rows* name which the address *repo* is of, by its last name, or None.

    ``xitu/gold-miner`` is that of ``https://github.com/xitu/gold-miner.git`` and of ``gold-miner.bundle``.
    """
    name = PurePosixPath((urlsplit(repo).path or repo).replace(":", "/").rstrip("/")).name
    name = name.removesuffix(".git").removesuffix(".bundle").lower()
    named = {str(row["corpus"]) for row in rows if row.get("corpus")}
    return next((corpus for corpus in sorted(named) if PurePosixPath(corpus).name.lower() == name), None)


def _outcome(found: Found, gold: Iterable[str]) -> Outcome:
    right = frozenset(gold)
    if not right:
        return Outcome(None, found.answerable, found.words_alone)
    ranks = (rank for rank, hit in enumerate(found.hits[:_DEPTH], 1) if hit.path in right)
    return Outcome(next(ranks, 0), found.answerable, found.words_alone)


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
