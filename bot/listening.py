"""The Bolt app with every listener on it, each handed what it calls [Bolt]."""

from slack_bolt.async_app import AsyncApp

from bot.config import Config
from bot.jobs.jobs import Jobs
from bot.joining import Presence
from bot.library import Library
from bot.memory import Memory
from bot.schedule import Schedule
from bot.service import Service
from bot.slack.listeners import again, commands, feedback, home, intake, more, shortcuts, stopping
from bot.slack.listeners import app as slack_app
from bot.slack.presence import installing
from bot.slack.presence.workspaces import administers
from index.model import Report


def bolt(
    config: Config,
    presence: Presence,
    service: Service,
    library: Library,
    memory: Memory,
    jobs: Jobs,
    schedule: Schedule[Report],
) -> AsyncApp:
    """The Bolt app with every listener on it."""
    at = presence.at
    app = slack_app.build(at, config.slack_api_url, config.signing_secret)
    is_admin = administers(at)
    intake.register(
        app,
        submit=jobs.submit,
        say=service.say,
        policy_of=memory.policy_of,
        follows=memory.follows,
        channels=config.channels,
    )
    commands.register_ask(app, submit=jobs.submit, policy_of=memory.policy_of, channels=config.channels)
    commands.register_blog(
        app,
        search=library.search,
        facts=library.facts,
        refresh=schedule.run_now,
        forget=memory.forget,
        channel=memory,
        articles=library.articles,
        is_admin=is_admin,
    )
    commands.register_pages(app, search=library.search)
    feedback.register(app, record=memory.record, find=memory.find)
    more.register(app, find=memory.find, search=library.search)
    again.register(app, find=memory.find, submit=jobs.submit, is_admin=is_admin)
    stopping.register(app, stop=service.stops.stop, answering=service.stops.in_thread, is_admin=is_admin)
    shortcuts.register(app, submit=jobs.submit, policy_of=memory.policy_of, channels=config.channels)
    home.register(
        app,
        facts=library.facts,
        latest=library.latest,
        recent=memory.recent,
        policies=memory.policies,
        at=at,
    )
    installing.register(app, forget=presence.forget)
    return app
