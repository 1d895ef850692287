"""Striking a coroutine at any of the places where it waits, without a clock."""

import asyncio
import types
from collections.abc import Callable, Coroutine, Generator
from typing import Any

import attrs


@attrs.define(eq=False)
class Steps:
    """Runs a coroutine, and strikes when it waits for the `at`-th time.

    Attributes:
        at: Where to strike, from 0.
        strike: What to do there: cancel the task, let a timeout be over.
        late: Strike when what is waited for is there, and the coroutine has not been told yet.
        watch: Is called at each wait.
        taken: How often it has waited.
    """

    at: int
    strike: Callable[[], object]
    late: bool = False
    watch: Callable[[], object] = lambda: None
    taken: int = attrs.field(init=False, default=0)

    @property
    def struck(self) -> bool:
        """Whether it came to the strike."""
        return self.taken > self.at

    async def run(self, call: Coroutine[Any, Any, Any]) -> Any:
        """The coroutine's result. Where the strike raises, the coroutine is closed."""
        return await self._drive(call)

    @types.coroutine
    def _drive(self, call: Coroutine[Any, Any, Any]) -> Generator[Any, Any, Any]:
        error = None
        try:
            while True:
                waiting = call.send(None) if error is None else call.throw(error)
                self._step(waiting)
                error = None
                try:
                    yield waiting
                except BaseException as raised:  # noqa: BLE001  it is handed on
                    error = raised
        except StopIteration as ended:
            return ended.value
        finally:
            call.close()

    def _step(self, waiting: asyncio.Future[Any] | None) -> None:
        self.watch()
        self.taken += 1
        if self.taken - 1 != self.at:
            return
        if self.late and waiting is not None:
            waiting.add_done_callback(lambda _: self.strike())  # before the task's own
        else:
            self.strike()
