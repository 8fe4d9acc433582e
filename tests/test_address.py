"""An address is read apart so that its secret never stands where it could be seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.repository.address import Address, scrubbed
from index.repository.complaints import disk_is_full, is_passing, translated


@pytest.mark.parametrize(
    ("repo", "url"),
    [
        ("https://user:s3cret@git.example.com:8443/o/r.git", "https://git.example.com:8443/o/r.git"),
        ("https://ghp_s3cret000000000000000@github.com/o/r", "https://github.com/o/r"),
        ("https://:s3cret@git.example.com/o/r", "https://git.example.com/o/r"),
        ("https://a:s3cret@b@git.example.com/o/r", "https://git.example.com/o/r"),
        ("ssh://git:s3cret@git.example.com/o/r", "ssh://git@git.example.com/o/r"),
        ("https://user@bitbucket.org/o/r", "https://user@bitbucket.org/o/r"),
        ("git@github.com:o/r.git", "git@github.com:o/r.git"),
        ("https://github.com/o/r", "https://github.com/o/r"),
    ],
)
def test_git_is_given_the_address_without_the_secret(repo: str, url: str) -> None:
    address = Address.parse(repo)
    assert address.url == url
    assert "s3cret" not in repr(address) + address.shown


def test_the_secret_travels_in_a_header_for_that_site_alone() -> None:
    address = Address.parse("https://me:p%40ss@git.example.com/o/r")
    assert address.scope == "https://git.example.com/"
    assert address.header == "Authorization: Basic bWU6cEBzcw=="


def test_a_query_is_not_shown() -> None:
    assert Address.parse("https://git.example.com/o/r?token=s3cret").shown == "https://git.example.com/o/r"


@given(st.text(st.characters(categories=["L", "N", "P"], exclude_characters="/?#@[]"), min_size=4))
def test_no_password_survives_scrubbing(password: str) -> None:
    text = f"fatal: unable to access 'https://me:{password}@git.example.com/o/r/': nope"
    assert f"{password}@" not in scrubbed(text)
    assert "git.example.com/o/r" in scrubbed(text)


def test_an_address_that_cannot_be_read_is_left_for_git_to_refuse() -> None:
    assert Address.parse("https://[::1/o/r").url == "https://[::1/o/r"


@pytest.mark.parametrize(
    ("complaint", "sentence"),
    [
        ("fatal: Authentication failed for 'https://x/'", "refuses us"),
        ("fatal: could not read Username for 'https://x': terminal prompts disabled", "refuses us"),
        ("fatal: unable to access 'https://x/': The requested URL returned error: 403", "refuses us"),
        ("git@github.com: Permission denied (publickey).", "refuses us"),
        ("Host key verification failed.", "SSH key that is not known"),
        ("fatal: detected dubious ownership in repository at '/srv/blog'", "belongs to another user"),
        ("fatal: unable to access 'https://x/': Could not resolve host: x", "cannot be found"),
        ("fatal: unable to access 'https://x/': SSL certificate problem: expired", "cannot be trusted"),
        ("remote: Repository not found.\nfatal: repository 'https://x/' not found", "no Git repository"),
        ("fatal: transport 'ext' not allowed", "of a kind that is not read"),
        ("fatal: unable to access 'http://x/': Failed to connect to x port 80", "does not answer"),
        ("fatal: the remote end hung up unexpectedly", "does not answer"),
        ("fatal: something never seen before", "something never seen before"),
    ],
)
def test_each_complaint_of_git_has_a_sentence_and_a_mend(complaint: str, sentence: str) -> None:
    failure = translated(complaint, "https://x")
    assert sentence in str(failure)
    assert "https://x" in str(failure)
    assert failure.fix


def test_only_trouble_that_may_pass_is_tried_again() -> None:
    assert is_passing("fatal: unable to access 'https://x/': The requested URL returned error: 503")
    assert is_passing("fatal: early EOF")
    assert not is_passing("fatal: Authentication failed")
    assert not is_passing("remote: Repository not found.")


def test_a_full_disk_is_told_from_a_bad_remote() -> None:
    assert disk_is_full("fatal: write error: No space left on device")
    assert not disk_is_full("fatal: early EOF")
