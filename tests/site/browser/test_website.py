"""The website in a real browser: alive, by mouse, keyboard and address, and without scripts."""

import math
from pathlib import Path

import pytest

from midpo_sym import api
from midpo_sym.site.live import program as live
from midpo_sym.spec import library

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
SCHEMES = {"light": "default", "dark": "slate"}  # and what the theme calls them
SHOWN = "e => e.checkVisibility({contentVisibilityAuto: true, visibilityProperty: true})"


def address(website: Path, page: str) -> str:
    return (website / page).as_uri()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_colours_are_those_that_the_reader_s_system_asks_for(tab, website, scheme):
    page = tab(color_scheme=scheme).open(address(website, "index.html"))
    assert page.evaluate("document.body.dataset.mdColorScheme") == SCHEMES[scheme]


@pytest.mark.parametrize("over", ["folder", "server"])
def test_the_search_finds_an_algorithm(tab, website, server, over):
    opened = tab()
    page = opened.open(
        address(website, "index.html") if over == "folder" else f"{server}/index.html"
    )
    page.locator(".md-search__input").first.click()
    page.keyboard.type("SimPO", delay=10)
    page.wait_for_selector(".md-search-result__item")
    first = page.locator(".md-search-result__item").first
    assert "SimPO" in first.inner_text()
    found = page.locator(".md-search-result__link").evaluate_all("all => all.map(a => a.href)")
    assert any("algorithms/simpo.html" in each for each in found)
    assert opened.complaints == []


def test_steps_open_and_close_one_by_one_and_together(tab, website):
    page = tab().open(address(website, "algorithms/tdpo.html"))
    lines, details = page.locator(".stage > .line > details"), page.locator(".step details")
    count = details.count()
    assert count == page.locator(".step[id]").count() > 5
    assert 1 < lines.count() < count
    assert page.locator(".step:visible").count() == page.locator(".step.start:visible").count()
    lines.first.locator("summary").first.click()
    details.first.locator("summary").click()
    assert page.locator(".step details[open]").count() == 1
    page.get_by_role("button", name="Expand all").click()
    assert page.locator(".step details[open]").count() == count
    page.get_by_role("button", name="Collapse all").click()
    assert page.locator(".step details[open]").count() == 0


def test_the_address_of_a_step_leads_to_it(tab, website):
    page = tab().open(address(website, "algorithms/simpo.html") + "#step-9")
    page.wait_for_function("scrollY > 100")
    assert page.locator("#step-9 details").first.get_attribute("open") is not None
    box = page.locator("#step-9").bounding_box()
    assert 0 <= box["y"] < 900


def test_the_latex_of_a_formula_and_the_code_can_be_copied(tab, server):
    opened = tab(permissions=["clipboard-read", "clipboard-write"])
    page = opened.open(f"{server}/algorithms/dpo.html")
    formula = page.locator(".theorem .eq").first
    formula.hover()
    formula.get_by_role("button", name="copy LaTeX").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == r"\zeta(y) \propto \pi_{\mathrm{ref}}(y\mid x)"
    page.get_by_text("Specification", exact=True).click()
    block = page.locator(".tabbed-block .highlight").filter(visible=True).first
    block.hover()
    block.get_by_role("button", name="copy").click()
    assert 'title   = "DPO"' in page.evaluate("navigator.clipboard.readText()")


def test_a_symbol_explains_itself_to_mouse_and_keyboard(tab, website):
    page = tab().open(address(website, "algorithms/dpo.html"))
    tip = page.locator("#midpo-tip")
    page.locator(".theorem [data-s=ref]").first.hover()
    assert tip.inner_text() == "the reference policy"
    page.keyboard.press("Escape")
    assert tip.is_hidden()
    page.locator(".theorem [data-s=alpha][tabindex]").focus()
    meaning = api.derivation("dpo").parameters[0].meaning
    assert tip.inner_text() == meaning


def test_a_slider_moves_the_curve_and_reset_brings_it_back(tab, website):
    page = tab().open(address(website, "algorithms/simpo.html"))
    curve = page.locator("#simpo-loss-curve")
    slider = page.locator("input[name=gamma]")
    slider.fill("0.5")
    start = curve.get_attribute("d")
    slider.fill("2")
    assert curve.get_attribute("d") != start
    assert slider.locator("xpath=following-sibling::output").inner_text() == "2"
    page.get_by_role("button", name="Reset").click()
    assert curve.get_attribute("d") == start


