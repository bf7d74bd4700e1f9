"""The pages of the atlas in a real browser: facets, what a search finds, a 404 in a subfolder."""

import http.server
import shutil
import threading
from functools import partial

import pytest

from midpo_sym.atlas import index

pytestmark = pytest.mark.slow


def shown(page) -> set[str]:
    """Return the ids of the losses that the table shows."""
    found = page.locator("#losses tbody tr:visible th a").evaluate_all(
        "all => all.map(each => each.getAttribute('href'))"
    )
    return {each.rpartition("/")[2].removesuffix(".html") for each in found}


@pytest.fixture
def page(tab, website):
    return tab().open((website / "atlas.html").as_uri())


def test_facets_leave_what_has_all_that_is_chosen(page):
    rows = index.read().values()
    assert shown(page) == {each.id for each in rows}
    page.get_by_label("prior").select_option("label")
    page.get_by_label("a reference").check()
    expected = {each.id for each in rows if each.axes.prior == "label" and each.reference_free}
    assert shown(page) == expected
    assert "simpo" in expected
    assert "dpo" not in expected
    page.get_by_label("prior").select_option("")
    page.get_by_label("a reference").uncheck()
    page.get_by_label("pointwise only").check()
    assert shown(page) == {each.id for each in rows if each.axes.scope.startswith("response")}


def test_years_are_from_the_one_that_is_chosen_on(page):
    rows = index.read().values()
    page.get_by_label("from").select_option("2025")
    assert shown(page) == {each.id for each in rows if each.year >= 2025}


def test_without_scripts_it_is_a_table(tab, website):
    opened = tab(java_script_enabled=False)
    opened.page.goto((website / "atlas.html").as_uri())
    assert len(shown(opened.page)) == len(index.read())
    assert opened.page.locator(".facets").is_hidden()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("IPO", "atlas/ipo.html"),
        ("KTO", "atlas/kto.html"),
        ("reference-free", "algorithms/simpo.html"),
        ("sppo_hard", "atlas/sppo.html"),
        ("2310.12036", "atlas/ipo.html"),
    ],
)
def test_a_search_finds_a_loss_by_its_names(tab, website, words, expected):
    page = tab().open((website / "index.html").as_uri())
    page.locator(".md-search__input").first.click()
    page.keyboard.type(words, delay=10)
    page.wait_for_selector(".md-search-result__item")
    page.wait_for_timeout(500)
    found = page.locator(".md-search-result__link").evaluate_all("all => all.map(a => a.href)")
    assert any(expected in each for each in found), found


@pytest.mark.parametrize("lost", ["nothing.html", "atlas/nothing.html", "algorithms/x/y.html"])
def test_a_lost_reader_under_a_subfolder_is_led_home(tab, website, tmp_path, lost):
    """The website lies under /some/where/; its 404 is handed out for what is not there."""
    shutil.copytree(website, tmp_path / "some/where")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def send_error(self, code, *_):
            self.send_response(code)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write((website / "404.html").read_bytes())

    handler = partial(Handler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        root = f"http://127.0.0.1:{server.server_port}/some/where"
        opened = tab()
        opened.page.goto(f"{root}/{lost}")
        opened.page.get_by_role("link", name="The first page").click()
        assert opened.page.url == f"{root}/index.html"
        server.shutdown()
        thread.join()
