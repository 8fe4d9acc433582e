"""What git's complaints mean to a person: one sentence, and what to do next. Pure."""

import re
import signal

from index.errors import IndexFailure, RepositoryUnreachable

_ACCESS = (
    "Give it read access: a token in BLOGBOT_REPO (https://x-access-token:TOKEN@host/owner/blog), or an SSH"
    " key of the user that runs the bot."
)
_MEANINGS = (
    (
        (
            r"authentication failed|could not read (user|pass)|terminal prompts|error: 40[13]"
            r"|permission denied|access denied"
        ),
        "{} refuses us.",
        _ACCESS,
    ),
    (
        r"host key verification failed",
        "{} shows an SSH key that is not known here.",
        "Connect to it once by hand (ssh HOST) as the user that runs the bot, and accept its key.",
    ),
    (
        r"dubious ownership",
        "{} belongs to another user, and git will not read it.",
        "Let the user that runs the bot trust it: git config --global --add safe.directory PATH.",
    ),
    (
        r"certificate",
        "{} shows a certificate that cannot be trusted.",
        "Install the certificate of its authority on this machine.",
    ),
    (
        r"could not resolve|name or service|name resolution",
        "{}: the name of its host cannot be found.",
        "Check BLOGBOT_REPO and the network.",
    ),
    (
        r"prerequisite",
        "{} is a bundle that holds changes only.",
        "Make a whole one: git bundle create blog.bundle --all.",
    ),
    (
        r"transport '.*' not allowed|remote helper|protocol '.*' is not supported",
        "{} is an address of a kind that is not read.",
        "Set BLOGBOT_REPO to an https, http, ssh or git address, a path or a bundle.",
    ),
    (
        r"not found|does not appear to be a git|does not exist|no such file|error: 404|bundle|not recognize",
        "{} is no Git repository, or is hidden from us.",
        f"Check BLOGBOT_REPO. If the repository is private: {_ACCESS}",
    ),
)
_PASSING = re.compile(
    r"failed to connect|couldn't connect|connection (refused|reset|timed out|closed)|timed? ?out|unreachable"
    r"|early eof|hung up|unexpected disconnect|error: (429|5\d\d)|could not resolve|name resolution",
    re.IGNORECASE,
)
_FULL = re.compile(
    rf"no space left on device|file too large|disk quota exceeded|died of signal {signal.SIGXFSZ:d}\b",
    re.IGNORECASE,
)


def disk_is_full(complaint: str) -> bool:
    """Whether git complains about the disk, not about the repository."""
    return bool(_FULL.search(complaint))


def is_passing(complaint: str) -> bool:
    """Whether what git complains about may be over in a few seconds."""
    return bool(_PASSING.search(complaint))


def translated(complaint: str, shown: str) -> IndexFailure:
    """Return the failure that *complaint*, scrubbed of secrets, means for the repository *shown*."""
    for pattern, sentence, fix in _MEANINGS:
        if re.search(pattern, complaint, re.IGNORECASE):
            return RepositoryUnreachable(sentence.format(shown), fix)
    if is_passing(complaint):
        return RepositoryUnreachable(
            f"{shown} does not answer.", "Check BLOGBOT_REPO and the network, or try again later."
        )
    lines = complaint.splitlines()
    said = next((line for line in lines if line.startswith(("fatal:", "error:"))), complaint)
    return RepositoryUnreachable(f"Git cannot read {shown}: {said[:300]}", "Check BLOGBOT_REPO.")
