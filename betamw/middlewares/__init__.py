"""The aiohttp shell: does what the exchange decides, and decides nothing itself."""
