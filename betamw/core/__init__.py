"""The decisions, without I/O: no aiohttp, structlog, asyncio, clock, file or socket in here."""
