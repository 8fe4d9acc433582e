"""What the model's room hands out and is told: frozen values, nothing else."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a server says of a model: ``context_length`` is the trained maximum in tokens, 0 when unknown.

    ``version`` is the server's.
    """

    name: str
    context_length: int = 0
    capabilities: tuple[str, ...] = ()
    family: str = ""
    template: str = ""
    parameters: str = ""
    version: str = ""

    @property
    def thinks(self) -> bool:
        """Whether the model can be told to think or not to think."""
        return "thinking" in self.capabilities


@dataclass(frozen=True, slots=True)
class Limits:
    """How long each part of an answer may take, in seconds.

    ``first_token_cold`` stands while the model is not loaded, or while the server writes other answers of
    ours. ``whole`` counts from the first token. ``question`` is for the small requests (facts, what is
    loaded), ``queue`` for waiting until our turn, ``retry`` passes before the one further try.
    """

    connect: float = 3.0
    question: float = 10.0
    first_token: float = 120.0
    first_token_cold: float = 330.0
    between: float = 30.0
    whole: float = 300.0
    queue: float = 300.0
    retry: float = 1.0


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Call:
    """One answer, for those who count: seconds waited in our queue, to the first token, and in all.

    ``outcome`` is ``answered``, that of the failure (bot.model.Outcome), or ``stopped`` when nobody wanted
    the rest. ``first_token`` is None when there was none; ``tries`` is 1 or 2.
    """

    outcome: str
    tries: int
    queued: float
    first_token: float | None
    total: float
    prompt_tokens: int = 0
    answer_tokens: int = 0


@dataclass(frozen=True, slots=True)
class HostState:
    """One server as the pool sees it; ``resting`` while its breaker keeps questions away."""

    address: str
    resting: bool
    in_flight: int


@dataclass(frozen=True, slots=True)
class PoolState:
    """The servers, and how many questions wait for a place at one."""

    hosts: tuple[HostState, ...]
    queued: int

    @property
    def in_flight(self) -> int:
        """How many answers are being written."""
        return sum(host.in_flight for host in self.hosts)

    @property
    def open(self) -> bool:
        """Whether no server is tried at the moment: every breaker is open."""
        return all(host.resting for host in self.hosts)
