"""The half of the Ollama double that only tells: version, models, what is loaded, embeddings."""

from collections.abc import Callable, Sequence

from aiohttp import web

from tests.fakes import ollama_wire as wire
from tests.fakes.ollama_faults import missing
from tests.fakes.ollama_wire import Json, Model, Request


class Catalogue:
    """The models that were pulled and those in memory, and every request that came in."""

    def __init__(self, models: Sequence[Model]) -> None:
        self.models = {wire.full_name(model.name): model for model in models}
        self.version = wire.VERSION
        self.count: Callable[[str], int] = lambda text: len(wire.pieces(text))
        self.requests: list[Request] = []
        self.loaded: dict[str, tuple[int, bool]] = {}

    @property
    def prompts(self) -> list[Json]:
        """Bodies of the requests that asked for an answer, oldest first (no preloads)."""
        return [r.body for r in self.requests if r.body.get("messages") or r.body.get("prompt")]

    def _routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", _root),
            web.get("/api/version", self._version),
            web.get("/api/tags", self._tags),
            web.get("/api/ps", self._ps),
            web.post("/api/show", self._show),
            web.post("/api/embed", self._embed),
        ]

    async def _version(self, request: web.Request) -> web.Response:
        await self._received(request)
        return web.json_response({"version": self.version})

    async def _tags(self, request: web.Request) -> web.Response:
        await self._received(request)
        return web.json_response({"models": [wire.tagged(m) for m in self.models.values()]})

    async def _ps(self, request: web.Request) -> web.Response:
        await self._received(request)
        held = [wire.running(self.models[n], c) for n, (c, _) in self.loaded.items() if n in self.models]
        return web.json_response({"models": held})

    async def _show(self, request: web.Request) -> web.Response:
        body = await self._received(request)
        model = self._model(body)
        return web.json_response(wire.shown(model)) if model else missing(body)

    async def _embed(self, request: web.Request) -> web.Response:
        body = await self._received(request)
        if not self._model(body):
            return missing(body)
        given = body.get("input", [])
        texts = [given] if isinstance(given, str) else given
        vectors = [wire.embedding(text, body.get("dimensions") or 64) for text in texts if text]
        tokens = sum(map(self.count, texts))
        answer = {"model": body["model"], "embeddings": vectors, "prompt_eval_count": tokens}
        return web.json_response(answer | {"total_duration": 2_000, "load_duration": 1_000})

    def _model(self, body: Json) -> Model | None:
        return self.models.get(wire.full_name(body.get("model", "")))

    async def _received(self, request: web.Request) -> Json:
        body = await request.json() if request.can_read_body else {}
        self.requests.append(Request(request.path, body, dict(request.headers)))
        return body


async def _root(_: web.Request) -> web.Response:
    return web.Response(text="Ollama is running")
