"""Settings are parsed once, and everything wrong with them is said at once."""

import pytest

from bot.config import SAMPLE_BLOG, Config
from bot.errors import ConfigFailure

SEVERAL = {
    "SLACK_CLIENT_ID": "1.2",
    "SLACK_CLIENT_SECRET": "hush",
    "BLOGBOT_WORKSPACES": "T0FIRST001,E0ORG00001",
}


def faults(**env: str) -> str:
    with pytest.raises(ConfigFailure) as caught:
        Config.from_env(env)
    return str(caught.value)


def test_without_settings_the_playground_answers_from_the_sample_blog() -> None:
    config = Config.from_env({})
    assert config.mode == "playground"
    assert config.blog.repo == str(SAMPLE_BLOG)
    assert list(SAMPLE_BLOG.rglob("*.md"))
    assert config.ollama == ("http://127.0.0.1:11434",)
    assert (config.model, config.context, config.answer_tokens) == ("qwen3:8b", 8192, 800)
    assert config.database_url == f"sqlite:///{config.data / 'blogbot.sqlite'}"


def test_an_empty_setting_counts_as_unset() -> None:
    assert Config.from_env({"BLOGBOT_MODEL": "  ", "BLOGBOT_CONTEXT": ""}) == Config.from_env({})


@pytest.mark.parametrize(
    ("env", "mode"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}, "socket"),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s"}, "http"),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_SIGNING_SECRET": "s"}, "socket"),
        ({**SEVERAL, "SLACK_APP_TOKEN": "xapp-1"}, "socket"),
        ({**SEVERAL, "SLACK_SIGNING_SECRET": "s"}, "http"),
    ],
)
def test_the_tokens_decide_how_the_bot_meets_slack(env: dict[str, str], mode: str) -> None:
    assert Config.from_env(env).mode == mode


def test_every_fault_is_reported_at_once_and_names_its_setting() -> None:
    said = faults(
        BLOGBOT_CONTEXT="many",
        BLOGBOT_REFRESH="at night",
        OLLAMA_HOST="ftp://x",
        BLOGBOT_LINK="https://example.org/",
        BLOGBOT_ADMINS="@anna",
        BLOGBOT_DATABASE_URL="mysql://root:hunter2@db/x",
        SLACK_APP_TOKEN="xoxb-mixed-up",
    )
    for name in ("CONTEXT", "REFRESH", "OLLAMA_HOST", "LINK", "ADMINS", "DATABASE_URL", "SLACK_APP_TOKEN"):
        assert name in said
    assert len(said.splitlines()) == 8  # the eighth: an app token without a bot token


def test_a_fault_never_repeats_a_secret() -> None:
    said = faults(SLACK_BOT_TOKEN="secret-1", BLOGBOT_DATABASE_URL="mysql://root:hunter2@db/x")
    assert "secret-1" not in said
    assert "hunter2" not in said


@pytest.mark.parametrize("tokens", [{"SLACK_BOT_TOKEN": "xoxb-hush"}, SEVERAL])
def test_a_repr_never_shows_a_secret(tokens: dict[str, str]) -> None:
    env = {
        **tokens,
        "SLACK_APP_TOKEN": "xapp-hush",
        "SLACK_SIGNING_SECRET": "hush",
        "BLOGBOT_REPO": "https://user:hush@example.org/blog",
        "BLOGBOT_DATABASE_URL": "postgresql://user:hush@db/x",
    }
    assert "hush" not in repr(Config.from_env(env))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("gpu1", ("http://gpu1:11434",)),
        ("0.0.0.0:11434", ("http://127.0.0.1:11434",)),
        ("https://models.example.org/ollama/", ("https://models.example.org/ollama",)),
        ("gpu1:8000, gpu2", ("http://gpu1:8000", "http://gpu2:11434")),
    ],
)
def test_ollama_hosts_are_read_as_ollama_reads_them(written: str, read: tuple[str, ...]) -> None:
    assert Config.from_env({"OLLAMA_HOST": written}).ollama == read


def test_an_answer_that_would_fill_the_context_is_refused() -> None:
    assert "BLOGBOT_ANSWER_TOKENS" in faults(BLOGBOT_CONTEXT="1024", BLOGBOT_ANSWER_TOKENS="800")


def test_an_overlong_number_is_a_fault_and_not_a_crash() -> None:
    assert "BLOGBOT_HEALTH_PORT" in faults(BLOGBOT_HEALTH_PORT="9" * 5000)


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        (SEVERAL, "without a way to hear from Slack"),
        ({**SEVERAL, "SLACK_APP_TOKEN": "xapp-1", "SLACK_BOT_TOKEN": "xoxb-1"}, "remove one of them"),
        ({**SEVERAL, "SLACK_APP_TOKEN": "xapp-1", "SLACK_CLIENT_SECRET": ""}, "go together"),
        ({**SEVERAL, "SLACK_APP_TOKEN": "xapp-1", "BLOGBOT_WORKSPACES": ""}, "whoever installs it can read"),
        ({"BLOGBOT_WORKSPACES": "T0FIRST001"}, "SLACK_CLIENT_ID and BLOGBOT_WORKSPACES go together"),
        ({**SEVERAL, "SLACK_APP_TOKEN": "xapp-1", "BLOGBOT_WORKSPACES": "acme"}, "ids of workspaces"),
        (
            {**SEVERAL, "SLACK_APP_TOKEN": "xapp-1", "BLOGBOT_ANNOUNCE": "C0NEWS0001"},
            "a workspace and a channel",
        ),
    ],
)
def test_what_does_not_fit_several_workspaces_is_told(env: dict[str, str], sentence: str) -> None:
    assert sentence in faults(**env)


@pytest.mark.parametrize(
    ("env", "where"),
    [
        ({"BLOGBOT_ANNOUNCE": "C0NEWS0001"}, ("", "C0NEWS0001")),
        (
            {**SEVERAL, "SLACK_APP_TOKEN": "xapp-1", "BLOGBOT_ANNOUNCE": "T0FIRST001/C0NEWS0001"},
            ("T0FIRST001", "C0NEWS0001"),
        ),
    ],
)
def test_news_are_told_in_one_channel(env: dict[str, str], where: tuple[str, str]) -> None:
    config = Config.from_env(env)
    assert (config.announce_in, config.announce) == where
