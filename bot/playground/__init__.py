"""A small Slack stand-in on loopback: for trying the bot without a Slack app, and as the Slack of every test.

It is not Slack. It speaks enough of Slack's Web API, Socket Mode, Events API and interactivity that the
unchanged Bolt app connects to it over real HTTP and WebSocket, refuses what Slack's published limits refuse,
and shows a page with a channel, threads and a box to type in.

Driving it from Python::

    async with Playground(port=0) as slack:                  # or await slack.start() … await slack.close()
        app = AsyncApp(client=AsyncWebClient(slack.bot_token, base_url=slack.api_url))
        handler = AsyncSocketModeHandler(app, slack.app_token)
        await handler.connect_async()
        ts = await slack.say(slack.ada, slack.general, f"<@{slack.bot_user_id}> how do I ask?")
        answer = await slack.wait_for(lambda: slack.messages(slack.general, ts)[1:])

The workspace: ``url`` (page), ``api_url``, ``bot_token``, ``app_token``, ``signing_secret``, ``team_id``,
``app_id``, ``bot_user_id``, ``bot_id``; people ``ada`` (an admin, en-US) and ``lin`` (zh-CN); the channel
``general`` (Ada's); ``direct(person)``; ``add_channel(name, private=, archived=, bot_in=)``,
``add_person(name, locale=, is_admin=)``; ``offer(questions)`` puts example questions on the page.

What people do (coroutines): ``say(person, channel, text, thread_ts=None, told=True) -> ts``,
``edit(ts, text)``, ``delete(ts)``, ``command(person, channel, "/ask", text) -> Ack``,
``press(person, ts, action_id, value=None) -> Ack``,
``press_in_view(person, view_id, action_id, value=None) -> Ack``,
``submit(person, view_id, {action_id: value}) -> Ack``,
``close_modal(person, view_id)``, ``shortcut(person, ts, callback_id) -> Ack``,
``open_home(person, tab="home")``, ``stop(person, channel, thread_ts)``. An ``Ack`` says whether the app
acknowledged (``acked``), with which ``payload``, after how many ``seconds``.

What there is to see: ``messages(channel, thread_ts=None)``, ``private(person)`` (ephemeral messages),
``modals(person)``, ``workspace.homes``, ``.statuses``, ``.prompts``, ``.titles``, ``.sessions``; ``calls``
(method, arguments, time, error), ``events`` (payloads), ``connections``, ``connections_opened``;
``shown(message)`` is all the text a message shows; ``await wait_for(predicate, timeout=10)``,
``await connected()``.

Faults: ``fail(method, error= | status= | retry_after= | drop=True, acts=False, times=1)``,
``lose_response(method)``, ``mend()``, ``async with held(method) as gate`` (``await gate.arrived.wait()``),
``refuse_tickets(times)``, ``go_deaf()``, ``await send_disconnect("refresh_requested" | "link_disabled" |
"warning")``, ``await drop_connections()``, ``await revoke()``, ``await uninstall()``, ``install()``,
``await redeliver(payload, times=1)``, ``await send_event(event)``, ``close_stream(ts)``,
``show_status(channel, ts, "")``. Dials of the constructor: ``retries=(0, 60, 300)``, ``ack_seconds=3``,
``rate_limits=False``, ``scopes``, ``subscriptions``. One mention yields ``app_mention`` and
``message.channels``, as in Slack, unless ``subscriptions`` leaves one out.

Several workspaces of one app: ``Playground(team_id="T…", app_token=…, signing_secret=…)`` each, with the same
ids of channels and people in all; ``share_connections(other)`` lends one the Socket Mode connections of
another. ``enterprise_id="E…"`` puts a workspace into an enterprise, and with ``org_wide=True`` the app is
installed there once for all, which changes what payloads and ``auth.test`` name.

HTTP mode: ``Playground(request_url="http://127.0.0.1:3000/slack/events")`` or ``deliver_to(url)``; ``await
verify_request_url()``; ``sign(secret, body, timestamp)`` gives the two headers, also for forging them.
"""

from bot.playground.api import Call
from bot.playground.request_url import sign
from bot.playground.server import Playground
from bot.playground.shown import shown
from bot.playground.sockets import Ack

__all__ = ["Ack", "Call", "Playground", "shown", "sign"]
