"""A catalog of one's own: a file, which is read strictly."""

import os
import re
from pathlib import Path

import pytest

import betamw

KEY = "sk-ant-api03-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
SMALL = """
[endpoints]
rules = [{ path = "/v1/assistants", betas = ["assistants=v2"] }]
"""


@pytest.mark.parametrize("kind", [str, Path])
def test_load(tmp_path, kind):
    """A file with a rule and nothing else will do, as a path of either kind."""
    file = tmp_path / "mine.toml"
    file.write_text(SMALL, encoding="utf-8")
    catalog = betamw.Catalog.load(kind(file))
    assert (betamw.EndpointRule("/v1/assistants", ["assistants=v2"]),) == catalog.rules
    assert isinstance(catalog, betamw.Catalog)


def test_load_nothing(tmp_path):
    """An empty file is a catalog that knows nothing."""
    file = tmp_path / "mine.toml"
    file.touch()
    assert () == betamw.Catalog.load(file).rules


def test_the_documented_file_is_one(tmp_path):
    """The file in the class's docstring holds what it says."""
    [text] = re.findall(r"```toml\n(.*?)```", betamw.Catalog.__doc__, re.DOTALL)
    file = tmp_path / "mine.toml"
    file.write_text(text, encoding="utf-8")
    catalog = betamw.Catalog.load(file)
    assert ["/v1/assistants", "/v1/threads"] == [rule.path for rule in catalog.rules]
    assert ["caching"] == [gate.id for gate in catalog.gates_at("POST", "/v1/threads")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"\xff\xfe", "must be UTF-8, got something else at byte 0"),
        (b"rules = [", "catalog: Invalid value (at end of document)"),
        (b"rules = []", "catalog: Object contains unknown field `rules`"),
        (b"required = 1", "catalog: Expected `array`, got `int` - at `$.required`"),
        (
            b'endpoints.rules = [{ path = "v1", betas = [] }]',
            (
                "catalog: endpoints.rules: 'v1': path must be segments like /v1/files/{file_id}, in ASCII and without a"
                " query, got 'v1'"
            ),
        ),
    ],
)
def test_errors(tmp_path, monkeypatch, content, message):
    """An error says which file, where in it, what was given and what is allowed."""
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path("mine.toml").write_bytes(content)
    with pytest.raises(betamw.ConfigError) as error:
        betamw.Catalog.load("mine.toml")
    assert f"'mine.toml': {message}" == str(error.value)


@pytest.mark.parametrize("value", [5000 * "9", 5000 * "["])
def test_what_python_does_not_read(tmp_path, value):
    """Too long a number and too deep an array are errors of the file, too."""
    file = tmp_path / "mine.toml"
    file.write_text(f"required = {value}", encoding="utf-8")
    with pytest.raises(betamw.ConfigError, match="catalog: "):
        betamw.Catalog.load(file)


@pytest.mark.parametrize("content", [f"{KEY} = 1", f"[betas.{KEY}.active]\na = ''"])
def test_errors_tell_no_key(tmp_path, content):
    """What looks like a key is not shown, wherever in the file it stands."""
    file = tmp_path / "mine.toml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(betamw.ConfigError, match="what looks like a key cannot stand there") as error:
        betamw.Catalog.load(file)
    assert KEY not in str(error.value)


@pytest.mark.parametrize("path", [".", "a\0b"])
def test_what_is_no_file(path):
    """A directory, and a path that cannot be one, are told as such."""
    with pytest.raises(betamw.ConfigError, match="cannot be read: "):
        betamw.Catalog.load(path)


@pytest.mark.parametrize("path", [None, 0, b"mine.toml", {"required": []}])
def test_what_is_no_path(path):
    """Bytes, a number (which would be a file's that is open) and what a catalog holds are no path."""
    with pytest.raises(betamw.ConfigError, match=r"path of a catalog must be a str or an os\.PathLike"):
        betamw.Catalog.load(path)


def test_a_path_of_bytes(tmp_path):
    """An object whose path is bytes is refused as bytes are."""

    class Odd:
        def __fspath__(self):
            return os.fsencode(tmp_path)

    with pytest.raises(betamw.ConfigError, match=r"path of a catalog must be a str or an os\.PathLike"):
        betamw.Catalog.load(Odd())


def test_the_shipped_one():
    """What is shipped is one as well, and says where the defaults come from."""
    assert isinstance(betamw.CATALOG, betamw.Catalog)
    assert betamw.CATALOG is betamw.Api("https://api.example").catalog
    assert betamw.CATALOG_RULES == betamw.CATALOG.rules


@pytest.mark.parametrize("catalog", ["mine.toml", None, {}])
def test_an_api_takes_a_catalog(catalog):
    """A path, which is an easy mistake, fails where it is written."""
    with pytest.raises(betamw.ConfigError, match="catalog must be of class Catalog, got"):
        betamw.Api("https://api.example", catalog=catalog)


def test_a_catalog_is_shown_in_short():
    """It stands in the signatures of others, where a page of betas would hide the rest."""
    assert "<Catalog: 0 betas, 0 rules>" == repr(betamw.Catalog.from_toml(""))
