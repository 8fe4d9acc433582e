"""Failures of the index that are expected, each with a sentence for a person and a mend.

::

    IndexFailure
    ├── SourceFailure             the blog's repository cannot be had
    │   ├── GitMissing
    │   ├── RepositoryUnreachable
    │   ├── BranchMissing
    │   └── NothingToIndex        an empty repository, or no Markdown in it
    ├── IndexMissing              no generation was ever published
    ├── IndexDamaged              none of the generations on disk is sound
    ├── RefreshRunning            another refresh works on this folder
    ├── ShrinkRefused             far fewer articles than before: publish only when asked to
    ├── StorageFailure            the disk is full, or the folder cannot be written
    └── EmbeddingUnavailable      the embedding model does not answer
"""


class IndexFailure(Exception):
    """An expected failure: ``str()`` says what and which, ``fix`` says what to do next."""

    def __init__(self, sentence: str, fix: str = "") -> None:
        super().__init__(sentence)
        self.fix = fix


class SourceFailure(IndexFailure):
    """The blog's repository cannot be had."""


class GitMissing(SourceFailure):
    """The ``git`` program is not installed."""


class RepositoryUnreachable(SourceFailure):
    """The repository does not exist, does not answer in time, or refuses us."""


class BranchMissing(SourceFailure):
    """The repository has no such branch."""


class NothingToIndex(SourceFailure):
    """The repository is empty or holds no article."""


class IndexMissing(IndexFailure):
    """No generation was ever published."""


class IndexDamaged(IndexFailure):
    """None of the generations on disk is sound."""


class RefreshRunning(IndexFailure):
    """Another refresh works on the same folder."""


class ShrinkRefused(IndexFailure):
    """The new generation would lose so many articles that a mistake is likelier."""


class StorageFailure(IndexFailure):
    """The disk is full or the folder cannot be written."""


class EmbeddingUnavailable(IndexFailure):
    """The embedding model does not answer."""
