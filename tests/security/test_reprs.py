"""What is written by `repr`, by errors of construction and in a pickle: nothing that looks like a secret."""

import datetime as dt
import pickle
import traceback

import aiohttp
import pytest
import structlog
from multidict import CIMultiDict, CIMultiDictProxy
from support.client import BODY
from support.judge import BETA, OLD, court, refusing
from support.planted import ALL, BETAS, KEY, TOKEN, stage
from support.secrets import Secret, found, held
from yarl import URL

import betamw
from betamw.core.exchange import Exchange
from betamw.core.heading import Heading
from betamw.core.isolation import Search, Trial
from betamw.core.memory import Recall, Scope, Verdict
from betamw.core.place import Place
from betamw.core.plan import adding, plan_at
from betamw.core.reply import Reply
from betamw.errors import BetaRejectedError
from betamw.middlewares.api import Address
from betamw.middlewares.override import Override
from betamw.middlewares.sink import Sink
from betamw.testing import ReceivedRequest, Refusal

NAME, PATH, BODY_TEXT, BOUND = Secret("name", KEY), Secret("path", KEY), Secret("body"), Secret("bound")
PLANTED = NAME, PATH, BODY_TEXT, BOUND
KEY_NAME = str(NAME)
PLACE = Place(origin="https://a.example", template="/v1/messages")
HEADERS_OF_NONE = CIMultiDictProxy(CIMultiDict({"authorization": str(BODY_TEXT)}))
LOGGER = structlog.get_logger().bind(account=str(BOUND))

VALUES = {
    "Action": betamw.Action.substitute({KEY_NAME: "a"}),
    "Address": Address("a.example", None, PLACE, f"/v1/files/{PATH}"),
    "Api": betamw.Api(f"https://a.example/{PATH}/"),
    "Beta": betamw.Beta.parse(KEY_NAME),
    "BetaRejected": betamw.events.BetaRejected(
        betas_rejected=(KEY_NAME,),
        betas_sent=(KEY_NAME,),
        attempt=1,
        http_response_status_code=400,
        error_type="x",
        rejection_rule="x",
        action="resend",
        reason="dropped",
        anthropic_request_id=None,
    ),
    "Config": betamw.Config(
        betas=[KEY_NAME],
        remove=[KEY_NAME],
        api=betamw.Api(f"https://a.example/{PATH}/"),
        endpoints=[betamw.EndpointRule(f"/v1/{PATH}", [KEY_NAME])],
        policy=betamw.FallbackPolicy(required={KEY_NAME}),
        pins=[betamw.Pin(beta="a", origin=f"https://a.example/{PATH}")],
    ),
    "EndpointMiddleware": betamw.EndpointMiddleware([betamw.EndpointRule("/v1/a", [KEY_NAME])]),
    "EndpointRule": betamw.EndpointRule(f"/v1/{PATH}", [KEY_NAME]),
    "Exchange": Exchange(print, adding(plan_at(), (KEY_NAME,), "request"), "POST", PLACE, BETA),
    "FallbackMiddleware": betamw.FallbackMiddleware(
        betamw.FallbackPolicy(required={KEY_NAME}, substitutes={KEY_NAME: "a"}), api=betamw.Api(f"http://a/{PATH}")
    ),
    "Heading": Heading(print, plan_at().removing([KEY_NAME])),
    "LoggingMiddleware": (betamw.LoggingMiddleware(LOGGER)),
    "MergeMiddleware": (betamw.MergeMiddleware(KEY_NAME)),
    "Override": (Override(add=(KEY_NAME,), remove=(KEY_NAME,))),
    "Place": Place(origin=f"https://a.example/{PATH}", template="_OTHER"),
    "ReceivedRequest": (
        ReceivedRequest(
            method="GET",
            path=f"/{PATH}",
            query=URL(f"/?q={PATH}").query,
            headers=HEADERS_OF_NONE,
            raw_headers=(),
            betas=(KEY_NAME,),
            body=str(BODY_TEXT).encode(),
        )
    ),
    "Recall": Recall((KEY_NAME,), (KEY_NAME,)),
    "Refusal": (Refusal("a", api_key=str(NAME))),
    "Rejection": betamw.Rejection((KEY_NAME,), "rule", named=True),
    "Reply": Reply(status=400, body=str(BODY_TEXT).encode(), request_id=str(NAME)),
    "Scope": Scope(f"https://a.example/{PATH}", "/v1/messages", str(NAME), "hash"),
    "Search": Search(good={KEY_NAME: None}, groups=[frozenset({KEY_NAME})]),
    "Sink": Sink(LOGGER),
    "Trial": Trial(Search(found={KEY_NAME: None})),
    "Verdict": Verdict(Scope(None, None, None, None), KEY_NAME, 1.0),
}


