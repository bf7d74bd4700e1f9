"""A real browser. Without one these tests are skipped, and fail where MIDPO_CI is set."""

import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest
from oracles.needs import missing
from oracles.tabs import Tab

# Started so, it makes no connections of its own.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"


@pytest.fixture(scope="session")
def browser():
    if find_spec("playwright") is None:
        missing("playwright (pip install -e '.[dev]')")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - it may be missing

    if not Path(CHROMIUM).exists():
        missing("chromium (apt-get install chromium, or name one in the variable CHROMIUM)")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield found
        found.close()


@pytest.fixture
def tab(browser) -> Iterator:
    """Open tabs with options of one's own; they are closed at the end."""
    tabs = []

    def new(**options) -> Tab:
        tabs.append(Tab(browser, **options))
        return tabs[-1]

    yield new
    for each in tabs:
        each.context.close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def server(website) -> Iterator[str]:
    """The website over HTTP, on this machine."""
    handler = partial(_Quiet, directory=str(website))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as found:
        thread = threading.Thread(target=found.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{found.server_port}"
        found.shutdown()
        thread.join()
