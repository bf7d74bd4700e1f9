"""What a test needs and a machine may lack: skipped with a reason, and failed where MIDPO_CI is."""

import os

import pytest


def missing(what: str) -> None:
    """Skip, or fail where nothing may be skipped."""
    if os.environ.get("MIDPO_CI"):
        pytest.fail(f"{what} is missing, and this test needs it", pytrace=False)
    pytest.skip(f"{what} is missing, so this is not tried")
