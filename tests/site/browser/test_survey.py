"""What is seen of pages of every kind in a real browser: offline, accessible, readable on a phone.

Of the pages that one template makes, the survey opens those with the widest formula and with the
most rows, and a few at random; of the others, all.
"""

import random
import re
from pathlib import Path
from typing import NamedTuple

import pytest
from oracles.tabs import Tab

pytestmark = pytest.mark.slow

ALIKE = ("algorithms", "theory", "atlas", "decisions")  # folders of pages of one template
PLAIN = ("decisions",)  # of them, without formulas
AT_RANDOM = 2  # pages of each of these folders
SEED = 18
# What the theme calls a scheme, and what axe asks of it: in the second only what colours change.
SCHEMES: dict[str, tuple[str, dict[str, object]]] = {
    "light": ("default", {}),
    "dark": ("slate", {"runOnly": ["color-contrast"]}),
}
WIDTHS = (390, 768, 1280)
# Of these axe looks into the formulas as well, a thousand of which take it seconds.
WITH_FORMULAS = ("index.html", "algorithms/dpo.html")
SETTLED = (
    "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => "
    "done(document.documentElement.scrollWidth))))"
)
OPEN_ALL = "document.querySelectorAll('details').forEach(each => each.open = true)"
WIDE = (
    "[...document.querySelectorAll('.eq')].filter(e => e.scrollWidth > e.clientWidth + 1)"
    ".map(e => e.querySelector('annotation')?.textContent)"
)


def chosen(website: Path) -> dict[str, bool]:
    """Return the pages to open, and whether each is one that axe looks at."""
    found = {each.name: True for each in sorted(website.glob("*.html")) if each.name != "404.html"}
    rest = random.Random(SEED)
    for folder in ALIKE:
        texts = {
            f"{folder}/{each.name}": each.read_text(encoding="utf-8")
            for each in sorted((website / folder).glob("*.html"))
        }
        found |= dict.fromkeys(rest.sample(list(texts), AT_RANDOM), False)
        found[max(texts, key=lambda name: texts[name].count("<tr"))] = True
        found[max(texts, key=lambda name: _widest(texts[name]))] = True
    return found | dict.fromkeys(WITH_FORMULAS, True)


def _widest(text: str) -> int:
    """Return the length of the longest formula that stands on a line of its own."""
    return max(map(len, re.findall(r'class="?eq\b.*?<annotation[^>]*>([^<]*)', text)), default=0)


class Survey(NamedTuple):
    """What was seen of the pages from a folder; everything but the requests by page."""

    pages: dict[str, bool]
    barriers: dict[tuple[str, str], str]
    widths: dict[tuple[str, int], int]
    wide_formulas: dict[str, list[str]]
    fonts: dict[str, set[str]]
    asked: list[str]
    complaints: list[str]


@pytest.fixture(scope="module")
def survey(browser, website) -> Survey:
    """Each page, opened once, in all widths and both colour schemes, with every detail open."""
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - it may be missing

    seen = Survey(chosen(website), {}, {}, {}, {}, [], [])
    opened = Tab(browser)
    for name, tried in seen.pages.items():
        page = opened.open((website / name).as_uri())
        # Widths and colours on their way are neither the one nor the other.
        page.add_style_tag(content="*, *::before, *::after { transition: none !important }")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            closed = page.evaluate(SETTLED)
            page.evaluate(OPEN_ALL)
            seen.widths[name, width] = max(closed, page.evaluate(SETTLED))
        seen.wide_formulas[name] = page.evaluate(WIDE)
        outside = None if name in WITH_FORMULAS else {"exclude": [["math"]]}
        for scheme, (theme, rules) in SCHEMES.items() if tried else ():
            page.evaluate(f"document.body.dataset.mdColorScheme = '{theme}'")
            # A fetch of its own would be refused from a folder.
            found = Axe().run(page, context=outside, options={"preload": False} | rules)
            seen.barriers[name, scheme] = found.generate_report() if found.violations_count else ""
        # Asked for fonts, the browser reads the page again by itself, and complains of that.
        seen.asked.extend(opened.asked)
        seen.complaints.extend(opened.complaints)
        seen.fonts[name] = fonts(opened)
        opened.asked.clear()
        opened.complaints.clear()
    opened.context.close()
    return seen


def fonts(opened: Tab) -> set[str]:
    """Return the fonts of all formulas, as the browser reports them."""
    session = opened.context.new_cdp_session(opened.page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument", {"depth": 0})["root"]["nodeId"]
    query = {"nodeId": root, "selector": "math"}
    nodes = session.send("DOM.querySelectorAll", query)["nodeIds"]
    used = {
        font["familyName"]
        for node in nodes
        for font in session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
    }
    session.detach()
    return used


def test_pages_from_a_folder_ask_for_nothing_else(survey, website):
    start = (website.as_uri(), "data:", "blob:")
    assert [url for url in survey.asked if not url.startswith(start)] == []
    assert len(survey.asked) > len(survey.pages)


def test_nothing_is_complained_of_on_the_console(survey):
    assert survey.complaints == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_no_barrier(survey, scheme):
    found = {name: report for (name, of), report in survey.barriers.items() if of == scheme}
    assert {name: report for name, report in found.items() if report} == {}
    assert set(found) == {name for name, tried in survey.pages.items() if tried}
    assert {name.rpartition("/")[0] for name in found} == {"", *ALIKE}


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_scrolls_sideways(survey, width):
    found = {name: wide for (name, at), wide in survey.widths.items() if at == width}
    assert {name: wide for name, wide in found.items() if wide > width} == {}
    assert set(found) == set(survey.pages)


def test_no_formula_runs_over_its_line_on_a_wide_screen(survey):
    assert {name: each for name, each in survey.wide_formulas.items() if each} == {}


def test_every_formula_is_in_the_font_of_the_mathematics(survey):
    used = {name: each for name, each in survey.fonts.items() if each}
    with_formulas = tuple(f"{each}/" for each in ALIKE if each not in PLAIN)
    assert set(used) >= {name for name in survey.pages if name.startswith(with_formulas)}
    assert {name: each for name, each in used.items() if each != {"STIX Two Math"}} == {}


def test_pages_from_a_server_ask_no_other_host(tab, server, website):
    opened = tab()
    for name in chosen(website):
        opened.open(f"{server}/{name}")
    assert [url for url in opened.asked if not url.startswith((server, "data:", "blob:"))] == []
    assert opened.complaints == []
