"""Conversations with an `Exchange`, without a socket: requests, replies, a memory with its clock, what was told."""

import json

import attrs

from betamw.core.exchange import Exchange
from betamw.core.header import union
from betamw.core.isolation import Search
from betamw.core.memory import Scope, Verdicts
from betamw.core.place import Place
from betamw.core.policy import FallbackPolicy
from betamw.core.reply import Decision, Reply

A, B, C = "files-api-2025-04-14", "context-1m-2025-08-07", "tool_use:logging=false"
OAUTH = "oauth-2025-04-20"
CONTEXT, MCP, MCP_2026 = "context-management-2025-06-27", "mcp-client-2025-11-20", "mcp-client-2026-09-15"
STORES, AGENTS = "agent-memory-2026-07-22", "managed-agents-2026-04-01"
ORIGIN = "https://api.anthropic.com"
MESSAGES = Place(origin=ORIGIN, template="/v1/messages")
AT_ODDS = attrs.evolve(MESSAGES, conflicts=((STORES, AGENTS),))
SCOPE = Scope(ORIGIN, "/v1/messages", "m", "me")

PLAIN = b'{"model": "m", "messages": []}'
USES_CONTEXT = b'{"model": "m", "context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}}'
USES_MCP = b'{"model": "m", "mcp_servers": [{"type": "url"}], "tools": [{"type": "mcp_toolset"}]}'

RESEND, HAND_OVER, HAND_OVER_FIRST = Decision.RESEND, Decision.HAND_OVER, Decision.HAND_OVER_FIRST


# What servers answer.


def error(status, message, *, replayable=True, **reply):
    """An error of the API, as JSON."""
    body = json.dumps({"type": "error", "error": {"type": "invalid_request_error", "message": message}}).encode()
    return Reply(status=status, body=body, content_type="application/json", replayable=replayable, **reply)


def named(*betas, status=400, **reply):
    """A refusal that names betas."""
    values = ", ".join(f"`{beta}`" for beta in betas)
    text = f"Unexpected value(s) {values} for the `anthropic-beta` header. Please consult our documentation at \
docs.claude.com or try again without the header."
    return error(status, text, **reply)


def answer(status):
    """A reply that refuses no beta; 400 and 422 are about something else."""
    return error(status, "max_tokens: Field required") if status in (400, 422) else Reply(status=status)


UNNAMED = error(400, "invalid beta flag")
OK = answer(200)


# A shell without a socket.


@attrs.define
class FakeRequest:
    """A request's body and credential."""

    content: bytes
    replayable: bool = True

    def body(self):
        """Its body."""
        return self.content

    def credential(self, key):
        """A hash of its credential."""
        return "me"

    def may_be_replayed(self):
        """Like most."""
        return self.replayable


@attrs.define
class World:
    """A memory with its clock, and what was told."""

    memory: Verdicts | None = attrs.Factory(lambda: Verdicts(remember_for=100.0, probe_lease=10.0))
    now: float = 0.0
    told: list = attrs.Factory(list)

    def exchange(self, *lines, place=MESSAGES, **asked):
        """A call that came with these lines of the header, and what was asked of it since."""
        exchange = Exchange(self.told.append, place.plan, "POST", place, "anthropic-beta")
        exchange.overhear(lines)
        for source, betas in asked.items():
            exchange.want(tuple(betas), source)
        return exchange

    def start(self, exchange, policy=None, body=PLAIN, *, enabled=True):
        """A fallback takes part."""
        request = FakeRequest(body)
        exchange.start(policy or FallbackPolicy(), request, self.memory, lambda: self.now, enabled=enabled)
        return exchange

    def call(self, *betas, body=PLAIN, enabled=True, **policy):
        """A call whose header holds betas, with a fallback that searches for nothing unless it is told to."""
        policy = FallbackPolicy(**{"on_unnamed": "drop_all", **policy})
        return self.start(self.exchange(",".join(betas)), policy, body, enabled=enabled)

    def dialogue(self, server, *betas, **policy):
        """A call to a server, with the default policy but for what is said."""
        return Dialogue(self.call(*betas, **{"on_unnamed": "split", **policy}), server)

    def refused(self, *betas):
        """Betas were refused in an earlier call."""
        self.memory.learn(SCOPE, betas, self.now)

    def expired(self, *betas):
        """Betas were refused so long ago that a call is due to send them again."""
        self.refused(*betas)
        self.now += 100.0

    @property
    def held(self):
        """The betas that the memory holds something against."""
        return tuple(verdict.beta for verdict in self.memory.verdicts())

    @property
    def search(self):
        """What the search has found out, as `Search.to_json` writes it."""
        search = self.memory.search(SCOPE, self.now)
        return (Search() if search is None else search).to_json()

    def events(self, kind):
        """What was told of one kind."""
        return [event for event in self.told if isinstance(event, kind)]


