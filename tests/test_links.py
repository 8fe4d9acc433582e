"""Articles are linked to the page where people read them."""

import pytest

from index.articles.links import link, link_template

RUM = "https://github.com/digoal/blog/blob/master/201907/20190706_01.md"


def made(repo: str, path: str = "201907/20190706_01.md", branch: str = "master", anchor: str = "") -> str:
    return link(link_template(repo, branch), path, branch, anchor)


@pytest.mark.parametrize(
    "repo",
    [
        "https://github.com/digoal/blog",
        "https://github.com/digoal/blog.git",
        "https://github.com/digoal/blog/",
        "https://someone:secret@github.com/digoal/blog.git",
        "https://x-access-token:ghp_secret@github.com/digoal/blog",
        "git@github.com:digoal/blog.git",
        "github.com:digoal/blog",
        "ssh://git@github.com/digoal/blog.git",
        "ssh://git@github.com:22/digoal/blog.git",
        "ssh://git@ssh.github.com:443/digoal/blog.git",
        "git://github.com/digoal/blog.git",
    ],
)
def test_every_address_of_a_github_repository_leads_to_the_same_page(repo: str) -> None:
    assert made(repo) == RUM


@pytest.mark.parametrize(
    ("repo", "url"),
    [
        ("git@gitlab.com:g/sub/blog.git", "https://gitlab.com/g/sub/blog/-/blob/main/a.md"),
        (
            "https://gitlab.example.com:8443/g/blog.git",
            "https://gitlab.example.com:8443/g/blog/-/blob/main/a.md",
        ),
        ("https://codeberg.org/o/blog.git", "https://codeberg.org/o/blog/src/branch/main/a.md"),
        ("ssh://git@gitea.example.com:2222/o/blog", "https://gitea.example.com/o/blog/src/branch/main/a.md"),
        ("git@bitbucket.org:o/blog.git", "https://bitbucket.org/o/blog/src/main/a.md"),
        ("https://gitee.com/o/blog.git", "https://gitee.com/o/blog/blob/main/a.md"),
        ("http://git.intranet/o/blog", "http://git.intranet/o/blog/blob/main/a.md"),
    ],
)
def test_other_forges_get_their_own_form(repo: str, url: str) -> None:
    assert made(repo, "a.md", "main") == url


@pytest.mark.parametrize(
    "repo",
    ["/srv/blog", "./blog", "blog.bundle", "file:///srv/blog.git", "~/blog", "C:\\blog", "https://", ""],
)
def test_a_repository_without_a_page_gives_no_link(repo: str) -> None:
    assert made(repo, "a.md", "main") == ""


@pytest.mark.parametrize(
    ("path", "encoded"),
    [
        ("a b.md", "a%20b.md"),
        ("数据库/索引.md", "%E6%95%B0%E6%8D%AE%E5%BA%93/%E7%B4%A2%E5%BC%95.md"),
        ("c#?%(x)|y>.md", "c%23%3F%25%28x%29%7Cy%3E.md"),
        ("{branch}.md", "%7Bbranch%7D.md"),
    ],
)
def test_a_path_is_encoded_so_that_no_markup_breaks_it(path: str, encoded: str) -> None:
    assert made("https://github.com/o/r", path, "main") == f"https://github.com/o/r/blob/main/{encoded}"


def test_the_anchor_of_a_heading_is_appended() -> None:
    url = made("https://github.com/o/r", "a.md", "main", "背景-1")
    assert url == "https://github.com/o/r/blob/main/a.md#%E8%83%8C%E6%99%AF-1"


def test_a_site_that_names_headings_otherwise_gets_no_anchor() -> None:
    assert "#" not in made("https://bitbucket.org/o/r", "a.md", "main", "setup")


def test_a_template_of_ones_own_takes_path_and_branch() -> None:
    template = "https://blog.example.com/{branch}/view?file={path}"
    assert (
        link(template, "d/a b.md", "feature/x") == "https://blog.example.com/feature/x/view?file=d/a%20b.md"
    )


def test_a_template_with_a_fragment_keeps_it() -> None:
    assert link("https://example.com/#/{path}", "a.md", "main", "setup") == "https://example.com/#/a.md"


def test_a_branch_with_odd_characters_is_encoded() -> None:
    assert made("https://github.com/o/r", "a.md", "docs/#1") == "https://github.com/o/r/blob/docs/%231/a.md"


def test_credentials_never_reach_a_link() -> None:
    assert "secret" not in made("https://user:secret@git.example.com/o/r.git", "a.md", "main")
