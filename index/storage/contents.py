"""The blog as it is now: its articles, read as far as they are not known already."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from index.articles.article import parse
from index.errors import StorageFailure
from index.model import Article, Progress, Skip
from index.repository.address import scrubbed
from index.repository.mirror import Mirror, MirrorDamaged
from index.repository.remote import Tip
from index.storage.generations import Manifest

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Now:
    """The blog at its newest commit.

    ``blobs`` are all its articles and ``skipped`` the files that are none, as in Manifest; ``unread`` counts
    what is no file of text at all; ``articles`` are those that had to be read, by path.
    """

    tip: Tip
    blobs: Mapping[str, str]
    skipped: Mapping[str, tuple[str, str]]
    unread: Mapping[str, int]
    articles: Mapping[str, Article]

    @property
    def skips(self) -> dict[str, int]:
        """How many files are no articles, by reason."""
        return dict(Counter(self.unread) + Counter(reason for _, reason in self.skipped.values()))


def gather(mirror: Mirror, held: Manifest | None, progress: Progress, *, everything: bool) -> Now:
    """Read *everything*, or the files that are new or other than in *held*.

    A damaged mirror is replaced. Raises the SourceFailure tree and StorageFailure.
    """
    try:
        return _read(mirror, held, progress, everything=everything)
    except MirrorDamaged as exc:
        _log.warning("mirror_damaged", reason=scrubbed(str(exc))[:300])
        mirror.discard()
    try:
        return _read(mirror, held, progress, everything=everything)
    except MirrorDamaged as exc:
        raise StorageFailure(
            f"The mirror of the blog cannot be read, not even a new one: {scrubbed(str(exc))[:300]}",
            "Check the disk, and that the repository is whole (git fsck).",
        ) from exc


def _read(mirror: Mirror, held: Manifest | None, progress: Progress, *, everything: bool) -> Now:
    tip = mirror.fetch(progress)
    tree = mirror.tree(tip.commit)
    known = _known(held)
    wanted = {path: blob for path, blob in tree.files.items() if everything or known.get(path) != blob}
    kept = tree.files.keys() - wanted.keys()
    blobs = {path: blob for path, blob in held.blobs.items() if path in kept} if held else {}
    skipped = {path: why for path, why in held.skipped.items() if path in kept} if held else {}
    articles = {}
    for path, text in mirror.read(wanted, progress):
        article = text if isinstance(text, Skip) else parse(path, text)
        if isinstance(article, Skip):
            skipped[path] = (wanted[path], article.reason)
        else:
            articles[path], blobs[path] = article, wanted[path]
    return Now(tip, blobs, skipped, tree.skipped, articles)


def _known(held: Manifest | None) -> dict[str, str]:
    """The blob of every file that *held* has judged."""
    return {**held.blobs, **{path: blob for path, (blob, _) in held.skipped.items()}} if held else {}
