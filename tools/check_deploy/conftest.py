"""What the tests of ``deploy/`` are given."""

import os

import pytest


@pytest.fixture
def promtool() -> str:
    """Give the path of promtool, which tools/check_deploy.sh has set up."""
    return os.environ["PROMTOOL"]