def test_the_script_and_the_figure_compute_the_same(tab, website):
    """The loss in the browser against the program run in Python, at moved sliders."""
    opened = tab()
    for id_ in api.ids("paper"):
        derivation = api.derivation(id_)
        program = live.loss_program(derivation.statement)
        moved = live.sliders(derivation, program)
        page = opened.open(address(website, f"algorithms/{id_}.html"))
        values = {each.name: each.low + 0.7 * (each.high - each.low) for each in moved}
        point = live.point(program, moved, 1.5)
        for name, value in values.items():
            shift = live.REFERENCE if name == "logp_pi_l" else 0.0
            point[name] = (value + shift, 0.0)
        expected = live.run(program, point)
        found = page.evaluate(
            """([id, values]) => {
                const figure = document.querySelector("[data-live]");
                return midpoEvaluate(id, values, 1.5, JSON.parse(figure.dataset.live));
            }""",
            [id_, values],
        )
        assert math.isclose(found[0], expected[0], rel_tol=1e-12), id_
        assert math.isclose(found[1], expected[1], rel_tol=1e-12), id_


def test_the_table_is_filtered_and_sorted(tab, website):
    page = tab().open(address(website, "compare.html"))
    rows = page.locator("#comparison tbody tr")
    count = rows.count()
    page.get_by_role("searchbox", name="Filter").fill("simpo")
    assert page.locator("#comparison tbody tr:visible").count() == 1
    page.get_by_role("searchbox", name="Filter").fill("")
    heading = page.get_by_role("button", name="algorithm")
    heading.click()
    names = page.locator("#comparison tbody th").all_inner_texts()
    assert names == sorted(names, key=str.lower)
    assert len(names) == count
    heading.click()
    assert page.locator("#comparison tbody th").all_inner_texts() == names[::-1]


def test_the_audit_is_filtered_and_sections_of_nothing_go(tab, website):
    page = tab().open(address(website, "audit.html"))
    count = len([entry for each in library.audits() for entry in each.entries])
    assert page.locator("section.claim").count() == count
    page.get_by_role("searchbox", name="Filter").fill("summary-dpo")
    assert page.locator("section.claim:visible").evaluate_all("all => all.map(e => e.id)") == [
        "summary-dpo"
    ]
    assert page.locator("article h2:visible").count() == 1
    page.get_by_role("searchbox", name="Filter").fill("")
    assert page.locator("section.claim:visible").count() == count


def test_the_nodes_of_the_graph_are_links(tab, website):
    page = tab().open(address(website, "compare.html"))
    page.locator(".graph a").filter(has_text="TDPO₂").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/tdpo2.html")


def test_the_keyboard_alone_reaches_everything(tab, website):
    for name in ("algorithms/tdpo2.html", "compare.html"):
        page = tab().open(address(website, name))
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        total = page.evaluate(
            f"""() => {{
                const shown = {SHOWN};
                const all = "a[href], button, summary, input, label[tabindex], [tabindex='0']";
                const main = document.querySelector("main article");
                const found = [...main.querySelectorAll(all)].filter(shown)
                    .filter(e => e.tabIndex >= 0)
                    .filter(e => e.type !== "radio" || e.checked);
                found.forEach((e, k) => (e.dataset.stop = k));
                return found.length;
            }}"""
        )
        assert total > 20
        reached = set()
        for _ in range(3 * total + 100):
            page.keyboard.press("Tab")
            stop = page.evaluate("document.activeElement?.dataset?.stop")
            if stop is not None:
                reached.add(stop)
            if len(reached) == total:
                break
        left = page.evaluate(
            "seen => [...document.querySelectorAll('[data-stop]')]"
            ".filter(e => !seen.includes(e.dataset.stop)).map(e => e.outerHTML.slice(0, 200))",
            list(reached),
        )
        assert left == [], name


def test_a_printed_page_shows_everything(tab, website):
    page = tab().open(address(website, "algorithms/centropy.html"))
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    hidden = page.evaluate(
        f"""() => [...document.querySelectorAll("details > :not(summary), .tabbed-block")]
            .filter(e => !({SHOWN})(e)).length"""
    )
    assert hidden == 0
    assert page.locator(".sliders").is_hidden()


def test_a_page_is_read_without_scripts(tab, website):
    opened = tab(java_script_enabled=False)
    opened.page.goto(address(website, "algorithms/simpo.html"))
    page = opened.page
    assert page.locator(".theorem math").first.is_visible()
    assert page.locator(".plot svg").first.is_visible()
    assert page.locator(".sliders").is_hidden()
    page.locator(".stage details summary").first.click()
    page.locator(".step details summary").first.click()
    assert page.locator(".step details .inner").first.is_visible()
