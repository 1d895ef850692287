"""The proxies of the environment, as httpx2 uses them where it makes its transports itself."""

import ipaddress
from collections.abc import Iterator
from contextlib import suppress
from urllib.request import getproxies

import httpx2

_IPV6 = 6


def environment_proxies() -> dict[str, httpx2.Proxy | None]:
    """The proxy for each pattern of URLs, None for those that `NO_PROXY` excepts; raises what `httpx2.Proxy` does."""
    found = getproxies()  # on Windows and macOS also what the system knows
    excepted = [host.strip() for host in found.get("no", "").split(",")]
    if "*" in excepted:
        return {}
    urls = {f"{scheme}://": found[scheme] for scheme in ("http", "https", "all") if found.get(scheme)}
    proxies = {pattern: httpx2.Proxy(url if "://" in url else f"http://{url}") for pattern, url in urls.items()}
    return {**proxies, **dict.fromkeys(_patterns(excepted))}


def _patterns(hosts: list[str]) -> Iterator[str]:
    """What httpx2 can read of it; the rest excepts nothing."""
    unused = httpx2.AsyncBaseTransport()
    for pattern in filter(None, map(_pattern, filter(None, hosts))):
        with suppress(httpx2.InvalidURL):
            httpx2.AsyncClient(transport=unused, mounts={pattern: None})  # there is no other way to ask
            yield pattern


def _pattern(host: str) -> str | None:
    """`.example.com` are the hosts below it, `example.com` itself too; addresses and networks are themselves."""
    if "://" in host:
        return host
    address, slash, bits = host.partition("/")
    version = _version(address)
    if version == _IPV6:
        return f"all://[{address}]{slash}{bits}"
    if version is not None or host.startswith("["):
        return f"all://{host}"
    if slash:
        return None
    itself = host.lower() == "localhost" or host.startswith("*.")
    return f"all://{host}" if itself else f"all://*{host}"


def _version(address: str) -> int | None:
    try:
        return ipaddress.ip_address(address).version
    except ValueError:
        return None