@pytest.mark.parametrize(
    "value",
    VALUES.values(),
    ids=VALUES,
)
def test_a_repr_tells_no_secret(value):
    """Names are checked as they are for a log, bodies are counted, what is not ours is only called."""
    assert [] == found(PLANTED, {"repr": f"{value!r} {value}"})


def test_a_repr_tells_what_may_be_told():
    """It is there to be read by who debugs."""
    rejection = betamw.Rejection(("files-api-2025-04-14", KEY_NAME), "unexpected-value", named=True)
    assert "Rejection(betas=('files-api-2025-04-14', <invalid len=43>), rule='unexpected-value', named=True)" == repr(
        rejection
    )
    assert "Beta(name='a-2025-01-01', family='a', date=datetime.date(2025, 1, 1))" == repr(
        betamw.Beta("a-2025-01-01", "a", dt.date(2025, 1, 1))
    )


SECRET = str(Secret("given", KEY))
WORDS = str(Secret("given"))
WRONG = {
    "a default with a space": lambda: betamw.chain(f"Bearer {SECRET}"),
    "a default that is cut": lambda: betamw.chain(f"{SECRET}, {'x' * 200}"),
    "a name after others": lambda: betamw.chain(f"x-api-key: {SECRET}"),
    "a token": lambda: betamw.chain(f" {TOKEN.format(WORDS)}"),
    "parse_betas": lambda: betamw.parse_betas(["a,b", f"a {SECRET}"]),
    "base url without scheme": lambda: betamw.Api(f"user:{WORDS}@a.example"),
    "base url with a password": lambda: betamw.Api(f"https://user:{WORDS}@a.example"),
    "base url with a user and a key in the path": lambda: betamw.Api(f"https://{WORDS}@a.example/{SECRET}"),
    "base url with a query": lambda: betamw.Api(f"https://a.example/?key={WORDS}"),
    "unusable base url with a query": lambda: betamw.Api(f"ftp://a.example/?key={WORDS}"),
    "unusable base url with a fragment": lambda: betamw.Api(f"ftp://a.example/#{WORDS}"),
    "a key for a base url": lambda: betamw.Api(SECRET),
    "base urls that are none": lambda: betamw.Api({"url": SECRET}),
    "a header": lambda: betamw.Api("https://a.example", f"x-api-key: {SECRET}"),
    "an api": lambda: betamw.MergeMiddleware(api=f"https://user:{WORDS}@a.example/?k={WORDS}"),
    "a policy": lambda: betamw.FallbackMiddleware(policy={"key": SECRET}),
    "a memory": lambda: betamw.FallbackMiddleware(memory=SECRET),
    "rules": lambda: betamw.EndpointMiddleware([SECRET]),
    "a rule's path": lambda: betamw.EndpointRule(SECRET, ["a"]),
    "a rule's methods": lambda: betamw.EndpointRule("/v1", ["a"], methods=[SECRET]),
    "max_resends": lambda: betamw.FallbackPolicy(max_resends=SECRET),
    "on_unnamed": lambda: betamw.FallbackPolicy(on_unnamed=SECRET),
    "required": lambda: betamw.FallbackPolicy(required=SECRET),
    "droppable_sources": lambda: betamw.FallbackPolicy(droppable_sources={SECRET}),
    "substitutes": lambda: betamw.FallbackPolicy(substitutes={SECRET: SECRET}),
    "substitutes that are none": lambda: betamw.FallbackPolicy(substitutes=SECRET),
    "strict": lambda: betamw.FallbackPolicy(strict=SECRET),
    "a hook": lambda: betamw.FallbackPolicy(on_rejection=SECRET),
    "an action": lambda: betamw.Action(SECRET),
    "a pinned beta": lambda: betamw.RejectionMemory().pin(SECRET),
    "a pinned model": lambda: betamw.RejectionMemory().pin("a", model=SECRET),
    "a pinned endpoint": lambda: betamw.RejectionMemory().pin("a", endpoint=SECRET),
    "a pinned origin": lambda: betamw.RejectionMemory().pin("a", origin=f"https://u:{WORDS}@a.example"),
    "a clock": lambda: betamw.RejectionMemory(clock=SECRET),
    "a logger": lambda: betamw.LoggingMiddleware(logger=SECRET),
    "a saved beta": lambda: betamw.RejectionMemory.from_json(
        betamw.RejectionMemory().to_json().replace('"pins":[]', f'"pins":[{{"beta":"{SECRET}",{NOWHERE}}}]')
    ),
    "override": lambda: betamw.override(add=[SECRET], remove=[SECRET]),
    "override's fallback": lambda: betamw.override(fallback=SECRET),
    "a config": lambda: betamw.chain(config=SECRET),
}
NOWHERE = '"origin":null,"endpoint":null,"model":null'