def send(exchange):
    """One attempt: the header is written, the request goes out."""
    exchange.rewrite()
    exchange.attempts += 1


def converse(exchange, *replies):
    """Send, be answered, and so on; the last reply ends the call. What was decided on each."""
    decisions = []
    for reply in replies:
        send(exchange)
        decisions.append(exchange.receive(reply))
    exchange.finish((replies[0] if decisions[-1] is HAND_OVER_FIRST else replies[-1]).status)
    return decisions


# Servers, and whole calls to them.


@attrs.define
class Server:
    """Refuses what carries a culprit: one of `named` by its name, before any other; else it names none."""

    culprits: set = attrs.field(factory=set, converter=set)
    named: set = attrs.field(factory=set, converter=set)

    def reply(self, sent):
        """The reply to a request that carried `sent`."""
        if blamed := [beta for beta in sent if beta in self.named]:
            return named(*blamed)
        return OK if self.culprits.isdisjoint(sent) else UNNAMED


@attrs.define(eq=False)
class Dialogue:
    """A call to a server, a send or a reply at a time."""

    exchange: Exchange
    server: Server
    sends: list = attrs.field(init=False, factory=list)
    replies: list = attrs.field(init=False, factory=list)
    status: int | None = attrs.field(init=False, default=None)
    under_way: bool = attrs.field(init=False, default=False)
    over: bool = attrs.field(init=False, default=False)

    @property
    def answered(self):
        """Whether the caller got a good reply."""
        return self.status == 200

    @property
    def refused(self):
        """How many sends were answered with a 400."""
        return sum(reply.status == 400 for reply in self.replies)

    def step(self):
        """Send, or be answered; returns whether there is more to come."""
        if self.under_way:
            self._come_back()
        else:
            send(self.exchange)
            self.sends.append(self.exchange.sent)
        self.under_way = not self.under_way
        return not self.over

    def run(self):
        """The call to its end."""
        while self.step():
            pass
        return self

    def cancel(self):
        """The caller wants no reply any more."""
        self.over = True
        self.exchange.finish(None, cancelled=True)

    def _come_back(self):
        self.replies.append(self.server.reply(self.exchange.sent))
        decision = self.exchange.receive(self.replies[-1])
        if decision is not RESEND:
            self.status = self.replies[0 if decision is HAND_OVER_FIRST else -1].status
            self.over = True
            self.exchange.finish(self.status)


def assert_told_truly(call):
    """What `log_events.md` says must always hold of the sets, for a call that nobody else has a hand in."""
    usage = call.usage()
    reasons = {reason: call.dropped(reason) for reason in ("rejected", "remembered", "policy")}
    dropped = [beta for betas in reasons.values() for beta in betas]
    asked = union(usage.requested, usage.scoped, usage.injected)
    assert len(set(dropped)) == len(dropped)
    assert {beta: reason for reason, betas in reasons.items() for beta in betas} == usage.dropped
    assert tuple(beta for beta in asked if beta not in reasons["policy"]) == usage.merged
    assert tuple(usage.substituted.get(beta, beta) for beta in usage.merged if beta not in dropped) == usage.sent
    assert len(set(usage.sent)) == len(usage.sent)
    assert usage.substituted.keys() <= set(usage.merged) - set(dropped)
    assert usage.attempts > 1 or not reasons["rejected"]
