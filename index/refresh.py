"""A refresh: mirror -> articles -> index -> generation, only as much of each as has changed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import monotonic

import structlog

from index.articles.article import opening
from index.articles.links import link, link_template
from index.embedding import vectors
from index.embedding.vectors import Embedder
from index.errors import EmbeddingUnavailable, IndexDamaged, NothingToIndex, ShrinkRefused
from index.model import Blog, Newcomer, Progress, Report, silent
from index.repository.address import scrubbed
from index.repository.files import matcher
from index.repository.folder import exclusive, writing
from index.repository.mirror import Mirror
from index.repository.remote import Remote
from index.retrieval import store
from index.storage import generations
from index.storage.contents import Now, gather
from index.storage.generations import Generation, Manifest

LARGEST_LOSS = 0.2
"""A generation that loses more than this share of the articles is published only when asked to."""

MOST_NEWCOMERS = 10
"""Articles added that a report names; it counts them all."""
LONGEST_URL = 1_000
"""Characters; a longer address is left out, so that a report stays a short line."""

LEAST_LOSS = 3
"""Losing fewer articles than this is never refused: a tiny blog is not guarded against its own author."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Task:
    """What a refresh works on and with."""

    blog: Blog
    data: Path
    mirror: Mirror
    progress: Progress
    force: bool

    @property
    def source(self) -> str:
        """Tells one blog from another; a new token does not make another blog."""
        facts = (scrubbed(self.blog.repo), self.blog.branch, self.blog.include, self.blog.exclude)
        return sha256(json.dumps(facts).encode()).hexdigest()


def refresh(
    blog: Blog,
    data: Path,
    *,
    progress: Progress = silent,
    force: bool = False,
    embed: Embedder | None = None,
) -> Report:
    """Bring the index in *data* up to date with *blog* and report what changed; blocks until it is done.

    Until the new generation is complete the old one serves, and if anything fails it goes on serving. With
    nothing new none is published. *force* publishes even if most articles are gone. With *embed* the articles
    are embedded too (the very first generation is published before that, so that answers need not wait); if
    the embedding is unavailable the generation holds words alone, and the log says so.

    Raises the SourceFailure tree, RefreshRunning, ShrinkRefused and StorageFailure.
    """
    started = monotonic()
    with writing(data), exclusive(data):
        generations.sweep(data)
        mirror = Mirror(
            data / "mirror.git", Remote(blog.repo, blog.branch), matcher(blog.include, blog.exclude)
        )
        task = _Task(blog, data, mirror, progress, force)
        embed = _answering(embed)
        old = _newest(data)
        made, now = _bring_up(task, old, embed if old else None)
        if embed and not old:
            made, now = _bring_up(task, made, embed)
        mirror.tidy()
    return _report(blog, old, made, now, monotonic() - started)


def _bring_up(task: _Task, old: Generation | None, embed: Embedder | None) -> tuple[Generation, Now]:
    """Return the generation of the blog as it is now: a new one, or *old* when nothing is new."""
    held = old if old and old.manifest.format == store.FORMAT else None
    lacking = embed is not None and (held is None or held.manifest.embedded != embed.model)
    now = gather(task.mirror, held.manifest if held else None, task.progress, everything=lacking)
    if held and not lacking and _same(task, held.manifest, now):
        return held, now
    _guard(task, old.manifest if old else None, now)
    return _build(task, held, now, embed), now


def _same(task: _Task, held: Manifest, now: Now) -> bool:
    return (held.source, held.branch, held.blobs) == (task.source, now.tip.branch, now.blobs)


def _guard(task: _Task, old: Manifest | None, now: Now) -> None:
    """Raise NothingToIndex or ShrinkRefused if publishing *now* were likelier a mistake than a wish."""
    if not now.blobs:
        skips = ", ".join(f"{count} {reason}" for reason, count in sorted(now.skips.items()))
        raise NothingToIndex(
            f"{scrubbed(task.blog.repo)} holds no article: {skips or 'no Markdown file'}.",
            "Check BLOGBOT_REPO, BLOGBOT_BRANCH, BLOGBOT_INCLUDE and BLOGBOT_EXCLUDE.",
        )
    if old is None or old.source != task.source or task.force:
        return
    lost = len(old.blobs) - len(now.blobs)
    if lost >= LEAST_LOSS and lost > LARGEST_LOSS * len(old.blobs):
        raise ShrinkRefused(
            f"{lost} of {len(old.blobs)} articles are gone from {scrubbed(task.blog.repo)}; the last index"
            " still serves.",
            "If that is meant, run `deploy/run refresh --force`; otherwise look at the branch.",
        )


