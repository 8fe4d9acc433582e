"""What BLOGBOT_REPO names is found and opened, or one sentence says why not, and never a secret."""

import socket
from pathlib import Path

import pytest

from index.errors import BranchMissing, GitMissing, NothingToIndex, RepositoryUnreachable
from index.repository.files import matcher
from index.repository.git import GitSilent, check_version, git
from index.repository.mirror import Mirror
from index.repository.remote import Remote
from tests.fakes.git_http import GitServer
from tests.fakes.mirrors import illustrated_blog, mirror_of, texts
from tests.fakes.repositories import BlogRepository


@pytest.fixture
def blog(tmp_path: Path) -> BlogRepository:
    return illustrated_blog(tmp_path / "blog")


def test_a_bundle_without_a_head_is_read_at_its_only_branch(tmp_path: Path, blog: BlogRepository) -> None:
    blog.git("branch", "-M", "trunk")
    blog.git("bundle", "create", "--quiet", str(tmp_path / "b.bundle"), "refs/heads/trunk")
    assert mirror_of(tmp_path, tmp_path / "b.bundle").fetch().branch == "trunk"


def test_a_bundle_of_changes_only_is_refused_with_the_mend(tmp_path: Path, blog: BlogRepository) -> None:
    blog.write("new.md", "# New").commit()
    blog.git("bundle", "create", "--quiet", str(tmp_path / "b.bundle"), "main~1..main")
    with pytest.raises(RepositoryUnreachable, match="changes only") as failure:
        mirror_of(tmp_path, tmp_path / "b.bundle").fetch()
    assert "git bundle create" in failure.value.fix


def test_a_detached_head_is_read_and_named_by_its_commit(tmp_path: Path, blog: BlogRepository) -> None:
    first = blog.head
    blog.write("new.md", "# New").commit()
    blog.git("checkout", "--quiet", first)
    tip = mirror_of(tmp_path, blog).fetch()
    assert (tip.commit, tip.branch) == (first, first)


def test_the_wanted_branch_is_read(tmp_path: Path, blog: BlogRepository) -> None:
    blog.git("checkout", "--quiet", "-b", "docs/next")
    commit = blog.write("new.md", "# New").commit()
    blog.git("checkout", "--quiet", "main")
    assert mirror_of(tmp_path, blog, "docs/next").fetch().commit == commit
    assert mirror_of(tmp_path, blog).fetch().branch == "main"


def test_a_missing_branch_is_named_together_with_those_there_are(
    tmp_path: Path, blog: BlogRepository
) -> None:
    with pytest.raises(BranchMissing, match="no branch gone") as failure:
        mirror_of(tmp_path, blog, "gone").fetch()
    assert "main" in failure.value.fix


def test_a_default_branch_that_vanished_is_told(tmp_path: Path, blog: BlogRepository) -> None:
    blog.git("branch", "one")
    blog.git("branch", "two")
    blog.git("update-ref", "-d", "refs/heads/main")
    with pytest.raises(BranchMissing, match="no default branch") as failure:
        mirror_of(tmp_path, blog).fetch()
    assert "one, two" in failure.value.fix


def test_an_empty_repository_is_told(tmp_path: Path) -> None:
    with pytest.raises(NothingToIndex, match="empty repository"):
        mirror_of(tmp_path, BlogRepository(tmp_path / "empty")).fetch()


@pytest.mark.parametrize(
    "repo", ["nowhere", "file:///nowhere/blog.git", "ext::sh -c touch% hurt", "no-bundle"]
)
def test_what_is_no_repository_is_told_in_one_sentence(tmp_path: Path, repo: str) -> None:
    (tmp_path / "no-bundle").write_text("words")
    with pytest.raises(RepositoryUnreachable) as failure:
        mirror_of(tmp_path, tmp_path / repo if repo == "no-bundle" else repo).fetch()
    assert failure.value.fix
    assert "\n" not in str(failure.value)


def test_a_server_that_is_down_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(RepositoryUnreachable, match="does not answer"):
        mirror_of(tmp_path, f"http://127.0.0.1:{port}/blog").fetch()


def test_a_server_that_never_answers_is_given_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}/blog"
        with pytest.raises(GitSilent):
            git("ls-remote", url, silence=0.3)


def test_a_missing_git_is_told(tmp_path: Path, blog: BlogRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror = mirror_of(tmp_path, blog)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitMissing) as failure:
        mirror.fetch()
    assert "Install git" in failure.value.fix


def test_a_git_that_is_too_old_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "git").write_text("#!/bin/sh\necho git version 2.20.1\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitMissing, match=r"2\.20\.1 is too old"):
        check_version()


@pytest.mark.parametrize("userinfo", ["", "me:wrong-s3cret@", "ghp_s3cret0000000000000000000000@", "me@"])
def test_a_refusal_is_told_without_the_secret(
    tmp_path: Path, blog: BlogRepository, userinfo: str, caplog: pytest.LogCaptureFixture
) -> None:
    with GitServer(tmp_path, user="me", password="right") as server:
        remote = Remote(f"http://{userinfo}{server.address}/blog", waits=())
        with pytest.raises(RepositoryUnreachable, match="refuses us") as failure:
            Mirror(tmp_path / "mirror.git", remote, matcher(("**/*.md",), ())).fetch()
    assert (
        "s3cret"
        not in f"{failure.value} {failure.value.fix} {failure.value.__cause__} {remote!r} {caplog.text}"
    )


@pytest.mark.parametrize(
    ("user", "password", "userinfo"),
    [
        ("x-access-token", "s3cret-p@ss/word", "x-access-token:s3cret-p%40ss%2Fword@"),
        ("ghp_s3cret0000000000000000000000", "", "ghp_s3cret0000000000000000000000@"),
    ],
)
def test_a_credential_opens_the_door_and_stays_off_the_disk(
    tmp_path: Path, blog: BlogRepository, user: str, password: str, userinfo: str
) -> None:
    with GitServer(tmp_path, user=user, password=password) as server:
        mirror = mirror_of(tmp_path / "data", f"http://{userinfo}{server.address}/blog")
        assert len(texts(mirror)) == 30
    held = b"".join(file.read_bytes() for file in (tmp_path / "data").rglob("*") if file.is_file())
    assert b"s3cret" not in held
    assert "s3cret" not in repr(vars(mirror))


def test_configuration_of_the_user_cannot_run_programs(
    tmp_path: Path, blog: BlogRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker = tmp_path / "ran"
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("reference-transaction", "post-fetch", "monitor"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {marker}\n")
        (hooks / name).chmod(0o755)
    (tmp_path / "gitconfig").write_text(
        f"[core]\nhooksPath = {hooks}\nfsmonitor = {hooks}/monitor\naskPass = {hooks}/monitor\n"
        f"[init]\ntemplateDir = {hooks}\n[fetch]\nrecurseSubmodules = true\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_ASKPASS", str(hooks / "monitor"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert len(texts(mirror_of(tmp_path, blog))) == 30
    assert not marker.exists()


def test_addresses_are_rewritten_as_the_user_configured(
    tmp_path: Path, blog: BlogRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gitconfig").write_text(f'[url "{blog.url}"]\ninsteadOf = https://blog.invalid/team\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    assert len(texts(mirror_of(tmp_path, "https://blog.invalid/team"))) == 30
