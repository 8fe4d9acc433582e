"""An hour's worth of load in minutes: many people, neighbours that misbehave, a bot that is killed.

``python -m tests.soak --questions 2000 --people 50 --kills 40 [--replicas 3 --postgres] [--seed 1]`` starts
the whole bot as its own program between the Slack stand-in and the Ollama double, asks, kills it with -9 at
random moments and starts it again. At the end every question must have exactly one final answer, or one
honest sentence why there is none, in its own thread. It prints the figures; the status is 1 when a promise
was broken. Slash commands are left out: Slack never delivers one again, and their answers are private.

Not collected by pytest and no part of deploy/test.
"""
