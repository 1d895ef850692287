"""However a caller sets up the session and the request, the chain changes nothing that can be seen."""

import pytest
from support.twice.both import calls
from support.twice.settings import SETTINGS

KINDS = ["200", "400 chunked", "400 gzip", "400 in one long line", "500", "302"]
MODES = ["a beta that is taken", "recovered", "recovered from it", "handed over after a vain resend"]
WAYS = ["text", "lines"]


@pytest.mark.parametrize("setting", SETTINGS)
async def test_a_setting(stage, setting):
    """Replies, errors, cookies, trace events and the requests on the wire are those of a plain session."""
    product = calls(KINDS, modes=MODES, settings=[setting], ways=WAYS)

    assert [] == await stage.differences(product)


@pytest.mark.parametrize("setting", ["as it comes", "max_redirects", "allow_redirects off", "raise_for_status"])
async def test_redirects(stage, setting):
    """Where a redirect leads, or ends, the chain is led and ends as well."""
    kinds = ["301", "303", "308", "302 without a body", "302 to itself", "302 to something else", "307 to no host"]

    assert [] == await stage.differences(calls(kinds, modes=MODES, settings=[setting], ways=WAYS))


@pytest.mark.parametrize("setting", ["auto_decompress off", "auto_decompress off in the request"])
async def test_codings(stage, setting):
    """What is not decompressed reaches the caller as it was on the wire."""
    kinds = ["400 deflate", "400 br", "400 zstd", "400 gzip until EOF", "400 in the wrong coding", "500 gzip"]

    assert [] == await stage.differences(calls(kinds, modes=MODES, settings=[setting], ways=WAYS))
