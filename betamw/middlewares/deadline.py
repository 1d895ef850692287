"""The total timeout of a call, as it reaches a middleware: as a cancellation.

Facts: `ClientTimeout(total=...)` cancels the task that makes the call, and turns the cancellation into a `TimeoutError`
where the call ends. A middleware that has a reply by then can hand it over instead, for so it would be without the
middleware; whoever then waits for its body gets the `TimeoutError` there. Whether a cancellation is that timeout, only
the private timer knows that requests and responses hold; `tests/middlewares/test_deadline.py` guards that.
"""

import asyncio
from typing import Any

import attrs
from aiohttp import ClientRequest, ClientResponse


@attrs.frozen
class Deadline:
    """The total timeout of the call that a request or a response belongs to.

    Attributes:
        of: The request or response.
        cancelling: How often the task had been cancelled when this was made.
    """

    of: ClientRequest | ClientResponse
    cancelling: int = attrs.field(init=False, factory=lambda: _task().cancelling())

    def absorbs(self, error: BaseException) -> bool:
        """Whether this is nothing but the timeout. Then it is as if it had not reached the task."""
        task = _task()
        # A middleware further out may have made another task for what is inside of it: then it is that one's to know.
        if not is_timeout(error, self.of) or task not in _timer(self.of)._tasks:  # noqa: SLF001  see above
            return False
        if task.cancelling() - self.cancelling != 1:  # the caller has cancelled it as well
            return False
        task.uncancel()
        return True


def is_timeout(error: BaseException, of: ClientRequest | ClientResponse) -> bool:
    """Whether a cancellation is the total timeout of the call that this belongs to."""
    if isinstance(error, asyncio.CancelledError):
        try:
            _timer(of).assert_timeout()
        except TimeoutError:
            return True
        except AttributeError:  # a class of another's making
            return False
    return False


def _timer(of: ClientRequest | ClientResponse) -> Any:
    return getattr(of, "_timer", None)


def _task() -> asyncio.Task[object]:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101  aiohttp's timer is entered in a task only
    return task
