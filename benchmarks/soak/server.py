"""The server of the soak, in a process of its own: refuses betas, injects faults, and keeps its book.

What is refused differs from scope to scope, and changes while it runs: betas are retired, and come back. It takes
commands on its standard input, and ends when that does:

    calm    no faults from now on, and every beta is accepted
    report  nothing but the answer, which every command gets: one line of JSON with the figures; the book is flushed
"""

import argparse
import asyncio
import json
import random
import socket
import sys
import time
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final

import attrs

from benchmarks.soak.books import SENDS, Send, write
from benchmarks.soak.connection import Connection
from benchmarks.soak.delivery import ENDLESS, STATUSES, UNANSWERED, Step, error, seen, steps
from benchmarks.soak.plan import BETAS, REQUIRED, draw_fault, reply_body
from betamw.testing import DIALECTS, WRAPPERS
from betamw.testing.dialects import refusal, wrap

_HEADER: Final = "anthropic-beta"
_RETIRED: Final = 0.12
"""The share of betas that a scope refuses."""
_RECEIVED: Final = 2**15
"""Bytes that the kernel takes for a connection, so that large uploads are still under way when they are answered."""
_CHURN: Final = 0.05
"""Seconds until a beta is retired in some scope, or comes back."""


@attrs.define(eq=False)
class Server:
    """What all connections share.

    Attributes:
        seed: Of the run.
        book: Where the sends are written.
    """

    seed: int
    book: BinaryIO
    _calm: bool = False
    _connections: set[Connection] = attrs.field(factory=set)
    _accepted: int = 0
    _faults: Counter[str] = attrs.field(factory=Counter)
    _sends: Counter[int] = attrs.field(factory=Counter)
    _retired: dict[str, set[str]] = attrs.field(factory=dict)
    _scopes: list[str] = attrs.field(factory=list)

    def opened(self, connection: Connection) -> None:
        """Count it."""
        self._connections.add(connection)
        self._accepted += 1

    def closed(self, connection: Connection) -> None:
        """Count it no more."""
        self._connections.discard(connection)

    def arrived(self, send: Send) -> bool:
        """Decide what becomes of a request."""
        self._sends[send.call] += 1
        send.number = self._sends[send.call]
        if self._calm:
            return False
        refused = tuple(beta for beta in send.betas if beta in self._refused_in(send.scope))
        send.fault, draw = draw_fault(self.seed, send.call, send.number, often=bool(refused) or send.number > 1)
        if send.fault in STATUSES or send.fault in UNANSWERED or send.fault in ENDLESS:
            return False
        send.refused = refused
        if send.fault == "refused just this once" and send.betas and not send.refused:
            send.refused = (draw.choice(send.betas),)
        return send.fault == "early reply"

    def answer(self, send: Send) -> Sequence[Step]:
        """Answer as it was decided."""
        if send.fault:
            self._faults[send.fault if send.number == 1 else f"{send.fault}, resend"] += 1
        if send.fault in UNANSWERED:
            return UNANSWERED[send.fault]
        if send.fault in ENDLESS:
            send.status, body = 400, b""
        elif send.fault in STATUSES:
            send.status, body = STATUSES[send.fault], error(send.fault)
        elif send.refused:
            send.status, body = 400, self._refuse(send)
        else:
            send.status, body = 200, reply_body(send.call, send.number)
        send.reply_crc = zlib.crc32(body)
        send.least, send.most = seen(send.fault)
        return steps(send, body)

    def done(self, send: Send) -> None:
        """Write it down."""
        write(self.book, send)

    async def churn(self) -> None:
        """Retire betas, and let them come back."""
        draw = random.Random(self.seed)  # noqa: S311  the same order each time
        while True:
            await asyncio.sleep(_CHURN)
            if self._scopes:
                retired = self._retired[draw.choice(self._scopes)]
                if len(retired) > draw.randrange(1 + int(2 * _RETIRED * len(BETAS))):
                    retired.discard(draw.choice(sorted(retired)))
                else:
                    retired.add(draw.choice(BETAS))

    def command(self, name: str) -> dict[str, object]:
        """Do what is wanted; returns the figures."""
        self._calm = self._calm or name == "calm"
        self.book.flush()
        return {
            "open": len(self._connections),
            "busy": sum(connection.busy for connection in self._connections),
            "accepted": self._accepted,
            "cpu": time.process_time(),
            "faults": dict(self._faults),
        }

    def _refused_in(self, scope: str) -> set[str]:
        if scope not in self._retired:
            draw = random.Random(f"{self.seed} {scope}")  # noqa: S311  the same ones each time
            self._retired[scope] = {beta for beta in (*BETAS, REQUIRED) if draw.random() < _RETIRED}
            self._scopes.append(scope)
        return self._retired[scope]

    def _refuse(self, send: Send) -> bytes:
        """The reply that refuses `send.refused`: in the dialect of the scope."""
        draw = random.Random(send.scope)  # noqa: S311  the same one each time
        dialect, wrapper = draw.choice(DIALECTS), draw.choice(WRAPPERS)
        if dialect == "long-context":  # it describes the beta, so that `named` would not be found
            dialect = "anthropic"
        refused = refusal(dialect, send.refused, header=_HEADER, request_id=send.id)
        text = wrap(wrapper, refused, send.id)
        send.named = tuple(beta for beta in send.refused if beta in text)
        return text.encode()


async def _serve(seed: int, book: BinaryIO) -> None:
    loop = asyncio.get_running_loop()
    server = Server(seed, book)
    listening_to = socket.create_server(("127.0.0.1", 0), backlog=1000)
    listening_to.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVED)
    listening = await loop.create_server(lambda: Connection(server), sock=listening_to)
    churning = loop.create_task(server.churn())
    async with listening:
        print(listening.sockets[0].getsockname()[1], flush=True)
        while name := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
            print(json.dumps(server.command(name)), flush=True)
    churning.cancel()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("seed", type=int)
    parser.add_argument("directory", type=Path)
    arguments = parser.parse_args()
    with (arguments.directory / SENDS).open("wb") as file:
        asyncio.run(_serve(arguments.seed, file))
