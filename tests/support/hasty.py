"""A server that is in a hurry to refuse."""

import asyncio
import json
from contextlib import asynccontextmanager, suppress

OLD = "context-1m-2025-08-07"

REFUSAL = json.dumps(
    {
        "error": {
            "type": "invalid_request_error",
            "message": f"Unexpected value(s) `{OLD}` for the `anthropic-beta` header",
        }
    }
).encode()


@asynccontextmanager
async def hasty_server():
    """A server that refuses a beta as soon as it has read the headers, without waiting for the body."""
    bodies = []

    async def serve(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if OLD.encode() in head:
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n%s" % (len(REFUSAL), REFUSAL))
        else:
            length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
            bodies.append(await reader.readexactly(length))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        with suppress(ConnectionError):
            await writer.drain()
            await hang_up.wait()  # so that it is not the server that ends the upload
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        closed.release()

    hang_up, closed, opened = asyncio.Event(), asyncio.Semaphore(0), []
    server = await asyncio.start_server(lambda *pair: opened.append(pair) or serve(*pair), "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", bodies
        hang_up.set()
        for _ in opened:
            await closed.acquire()
