"""The pages of the atlas in a real browser: facets, what a search finds, a 404 in a subfolder."""

import http.server
import shutil
import threading
from functools import partial
from itertools import combinations

import pytest

from midpo_sym.atlas import index, lattices
from midpo_sym.spec import library

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
    page.locator('select[data-from="year"]').select_option("2025")
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


@pytest.fixture
def side_by_side(tab, website):
    return tab().open((website / "pairs.html").as_uri() + "?a=tur_dpo&b=dpo")


def test_two_losses_side_by_side_say_what_is_proved_of_them(side_by_side):
    """TUR-DPO's γ = 0 is MADPO, whose v = 1 is DPO; what the address names is chosen."""
    assert side_by_side.locator("#pair-answer .answer").inner_text() == (
        "DPO is a special case of TUR-DPO: TUR-DPO becomes MADPO at γ = 0, "
        "which becomes DPO at v = 1."
    )
    side_by_side.locator("select[name=b]").select_option("step_dpo")
    assert "Step-DPO is the same loss as DPO." in side_by_side.locator(".answer").inner_text()
    side_by_side.get_by_role("button", name="Swap").click()
    assert side_by_side.locator("#pair-answer code").inner_text() == "midpo diff step_dpo tur_dpo"
    rows = side_by_side.locator("#pair-answer tr.differs th").all_inner_texts()
    assert "formula" in rows
    assert "link" not in rows


def test_the_answer_of_every_pair_is_what_follows_from_the_lattice(side_by_side):
    """Against the transitive closure of the edges, taken here by squaring."""
    ties = lattices.read()
    first = {id_: group[0] for group in ties.same for id_ in group}
    names = library.names()
    below = {id_: {id_} for id_ in names}
    for edge in ties.edges:
        below[edge.general].add(edge.special)
    for _ in names:
        below = {id_: set().union(*(below[each] for each in its)) for id_, its in below.items()}
    expected = {}
    for one, other in combinations(names, 2):
        ours, theirs = first.get(one, one), first.get(other, other)
        if ours == theirs:
            kind = "same"
        elif ours in below[theirs] or theirs in below[ours]:
            kind = "special"
        else:
            kind = "common" if below[ours] & below[theirs] else "none"
        expected[f"{one} {other}"] = "unknown" if "gpo" in (one, other) else kind
    found = side_by_side.evaluate(
        "pairs => pairs.map(each => midpoAnswer(...each.split(' '))[0])", list(expected)
    )
    assert dict(zip(expected, found, strict=True)) == expected
    assert len(set(found)) == 5


def test_without_scripts_neighbours_are_listed(tab, website):
    opened = tab(java_script_enabled=False)
    opened.page.goto((website / "pairs.html").as_uri())
    ties = lattices.read()
    rows = opened.page.locator("main tbody tr:visible")
    assert rows.count() == len(ties.edges) + sum(len(group) - 1 for group in ties.same)
    assert opened.page.locator("#pair").is_hidden()
