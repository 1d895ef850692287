"""The server of part (b): in a process of its own, and as cheap as it can be, for only its clients are measured.

It answers every request with a valid message, whose text is what came in the request's beta header. It ends when its
standard input does, so that it cannot outlive who started it.
"""

import asyncio
import json
import re
import sys
from typing import Final

_TEXT: Final = "<betas>"
_BEFORE, _AFTER = (
    json.dumps(
        {
            "id": "msg_01XFDUDYJgAACzvnptvVoYEL",
            "type": "message",
            "role": "assistant",
            "model": "claude-sonnet-4-5",
            "content": [{"type": "text", "text": _TEXT}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 10, "output_tokens": 12},
        }
    )
    .encode()
    .split(_TEXT.encode())
)
_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nrequest-id: req_011CTZbpv4nEkmDXmZ1dz3kX\r\n"
    b"content-length: %d\r\n\r\n"
)
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_BETAS: Final = re.compile(rb"\r\nanthropic-beta: *([^\r]*)", re.IGNORECASE)


class _Connection(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._received = b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end]
            length = _LENGTH.search(head)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._received) < whole:
                return
            self._received = self._received[whole:]
            body = b"".join((_BEFORE, b",".join(_BETAS.findall(head)), _AFTER))
            self._transport.write(_HEAD % len(body) + body)


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, "127.0.0.1", 0)
    async with server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve())
