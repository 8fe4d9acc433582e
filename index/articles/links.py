"""Links from an article's path to the page where people read it. Pure.

Forges write them differently: GitHub and Gitee ``/blob/BRANCH/PATH``, GitLab ``/-/blob/``, Gitea and
Forgejo ``/src/branch/``, Bitbucket ``/src/``. An unknown host is taken to speak GitHub's form, which GitHub
Enterprise does and GitLab redirects; anything else needs BLOGBOT_LINK.
"""

import re
from urllib.parse import quote, urlsplit

_FORMS = (
    ("gitlab", "/-/blob/"),
    ("gitea", "/src/branch/"),
    ("forgejo", "/src/branch/"),
    ("codeberg", "/src/branch/"),
    ("bitbucket", "/src/"),
    ("", "/blob/"),
)
_SSH_OVER_443 = {"ssh.github.com": "github.com", "altssh.gitlab.com": "gitlab.com"}
_SCP_LIKE = re.compile(r"(?:[^/@:]+@)?([^/@:]{2,}):(?!//)/*(.+)")


def link_template(repo: str, branch: str) -> str:
    """Return the address of *repo*'s articles on *branch*, with ``{path}`` in it and without credentials.

    A local path, a bundle or a ``file://`` address has no page that people could open: "" then, and the
    articles are named without a link.
    """
    page = _page(repo)
    if not page:
        return ""
    host = urlsplit(page).hostname or ""
    form = next(form for name, form in _FORMS if name in host)
    return f"{page}{form}{quote(branch, safe='/')}/{{path}}"


def link(template: str, path: str, branch: str, anchor: str = "") -> str:
    """Return the address of one article, percent-encoded so that no Markdown or Slack markup breaks it.

    *anchor* is the fragment of a heading, left out where the template has a fragment of its own or where the
    site names headings otherwise (Bitbucket). No template, no link: "".
    """
    if not template:
        return ""
    url = template.replace("{branch}", quote(branch, safe="/")).replace("{path}", quote(path, safe="/"))
    if not anchor or "#" in url or (urlsplit(url).hostname or "").endswith("bitbucket.org"):
        return url
    return f"{url}#{quote(anchor, safe='')}"


def _page(repo: str) -> str:
    """The address of a repository's page: https unless the repository itself is reached by plain http."""
    if "://" not in repo:
        match = _SCP_LIKE.fullmatch(repo)
        if not match:
            return ""
        scheme, host, path = "https", match[1], match[2]
    else:
        try:
            parts = urlsplit(repo)
            port = f":{parts.port}" if parts.port and parts.scheme in {"http", "https"} else ""
        except ValueError:
            return ""
        if parts.scheme not in {"http", "https", "ssh", "git"} or not parts.hostname:
            return ""
        scheme = "http" if parts.scheme == "http" else "https"
        host, path = _SSH_OVER_443.get(parts.hostname, parts.hostname) + port, parts.path
    path = path.strip("/").removesuffix(".git").strip("/")
    return f"{scheme}://{host}/{quote(path, safe='/~%')}" if path else ""
