"""The website as a function of the specifications."""

import json
import re
import tomllib
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest

import midpo_sym
from midpo_sym import api
from midpo_sym.kernel import TRUSTED
from midpo_sym.language.printing.text import to_text
from midpo_sym.site.mkdocs.errors import SiteError, UnexpectedVerdictError
from midpo_sym.site.mkdocs.render import render
from midpo_sym.site.parts.gradient import gradient_of
from midpo_sym.spec.errors import SpecError

ROOT = Path(__file__).parents[3]
IDS = api.ids("paper")


def page(rendered, id_: str) -> str:
    return rendered.files[f"algorithms/{id_}.md"].decode()


def text(markup: str) -> str:
    """Return markup without tags and formulas."""
    markup = re.sub(r"<math.*?</math>", "", markup, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", markup).split())


def test_every_algorithm_has_a_page_and_its_downloads(rendered):
    for id_ in IDS:
        for ending in ("md", "toml", "tex", "bib", "json", "js"):
            assert f"algorithms/{id_}.{ending}" in rendered.files


def test_the_pages_are_the_same_bytes_every_time(rendered, cache):
    """Once with the figures and fonts of before, once without any."""
    for folder in (cache, None):
        again = render(ROOT / "derivations", ROOT / "site", cache=folder)
        assert again.files == rendered.files
        assert again.navigation == rendered.navigation


def test_a_specification_is_downloaded_as_it_is(rendered):
    for id_ in IDS:
        assert rendered.files[f"algorithms/{id_}.toml"] == (
            (ROOT / "derivations" / f"{id_}.toml").read_bytes()
        )


def test_the_torch_function_is_the_file_of_the_package(rendered):
    """What a page offers is what `midpo generate` wrote, byte for byte, and shows all of it."""
    for id_ in IDS:
        file = (ROOT / "midpo_sym/losses" / f"{id_}.py").read_bytes()
        assert rendered.files[f"algorithms/{id_}_loss.py"] == file
        tab = page(rendered, id_).partition('=== "PyTorch"')[2].partition('=== "Specification"')[0]
        lines = {line.strip() for line in tab.splitlines()}
        assert {line.strip() for line in file.decode().splitlines()} <= lines
        assert f"({id_}_loss.py)" in tab


def test_every_step_of_the_proof_is_on_the_page_with_rule_and_number(rendered):
    for id_ in IDS:
        steps = api.prove(id_).steps
        chain = (*steps.reward, *steps.framework, *steps.target)
        shown = page(rendered, id_)
        assert re.findall(r'id="step-(\d+)"', shown) == [str(k + 1) for k in range(len(chain))]
        rules = re.findall(
            r"<summary>([^<]+)</summary>\s*<div class=\"inner\">\s*<p><span class=\"tag\">law",
            shown,
        )
        assert [each.removesuffix(", from right to left") for each in rules] == [
            step.rule.name for step in chain
        ]


def test_the_badges_of_value_and_gradient_are_the_verdicts(rendered):
    for id_ in IDS:
        result = api.prove(id_)
        theorem = page(rendered, id_).partition('<p class="theorem-head">')[2].partition("</p>")[0]
        assert re.findall(r'badge (\w+)">(\w+)', theorem) == [
            (result.verdict.status.value, "value"),
            (result.gradient.status.value, "gradient"),
        ]


def test_a_gradient_that_is_refuted_is_said_so_with_residual_and_counterexample(rendered):
    """TDPO₂: the value is proved; the gradients differ by that of α α₂ Σ_t KL(y_w)."""
    theorem = page(rendered, "tdpo2").partition('id="theorem"')[2].partition("</section>")[0]
    assert "gradient ✗ refuted" in theorem
    assert "The <strong>gradients differ</strong>" in theorem
    assert r"\alpha\,\alpha_{2}\,\sum_{t=1}^{|y_w|} \mathrm{KL}" in theorem
    assert "A counterexample to check by hand (of the gradient)" in theorem


def test_a_refuted_claim_shows_its_residual_its_cure_and_a_witness(rendered):
    """Section 4 prints cEntropy with an exponent too many: right only for η = 1 (README)."""
    section = page(rendered, "centropy").partition('id="claim-section-4"')[2]
    section = section.partition("</section>")[0]
    assert "value ✗ refuted" in section
    assert r"\alpha\,\left(1 - \eta\right)" in section
    assert r">\eta = 1</annotation>" in section
    assert "A counterexample to check by hand" in section
    assert r"\neq 0</annotation>" in section


def test_every_claim_has_an_address(rendered):
    for id_ in IDS:
        shown = page(rendered, id_)
        for claim in api.derivation(id_).claims:
            assert claim.is_main or f'id="claim-{claim.id}"' in shown


def test_conditions_and_assumptions_stand_in_the_theorem(rendered):
    """SimPO divides by α and the lengths, and its prior knows the label."""
    theorem = page(rendered, "simpo").partition('id="theorem"')[2].partition("</section>")[0]
    assert r">\alpha \neq 0</annotation>" in theorem
    assert r">|y_w| \neq 0</annotation>" in theorem
    assert "No response is both chosen and rejected for the same prompt" in theorem
    assert "<strong>Assumption.</strong>" not in page(rendered, "dpo")


def test_the_paper_s_alpha_is_everybody_s_beta(rendered):
    """The table of symbols gives α its name in code."""
    row = page(rendered, "dpo").partition('id="symbol-alpha"')[2].partition("</tr>")[0]
    assert "<code>beta</code>" in row


def test_every_marked_symbol_of_a_page_is_in_its_table(rendered):
    for id_ in IDS:
        shown = page(rendered, id_)
        marked = set(re.findall(r"data-s=(\w+)", shown))
        assert marked <= set(re.findall(r'id="symbol-(\w+)"', shown)), id_


def test_the_comparison_shows_the_computed_properties(rendered):
    """Worked out by hand from the priors and losses of section 4.

    Columns: ζ knows policy, label, length; stop-gradient; reference-free; distributions; length;
    weights.
    """
    shown = rendered.files["compare.md"].decode()
    rows = {
        re.search(r"algorithms/(\w+)\.html", row)[1]: re.findall(r'class="(yes|no)"', row)
        for row in re.findall(r'<tr><th scope="row">.*?</tr>', shown)
    }
    assert set(rows) == set(IDS)
    yes = {id_: {k for k, each in enumerate(found) if each == "yes"} for id_, found in rows.items()}
    assert yes["dpo"] == set()
    assert yes["centropy"] == {0}
    assert yes["r_dpo"] == {2, 6}
    assert yes["simpo"] == {0, 1, 2, 4, 6}
    assert yes["tdpo"] == {0, 5}
    assert yes["tdpo2"] == {0, 3, 5}
    assert yes["sparsepo"] == {0, 5, 7}


def test_the_home_page_counts_the_claims(rendered):
    """15 claims are printed; refuted are cEntropy's of section 4, SimPO's line, SparsePO's loss.

    The other 7 are ours: three repairs, two readings (that loss of cEntropy's as DPO, R-DPO's β as
    1/α), and two priors for TDPO₂.
    """
    shown = re.sub(" (?=[,;])", "", text(rendered.files["index.md"].decode()))
    assert "Of 15 printed claims, 12 are ✓ proved, 3 ✗ refuted; 7 more are repairs" in shown


def test_the_tutorial_runs_the_program(rendered):
    shown = rendered.files["add_your_own.md"].decode()
    assert "1 refuted; 1 not as expected" in shown
    assert "which is the argument of the loss. ∎" in shown
    assert "a decimal number is not exact" in shown
    assert "1 proved; all as expected" in shown
    assert not re.search(r"\d ms", shown)


def test_the_command_line_page_has_every_command(rendered):
    shown = rendered.files["command_line.md"].decode()
    for command in ("prove", "list", "show", "prior", "new", "check", "site", "site build"):
        assert f"\n## midpo {command}\n" in shown
        assert f"$ midpo {command} --help" in shown


def test_the_trust_page_lists_all_that_is_trusted(rendered):
    """The files are those whose size and imports the test of the architecture bounds."""
    shown = rendered.files["trust.md"].decode()
    assert set(re.findall(r"`(kernel/[\w/]+\.py)` \(\d+ lines\)", shown)) == {
        each.path for each in TRUSTED
    }
    axioms = re.findall(r"^([A-D])(\d+) +", shown, re.MULTILINE)
    assert Counter(letter for letter, _ in axioms) == {"A": 14, "B": 7, "C": 3, "D": 2}
    assert "`tdpo2/label-free-prior`" in shown


def test_the_json_has_the_shape_of_the_schema_and_no_time(rendered):
    schema = json.loads(
        (Path(midpo_sym.__file__).parent / "targets/json/result.schema.json").read_text()
    )
    for id_ in IDS:
        data = json.loads(rendered.files[f"algorithms/{id_}.json"])
        jsonschema.validate(data, schema)
        assert all("seconds" not in each for each in data["results"])


def test_bibtex_is_of_the_works_cited(rendered):
    """SimPO is cited, and the paper that unifies."""
    found = re.findall(r"@misc\{(\w+),", rendered.files["algorithms/simpo.bib"].decode())
    assert found == ["meng2024simpo", "tutunov2025midpo"]


def test_a_page_of_what_is_not_there_is_not_in_the_navigation(rendered):
    """Every page of the navigation exists, generated or written by hand."""

    def pages(entries):
        for entry in entries:
            for value in entry.values():
                yield from pages(value) if isinstance(value, list) else [value]

    for each in pages(rendered.navigation):
        assert each in rendered.files or (ROOT / "site" / each).is_file()


class _Ids(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, _, attrs):
        self.found += [value for name, value in attrs if name == "id" and value]


def test_no_id_stands_twice_on_a_page(rendered):
    for path, content in rendered.files.items():
        if path.endswith(".md"):
            ids = _Ids()
            ids.feed(content.decode())
            assert len(ids.found) == len(set(ids.found)), path


def test_a_generated_script_says_so(rendered):
    for id_ in IDS:
        assert rendered.files[f"algorithms/{id_}.js"].startswith(b"// Generated from ")
        assert rendered.files[f"algorithms/{id_}.tex"].startswith(b"% Generated by midpo_sym from ")


def test_what_does_not_parse_stops_with_the_message_of_midpo_check(specs, midpo):
    path = specs / "dpo.toml"
    path.write_text(path.read_text().replace('"1/10"', '"0.1"'))
    with pytest.raises(SpecError) as caught:
        render(specs, ROOT / "site")
    assert midpo("check", str(path)).err.startswith(f"midpo: {caught.value}\n")


def test_a_claim_that_is_not_as_expected_stops_the_build(specs):
    """DPO without its reference is not DPO; the claim says it is proved."""
    path = specs / "dpo.toml"
    path.write_text(path.read_text().replace('zeta = "ref(y)"', 'zeta = "pi(y)*ref(y)"'))
    with pytest.raises(UnexpectedVerdictError, match="dpo/section-4 is expected to be proved") as e:
        render(specs, ROOT / "site")
    assert "is refuted and refuted" in str(e.value)


def test_an_unknown_command_of_latex_stops_the_build_with_file_and_command(specs):
    path = specs / "dpo.toml"
    path.write_text(
        path.read_text().replace('torch = "beta"', "torch = \"beta\", latex = '\\oops'")
    )
    assert tomllib.loads(path.read_text())["parameters"]["alpha"]["latex"] == r"\oops"
    with pytest.raises(SpecError) as caught:
        render(specs, ROOT / "site")
    assert str(path) in str(caught.value)
    assert r"\oops" in str(caught.value)


def test_a_folder_without_specifications_is_an_error(tmp_path):
    with pytest.raises(SiteError, match="has no specification"):
        render(tmp_path, ROOT / "site")


@pytest.mark.slow
def test_a_statement_that_is_refuted_is_no_theorem(specs):
    """The page says so where its claim expects it, and shows no proof."""
    path = specs / "dpo.toml"
    changed = path.read_text().replace('zeta = "ref(y)"', 'zeta = "pi(y)*ref(y)"')
    path.write_text(changed.replace('status = "proved"', 'status = "refuted"'))
    shown = render(specs, ROOT / "site").files["algorithms/dpo.md"].decode()
    assert "<strong>Theorem</strong>" not in shown
    assert "<strong>Statement</strong>" in shown
    assert "which is the argument of the loss" not in shown


@pytest.mark.slow
def test_a_statement_that_is_undecided_says_why(specs):
    """Σ max(1, π_t) = |y|, which the kernel does not know: no probability is above 1."""
    path = specs / "dpo.toml"
    changed = path.read_text().replace(
        'argument = "alpha*log(pi(w)/ref(w)) - alpha*log(pi(l)/ref(l))"',
        'argument = "alpha*log(pi(w)/ref(w)) - alpha*log(pi(l)/ref(l))'
        ' + sum_t(max(1, pi(w, t))) - length(w)"',
    )
    assert changed != path.read_text()
    path.write_text(changed.replace('status = "proved"', 'status = "undecided"', 1))
    shown = render(specs, ROOT / "site").files["algorithms/dpo.md"].decode()
    assert "value ? undecided" in shown
    assert "<strong>Undecided:</strong>" in shown
    assert "<strong>Theorem</strong>" not in shown


@pytest.mark.slow
def test_what_is_kept_is_what_would_be_made_and_only_as_long_as_it_is(specs, tmp_path):
    """A second rendering reads the archive; an edit of a specification makes another."""
    cache = tmp_path / "kept"
    first = render(specs, ROOT / "site", cache=cache)
    (archive,) = cache.glob("*.zip")
    stamp = archive.stat().st_mtime_ns
    again = render(specs, ROOT / "site", cache=cache)
    assert again.files == first.files
    assert again.navigation == first.navigation
    assert archive.stat().st_mtime_ns == stamp
    path = specs / "dpo.toml"
    path.write_text(path.read_text().replace('zeta = "ref(y)"', 'zeta = "pi(y)*ref(y)"'))
    with pytest.raises(UnexpectedVerdictError):
        render(specs, ROOT / "site", cache=cache)


def test_the_gradient_of_a_sum_has_its_sign_in_front():
    """SparsePO: the rejected response's terms, α Σ μ (…), are subtracted."""
    gradient = gradient_of(api.derivation("sparsepo").statement)
    assert to_text(gradient).endswith(
        "- sum_t(alpha*mu2(l, t)*kl_ref_pi(l, t)) - sum_t(alpha*mu1(l, t)*log(pi(l, t)))"
    )