@pytest.mark.parametrize("make", WRONG.values(), ids=WRONG)
def test_an_error_of_construction_tells_no_secret(make):
    """It says what was wrong, and shows what was given only where that looks harmless."""
    with pytest.raises((betamw.BetaError, TypeError)) as caught:
        make()
    assert [] == found([Secret("given")], {"error": "".join(traceback.format_exception(caught.value))})


def test_the_environment_is_not_shown(monkeypatch):
    """A base URL with a password in the environment fails, and says where, not what."""
    monkeypatch.setenv("ANTHROPIC_BASE_URL", f"https://user:{WORDS}@a.example")
    with pytest.raises(betamw.ConfigError, match="ANTHROPIC_BASE_URL in the environment") as caught:
        betamw.Api()
    assert [] == found([Secret("given")], {"error": str(caught.value)})


async def test_a_key_in_the_base_url_is_told_nowhere(monkeypatch):
    """A gateway may want one in its path: verdicts and saved memories hold a hash of it, and the same one tomorrow."""
    async with court(refusing(OLD)) as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", f"{server.base_url}/{SECRET}/x")
        memory = betamw.RejectionMemory()
        memory.pin("pinned-2026-01-01", origin=f"{server.base_url}/{SECRET}/x")
        for held_by in (memory, betamw.RejectionMemory.from_json(memory.to_json())):
            chain = betamw.chain(memory=held_by)
            async with aiohttp.ClientSession(middlewares=chain) as session:
                url = f"{server.base_url}/{SECRET}/x/v1/messages"
                async with session.post(url, json=BODY, headers={BETA: f"{OLD},pinned-2026-01-01"}) as response:
                    assert 200 == response.status
            text = f"{chain!r} {held_by.verdicts()!r} {held_by.to_json()} {held(held_by)}"
            assert [] == found([Secret("given")], {"told": text})
            assert 2 == len(held_by.verdicts())
        assert [(OLD,), (), (OLD,), ()] == server.sent


async def test_a_pickled_error_holds_what_the_error_says():
    """The reply's body and the betas are its attributes; of headers, URL and cookies nothing travels."""
    async with stage(strict=True) as on:
        await on.call("named", url=on.url("named", f"/v1/files/{Secret('path')}"))
        (error,) = on.seen
    assert isinstance(error, BetaRejectedError)
    body = {"message", "error type", "reply type", "a name that was not sent"}
    sent = {secret.place for secret in BETAS} - {"words as a beta"}
    travels = {place for place, _ in found(ALL, {"pickle": pickle.dumps(error, 0).decode("latin-1")})}
    assert (body | sent, set()) == (travels & (body | sent), travels - body - sent - {"request id"})


async def test_the_errors_own_text_is_short():
    """It shows where, not for whom: the origin and the template of the path."""
    async with stage(strict=True) as on:
        await on.call("named", OLD, url=on.url("named", f"/v1/files/{Secret('path')}"), headers={"x-plain": "1"})
        (error,) = on.seen
        expected = f"400, message='the server refuses {OLD}', url='{on.court.base_url}/v1/files/{{file_id}}'"
    assert expected == str(error)
