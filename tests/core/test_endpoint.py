"""Endpoint rules: what is one, which of them hold for a request, and what they want."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.secrets import held

from betamw.core.catalog import CATALOG_RULES
from betamw.core.endpoint import OTHER, EndpointRule, Needs, RuleTable, Spelling, segments
from betamw.core.errors import ConfigError, InvalidBetaError

AGENTS = EndpointRule("/v1/agents", ["agents-1"])
FILES = EndpointRule("/v1/files", ["files-1"], required=False)
A_FILE = EndpointRule("/v1/files/{file_id}", ["file-1"])
NEW_FILE = EndpointRule("/v1/files/new", ["new-1"])
CONTENT = EndpointRule("/v1/files/{file_id}/content", ["content-1"])
READ_LIMITS = EndpointRule("/v1/limits", ["limits-1"], methods=["get"], exact=True)
SHIELD = EndpointRule("/v1/agents/public", [])
RULE_LIST = [AGENTS, FILES, A_FILE, NEW_FILE, CONTENT, READ_LIMITS, SHIELD]
TABLE = RuleTable(iter(RULE_LIST))

SEGMENTS = st.sampled_from(["v1", "files", "agents", "{id}", "{x}", "a"])
PATHS = st.lists(SEGMENTS, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))
RULES = st.builds(
    EndpointRule,
    PATHS,
    st.lists(st.sampled_from("abc"), max_size=2),
    st.sampled_from([None, ("GET",), ("POST", "GET")]),
    st.booleans(),
    exact=st.booleans(),
)


# What a rule is.


@pytest.mark.parametrize(
    "path",
    ["/v1/agents", "/v1/files/{file_id}", "/v1/files/", "/a", "/{x}/{y}", "/v1/a.b:c@d!$&'()*+;=~-_", "/v1/%7Bx%7D"],
)
def test_a_path_template(path):
    """Segments of ASCII, some of them in braces; a trailing slash is allowed."""
    assert path == EndpointRule(path, ["a"]).path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "//",
        "v1/agents",
        "/v1//agents",
        "/v1/agents//",
        "/v1/agents?beta=true",
        "/v1/agents#top",
        "/v1/a b",
        "/v1/{file id}",
        "/v1/{}",
        "/v1/x{id}",
        "/v1/{id}x",
        "/v1/{id",
        "/v1/a,b",
        "/v1/a\r\nb",
        "/v1/a\n",
        "/v1/\x00",
        "/v1/\x7f",
        "/v1/caf\xe9",
        "/v1/\u2028",
        "https://api.anthropic.com/v1/agents",
        b"/v1/agents",
        None,
        ("v1", "agents"),
    ],
    ids=ascii,
)
def test_no_path_template(path):
    """What could never match, or is no path, is an error that shows it escaped."""
    with pytest.raises(ConfigError, match=r"^path must be segments like /v1/files/\{file_id\}") as caught:
        EndpointRule(path, ["a"])
    assert str(caught.value).isprintable()
    assert str(caught.value).isascii()


@pytest.mark.parametrize("end", ["?", "{", "}", "//"])
def test_a_long_path_is_no_way_to_hang_the_check(end):
    """A check that backtracks would never come to the end of this test."""
    with pytest.raises(ConfigError):
        EndpointRule("/{a}" * 20_000 + end, ["a"])


@pytest.mark.parametrize("betas", ["files-api-2025-04-14", None, 3], ids=repr)
def test_the_betas_of_a_rule_are_a_list(betas):
    """A bare string is refused."""
    with pytest.raises(ConfigError, match="betas of an EndpointRule must be an iterable of beta names, got"):
        EndpointRule("/v1/agents", betas)


def test_the_betas_of_a_rule_are_names():
    """A name that cannot stand in a header is refused where it is given."""
    with pytest.raises(InvalidBetaError, match="betas of an EndpointRule must be visible ASCII"):
        EndpointRule("/v1/agents", ["a", "b\n"])


def test_the_betas_of_a_rule_are_kept_in_order_without_repeats():
    """A rule is a value, whatever iterable it was made of."""
    assert EndpointRule("/v1/a", ("b", "a")) == EndpointRule("/v1/a", iter(["b", "a", "b"]))


@pytest.mark.parametrize("methods", [["get"], ("GET",), {"Get"}, frozenset({"get"}), {"GET": 1}], ids=repr)
def test_methods_are_upper_case(methods):
    """A method is written in any case and in any collection."""
    assert frozenset({"GET"}) == EndpointRule("/v1/a", [], methods).methods


def test_a_rule_holds_for_all_methods_unless_told():
    """None stands for all methods, those of tomorrow too."""
    assert EndpointRule("/v1/a", []).methods is None


@pytest.mark.parametrize(
    "methods",
    ["GET", "", [], (), 0, ["GET", ""], ["GE T"], ["GET\r\n"], ["G\xc9T"], [b"GET"], [None], ["GET,POST"]],
    ids=repr,
)
def test_no_methods(methods):
    """A bare string, none at all, or what is no method: an error that shows what was given."""
    with pytest.raises(ConfigError, match="methods must be None or a collection of HTTP methods, got"):
        EndpointRule("/v1/a", [], methods)


def test_methods_that_are_no_collection_are_a_config_error():
    """A wrong type is told in words too, not by a `TypeError` from somewhere inside."""
    with pytest.raises(ConfigError, match="methods must be None or a collection of HTTP methods, got 42"):
        EndpointRule("/v1/a", [], 42)


def test_methods_from_a_generator_are_not_lost():
    """An iterator is used up by the check; it may be refused or read, but not leave a rule that never holds."""
    try:
        methods = EndpointRule("/v1/a", [], (method for method in ("GET", "POST"))).methods
    except ConfigError:
        return
    assert frozenset({"GET", "POST"}) == methods


@pytest.mark.parametrize("setting", ["required", "exact"])
def test_switches_are_true_or_false(setting):
    """Nothing that is only truthy: `required="no"` would mean yes."""
    with pytest.raises(ConfigError, match=f"{setting} must be True or False, got 'no'"):
        EndpointRule("/v1/a", ["a"], **{setting: "no"})


# Which rules hold.


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/v1/files/", ("v1", "files")), ("/v1//a", ("v1", "", "a")), ("/", ("",)), ("", ("",)), ("v1", ("v1",))],
)
def test_segments(path, expected):
    """Slashes at the ends mean nothing, those inside do."""
    assert expected == segments(path)


@pytest.mark.parametrize(
    ("method", "path", "betas"),
    [
        ("GET", "/v1/agents", ("agents-1",)),
        ("POST", "/v1/agents/", ("agents-1",)),
        ("DELETE", "/v1/agents/agent_1/archive", ("agents-1",)),
        ("GET", "/v1/agents2", ()),
        ("GET", "/v1/agent", ()),
        ("GET", "/v1", ()),
        ("GET", "/", ()),
        ("GET", "", ()),
        ("GET", "/v2/agents", ()),
        ("GET", "/x/v1/agents", ()),
        ("GET", "/V1/agents", ()),
        ("GET", "/v1/files", ("files-1",)),
        ("GET", "/v1/files/file_1", ("file-1",)),
        ("GET", "/v1/files/new", ("new-1",)),
        ("GET", "/v1/files/new/content", ("content-1",)),
        ("GET", "/v1/files/new/other", ("new-1",)),
        ("GET", "/v1/files/file_1/content/more", ("content-1",)),
        ("GET", "/v1/files//content", ("files-1",)),
        ("GET", "/v1/limits", ("limits-1",)),
        ("GET", "/v1/limits/", ("limits-1",)),
        ("GET", "/v1/limits/one", ()),
        ("POST", "/v1/limits", ()),
        ("GET", "/v1/agents/public", ()),
        ("GET", "/v1/agents/public/below", ()),
        ("GET", "/v1/agents?beta=true", ()),
    ],
)
def test_the_rule_that_holds(method, path, betas):
    """Whole segments, the longest path, a literal before a placeholder, the method; in any order."""
    assert betas == TABLE.match(method, path).betas
    assert betas == RuleTable(RULE_LIST[::-1]).match(method, path).betas


def test_rules_at():
    """The rules that hold can be had themselves, in their order; a path that no rule is for has none."""
    another = EndpointRule("/v1/files/{id}", ["another-1"], required=False)
    table = RuleTable([*RULE_LIST, another])

    assert (A_FILE, another) == table.rules_at("GET", "/v1/files/file_1")
    assert () == table.rules_at("GET", "/v1/models")


def test_rules_of_the_same_rank_add_up():
    """Two rules for one path both hold, in their order; only what a required one wants is required."""
    table = RuleTable(
        [
            EndpointRule("/v1/{a}", ["x", "y"], required=False),
            EndpointRule("/v1/{b}", ["z", "x"]),
            EndpointRule("/v1/{b}", ["w"], methods=["PUT"]),
        ]
    )
    assert Needs(("x", "y", "z"), frozenset({"z", "x"})) == table.match("GET", "/v1/thing")


def test_the_first_placeholder_decides_between_paths_of_one_length():
    """Among templates of one length the one that is literal further to the left is the closer one."""
    table = RuleTable([EndpointRule("/v1/{a}/x", ["right"]), EndpointRule("/v1/y/{b}", ["left"])])
    assert ("left",) == table.match("GET", "/v1/y/x").betas


def test_a_longer_rule_for_another_method_shields_nothing():
    """A rule that does not hold is not there."""
    table = RuleTable([EndpointRule("/v1/a", ["short"]), EndpointRule("/v1/a/b", ["long"], methods=["POST"])])
    assert (("short",), ("long",)) == tuple(table.match(method, "/v1/a/b").betas for method in ("GET", "POST"))


def test_no_rules_want_nothing():
    """An empty table is fine."""
    assert Needs() == RuleTable([]).match("GET", "/v1/agents")


def test_a_required_beta_is_told_apart():
    """What an endpoint only suggests is not required."""
    assert (frozenset({"agents-1"}), frozenset()) == (
        TABLE.match("GET", "/v1/agents").required,
        TABLE.match("GET", "/v1/files").required,
    )


def test_the_table_remembers_a_bounded_number_of_paths():
    """A table that kept all of them would grow for ever."""
    table = RuleTable([A_FILE])
    for number in range(3000):
        table.match("GET", f"/v1/files/file_{number}")
    info = table.match.cache_info()
    assert info.currsize <= info.maxsize == 1024


def test_a_path_that_is_only_looked_for_is_not_kept():
    """It may carry an id: what a table keeps of it is what it could tell apart anyway."""
    table = RuleTable([A_FILE, FILES])
    needs = {table.find("GET", f"/v1/files/secret_{number}/content/secret") for number in range(9)}
    assert (1, False) == (len(needs), "secret" in held(table))


@pytest.mark.parametrize(
    ("path", "spelled"),
    [
        ("/v1/files", ("v1", "files")),
        ("/v1/files/", ("v1", "files")),
        ("/v1/files/f_1", ("v1", "files", "{}")),
        ("/v1/f_1/files", ("v1", "{}", "files")),
        ("/v1//files", ("v1", "", "files")),
        ("/", ("",)),
        ("/v1/files/f_1/files", ("v1", "files", "{}", "files")),
        ("/v1/files/f_1/files/f_2/f_3", ("v1", "files", "{}", "files")),
        ("/{}/{file_id}", ("{}", "{}")),
    ],
)
def test_a_path_is_spelled_with_the_words_of_the_templates(path, spelled):
    """What they do not spell out is one as another, and what is longer than all of them is longer, no more."""
    assert spelled == Spelling.of(["/v1/files", "/v1/files/{file_id}"]).of_path(path)


def test_without_templates_nothing_is_spelled_out():
    """There is a path, and that is all."""
    assert ("{}",) == Spelling.of([]).of_path("/v1/files")


@given(rules=st.lists(RULES, max_size=6), path=PATHS, method=st.sampled_from(["GET", "POST", "PUT"]))
def test_the_table_does_what_a_plain_reading_of_the_rules_does(rules, path, method):
    """Compare with the promise written down naively: of the rules that hold, all those with the highest rank."""
    wanted = path.strip("/").split("/")

    def holds(rule):
        template = rule.path.strip("/").split("/")
        return (
            method in (rule.methods or {method})
            and (len(wanted) == len(template) if rule.exact else len(wanted) >= len(template))
            and all(have == want or want.startswith("{") for have, want in zip(wanted, template, strict=False))
        )

    def rank(rule):
        template = rule.path.split("/")[1:]
        return len(template), [not segment.startswith("{") for segment in template]

    held = [rule for rule in rules if holds(rule)]
    best = [rule for rule in held if rank(rule) == max(map(rank, held))]
    needs = RuleTable(rules).match(method, path)
    assert tuple(dict.fromkeys(beta for rule in best for beta in rule.betas)) == needs.betas
    assert {beta for rule in best if rule.required for beta in rule.betas} == needs.required


def test_the_shipped_rules_make_a_table():
    """The catalog's rules are used as they are."""
    needs = RuleTable(CATALOG_RULES).match("POST", "/v1/agents/agent_1")
    assert Needs(("managed-agents-2026-04-01",), frozenset({"managed-agents-2026-04-01"})) == needs


def test_the_template_of_an_unknown_path_is_no_path():
    """`_OTHER` is OpenTelemetry's word, and cannot be taken for a template."""
    assert not OTHER.startswith("/")
