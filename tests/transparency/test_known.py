"""What a caller can tell the chain by, and should not: each fails until it is mended."""

import pytest
from support.twice.known import KNOWN


@pytest.mark.parametrize(
    "reason",
    [
        pytest.param(reason, marks=pytest.mark.xfail(strict=True, raises=AssertionError, reason=reason))
        for reason in KNOWN
    ],
)
async def test_what_is_known_to_be_visible(stage, reason):
    """Each of these calls shows a defect; who mends it deletes its line in `support/twice/known.py`."""
    for call in KNOWN[reason].calls():
        assert [] == await stage.differences([call])
