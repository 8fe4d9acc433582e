"""The model's room: everything that talks to Ollama, behind one class [Ollama].

``Ollama`` streams answers within limits; the frozen values that it hands out and is told stand beside it. The
other modules are its own: servers and their queue (pool, breaker, server), the wire (client, reading,
thoughts), and the translation of what can go wrong into bot.errors.
"""

from bot.llm.ollama import Ollama
from bot.llm.values import Call, Limits, ModelFacts, PoolState

__all__ = ["Call", "Limits", "ModelFacts", "Ollama", "PoolState"]
