"""Api: which requests are the API's."""

import pytest
from yarl import URL

import betamw


def covers(api, url):
    """Whether a request to this URL is the API's."""
    return api.address(URL(url)) is not None


@pytest.mark.parametrize(
    ("base", "url", "expected"),
    [
        ("https://api.example", "https://api.example/v1/messages?beta=true", True),
        ("https://api.example", "https://API.example:443/", True),
        ("https://api.example", "http://api.example/v1/messages", False),
        ("https://api.example", "https://api.example:8443/v1/messages", False),
        ("https://api.example", "https://api.example.evil/v1/messages", False),
        ("https://api.example", "https://evil/https://api.example/", False),
        ("https://api.example/", "https://api.example/v1", True),
        ("https://gw.example/anthropic", "https://gw.example/anthropic/v1/messages", True),
        ("https://gw.example/anthropic/", "https://gw.example/anthropic", True),
        ("https://gw.example/anthropic", "https://gw.example/anthropic-2/v1/messages", False),
        ("http://[::1]:8080", "http://[::1]:8080/v1", True),
    ],
)
def test_what_is_covered(base, url, expected):
    """Scheme, host, port and whole segments of the base path decide."""
    assert expected == covers(betamw.Api(base), url)


def test_several_base_urls():
    """The longest base path that fits counts."""
    api = betamw.Api(["https://a.example", "https://b.example/x", "https://b.example/x/y"])
    places = [api.address(URL(url)) for url in ("https://a.example/v1/files", "https://b.example/x/y/v1/files")]
    assert ["https://a.example", "https://b.example/x/y"] == [place.place.origin for place in places]
    assert not covers(api, "https://b.example/v1/files")


def test_the_default_is_the_first_party(monkeypatch):
    """Without the environment's word it is the first party's address."""
    monkeypatch.delenv("ANTHROPIC_BASE_URL", raising=False)
    assert ("https://api.anthropic.com",) == betamw.Api().base_url


@pytest.mark.parametrize(
    ("value", "expected"), [("https://mine.example", "https://mine.example"), ("", "https://api.anthropic.com")]
)
def test_the_environment_is_read_when_an_api_is_made(monkeypatch, value, expected):
    """`ANTHROPIC_BASE_URL` counts, an empty one does not."""
    monkeypatch.setenv("ANTHROPIC_BASE_URL", value)
    assert (expected,) == betamw.Api().base_url


def test_a_url_object_will_do():
    """A yarl URL is as good as its text."""
    assert ("https://api.example/",) == betamw.Api(URL("https://api.example/")).base_url


@pytest.mark.parametrize(
    ("base", "message"),
    [
        ("", "must have the scheme http or https and a host, got ''"),
        ("api.anthropic.com", "must have the scheme http or https and a host, got 'api.anthropic.com'"),
        ("https://", "must have the scheme http or https and a host"),
        ("ftp://x.example", "must have the scheme http or https and a host, got 'ftp://x.example'"),
        ("https://x.example:99999", "must have the scheme http or https and a host"),
        ("https://x.example?a=1", "must hold no credentials, query or fragment"),
        ("https://x.example#a", "must hold no credentials, query or fragment"),
        ([], r"must be a URL or a sequence of at least one, got \[\]"),
        (5, "must be a URL or a sequence of at least one, got 5"),
        ("https://x.example\r\nHost: evil", "must have the scheme http or https and a host"),
    ],
)
def test_a_bad_base_url_fails_at_construction(base, message):
    """The error says what was wrong and what was given."""
    with pytest.raises(betamw.ConfigError, match=message):
        betamw.Api(base)


@pytest.mark.parametrize(
    "base", ["https://user:hunter2@x.example", "ftp://user:hunter2@x.example", "https://u:hunter2@x.example:99999"]
)
def test_credentials_are_not_shown(base):
    """A password in a base URL is refused, and is not in the error."""
    with pytest.raises(betamw.ConfigError) as raised:
        betamw.Api(base)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    "header", ["", "anthropic beta", "x:y", "a\r\nb", "h\u00e9", 5, "X-Api-Key", "content-length", "Host"]
)
def test_a_bad_header_name_fails_at_construction(header):
    """What cannot name a header is refused, and what names one that has another meaning."""
    with pytest.raises(betamw.ConfigError, match="header must be the name of a header"):
        betamw.Api("https://x.example", header=header)


def test_equal_apis_are_equal():
    """Two Apis with the same addresses and header are the same to the middlewares."""
    assert betamw.Api("https://x.example") == betamw.Api(["https://x.example"])


def test_a_bad_environment_is_named(monkeypatch):
    """Who set the variable learns that it is the variable."""
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "api.example")
    with pytest.raises(
        betamw.ConfigError, match="ANTHROPIC_BASE_URL in the environment: base_url must have the scheme"
    ):
        betamw.chain()


@pytest.mark.parametrize("base", ["https://ho st", "https://h\n", " https://h", "https://h/%zz", b"https://h"])
def test_a_url_that_only_looks_like_one(base):
    """Whitespace, a broken escape, bytes: all refused, with what was given."""
    with pytest.raises(betamw.ConfigError, match="base_url must"):
        betamw.Api(base)
