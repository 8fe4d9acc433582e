"""The queue's worker, woken when there is work instead of when it happens to look [DBOS].

DBOS looks at a queue every so often, and a question waits half of that for nothing. This runs DBOS's own
worker, which claims by DBOS's own rules, on a thread of ours, whose stop event doubles as a bell.
"""

import threading

import structlog
from dbos import DBOS, Queue
from dbos._queue import queue_worker_thread

_AGAIN_SECONDS = 1.0
_END_SECONDS = 10.0

log = structlog.get_logger(__name__)


class Bell(threading.Event):
    """A stop event whose ``wait`` also ends, saying that it is not set, when it is rung."""

    def __init__(self) -> None:
        super().__init__()
        self._rung = threading.Event()

    def set(self) -> None:
        """Stop."""
        super().set()
        self._rung.set()

    def ring(self) -> None:
        """End a wait, or the next one."""
        self._rung.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until this is set or rung, *timeout* seconds at most; return whether it is set."""
        self._rung.wait(timeout)
        self._rung.clear()
        return self.is_set()


class Worker:
    """Serves *queue* until *dbos* is told to stop; DBOS itself must not listen to it."""

    def __init__(self, dbos: DBOS, queue: Queue) -> None:
        self._dbos, self._queue = dbos, queue
        self._bell = Bell()
        dbos.background_thread_stop_events.append(self._bell)
        self._thread = threading.Thread(target=self._serve, name=f"queue {queue.name}", daemon=True)
        self._thread.start()

    def ring(self) -> None:
        """Have the queue looked at now."""
        self._bell.ring()

    def join(self) -> None:
        """Wait for the end, which DBOS was told to make, for a while."""
        self._thread.join(_END_SECONDS)

    def _serve(self) -> None:
        while not self._bell.is_set():
            try:
                queue_worker_thread(self._bell, self._dbos, self._queue)
            except Exception:
                log.exception("the queue's worker failed")
            self._bell.wait(_AGAIN_SECONDS)
