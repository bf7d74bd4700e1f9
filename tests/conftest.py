"""Fixtures for tests that call the command line."""

import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from midpo_sym import cli


class Outcome(NamedTuple):
    """What a call of the command line left behind."""

    status: int
    out: str
    err: str


@pytest.fixture
def midpo(monkeypatch, capsys) -> Callable[..., Outcome]:
    """Call the command line in this process, the way the console script does."""

    def call(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["midpo", *map(str, arguments)])
        try:
            cli.main()
        except SystemExit as end:
            status = end.code
        else:
            status = 0
        out, err = capsys.readouterr()
        return Outcome(status or 0, out, err)

    return call
