"""What the tests of the core share."""

import pytest
from support.conversation import World


@pytest.fixture
def world():
    """A world in which nothing has happened."""
    return World()