def _build(task: _Task, held: Generation | None, now: Now, embed: Embedder | None) -> Generation:
    """Write and publish the generation of *now*, carrying over from *held* what is the same."""
    before: Mapping[str, str] = held.manifest.blobs if held else {}
    new = [article for path, article in now.articles.items() if before.get(path) != now.blobs[path]]
    gone = [path for path, blob in before.items() if now.blobs.get(path) != blob]
    with generations.aside(task.data) as folder:
        task.progress("index", 0, len(new))
        counts = store.write(
            folder / "index",
            new,
            keep=held.index if held else None,
            gone=gone,
            progress=lambda step, done, _: task.progress(step, done, len(new)),
        )
        embedded = _embed(task, folder, held, gone, now, embed) if embed else ""
        manifest = Manifest(
            format=store.FORMAT,
            source=task.source,
            repo=scrubbed(task.blog.repo),
            branch=now.tip.branch,
            commit=now.tip.commit,
            articles=counts.articles,
            passages=counts.passages,
            blobs=now.blobs,
            skipped=now.skipped,
            embedded=embedded,
        )
        return generations.publish(task.data, folder, manifest, task.progress)


def _embed(
    task: _Task, folder: Path, held: Generation | None, gone: list[str], now: Now, embed: Embedder
) -> str:
    """Embed the articles that *held* has not, and return the model's name, or "" if it does not answer."""
    keep = held.vectors if held and held.manifest.embedded == embed.model else None
    items = ((path, opening(article)) for path, article in now.articles.items())
    try:
        vectors.write(
            folder / "vectors", list(items), embed, task.data / "vectors", task.progress, keep=keep, gone=gone
        )
    except EmbeddingUnavailable as exc:
        _log.warning("embedding_unavailable", model=embed.model, reason=str(exc))
        return ""
    return embed.model


def _answering(embed: Embedder | None) -> Embedder | None:
    """*embed* if it answers now; to find out only after reading the whole blog would be late."""
    try:
        if embed:
            embed.wake()
    except EmbeddingUnavailable as exc:
        _log.warning("embedding_unavailable", model=embed.model if embed else "", reason=str(exc))
        return None
    return embed


def _newest(data: Path) -> Generation | None:
    """The newest sound generation; where all are damaged, building anew is the mend."""
    try:
        return generations.newest(data)
    except IndexDamaged:
        return None


def _report(blog: Blog, old: Generation | None, made: Generation, now: Now, seconds: float) -> Report:
    before: Mapping[str, str] = old.manifest.blobs if old else {}
    return Report(
        commit=now.tip.commit,
        generation=made.name,
        articles=made.manifest.articles,
        passages=made.manifest.passages,
        added=len(now.blobs.keys() - before.keys()),
        changed=sum(before.get(path, blob) != blob for path, blob in now.blobs.items()),
        removed=len(before.keys() - now.blobs.keys()),
        skipped=now.skips,
        seconds=round(seconds, 3),
        newcomers=_newcomers(blog, before, made.manifest, now),
    )


def _newcomers(blog: Blog, before: Mapping[str, str], made: Manifest, now: Now) -> tuple[Newcomer, ...]:
    """The newest of the articles that were not there *before*; each of them has just been read."""
    template = blog.link or link_template(made.repo, made.branch)
    added = [article for path, article in now.articles.items() if path not in before]
    added.sort(key=lambda article: (article.date, article.path), reverse=True)
    found = []
    for article in added[:MOST_NEWCOMERS]:
        url = link(template, article.path, made.branch)
        found.append(Newcomer(article.title, url if len(url) <= LONGEST_URL else "", article.date))
    return tuple(found)
