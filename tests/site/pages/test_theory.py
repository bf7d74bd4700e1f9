"""The pages of the theory and of the audit say what was computed, and nothing else."""

import re
import shutil
from pathlib import Path

import pytest

from midpo_sym.site.mkdocs.errors import UnexpectedVerdictError
from midpo_sym.site.mkdocs.render import render
from midpo_sym.spec import library

ROOT = Path(__file__).parents[3]


@pytest.fixture
def specs(tmp_path) -> Path:
    """A folder with DPO and the theory of the reward."""
    folder = tmp_path / "derivations"
    (folder / "theory").mkdir(parents=True)
    for name in ("dpo.toml", "sources.toml", "README.md", "theory/reward.toml"):
        shutil.copy(ROOT / "derivations" / name, folder / name)
    return folder


def test_every_chain_has_an_address_and_every_step_too(rendered):
    for theory in library.theories():
        shown = rendered.files[f"theory/{theory.setting.id}.md"].decode()
        for chain in theory.chains:
            assert re.search(rf"^## .+ \{{ #{chain.id} \}}$", shown, re.MULTILINE)
            steps = re.findall(rf'class="step" id="{chain.id}-(\d+)"', shown)
            assert steps == [str(k + 1) for k in range(len(chain.steps))]
        assert shown.count("✓ proved") == len(theory.chains)


def test_a_step_names_its_rule_law_hypotheses_and_gap(rendered):
    """Gibbs' inequality in lemma 1, whose file says what its only step rests on."""
    shown = rendered.files["theory/lemma_1.md"].decode()
    step = shown.partition('id="gibbs-1"')[2].partition("</details>")[0]
    rules = "log t ≤ t − 1, cancellation, logarithm of a quotient, hypothesis"
    assert f"<summary>{rules}</summary>" in step
    assert "t − 1 − log t ≥ 0, and = 0 only for t = 1" in step
    assert 'log(a/b) = log a − log b <span class="why">(logarithm of a quotient)</span>' in step
    assert step.count("by hypothesis") == 2
    assert "what lies between the two lines" in step
    assert "the two sides are equal only if" in step
    assert "<code>0</code>" in step


def test_a_box_says_all_that_its_heading_says(rendered):
    """Lemma 1's "only for q = p_Y", and the domains without which cEntropy's sum may exceed 1."""
    shown = rendered.files["theory/lemma_1.md"].decode()
    least = shown.partition("{ #least }")[2].partition("</section>")[0]
    assert "the two sides are equal only if" in least
    assert r"\text{ for every } y</annotation>" in least
    assert "so is" not in shown
    page = rendered.files["theory/normalisable.md"].decode()
    centropy = page.partition("{ #centropy }")[2].partition("</section>")[0]
    for asked in (r"\in [0, 1]</annotation>", r"\ge 0</annotation>", "&gt; 0</annotation>"):
        assert asked in centropy
    tdpo = page.partition("{ #tdpo }")[2].partition("</section>")[0]
    assert r"\ge 0</annotation>" in tdpo


def test_a_cited_chain_is_linked(rendered):
    """In its own file by its anchor, in another by its page; both are there."""
    lemma = rendered.files["theory/lemma_1.md"].decode()
    assert '<a href="#split">lemma_1/split</a>' in lemma
    objective = rendered.files["theory/objective.md"].decode()
    assert '<a href="lemma_1.html#split">lemma_1/split</a>' in objective
    assert "{ #split }" in lemma


def test_the_statement_of_a_chain_has_its_relation(rendered):
    """Gibbs' chain goes down, from the divergence to 0; `marginal` is an equation with 1."""
    shown = rendered.files["theory/lemma_1.md"].decode()
    gibbs = shown.partition("{ #gibbs }")[2].partition("</section>")[0]
    assert r"{}\ge 0</annotation>" in gibbs
    marginal = shown.partition("{ #marginal }")[2].partition("</section>")[0]
    assert "{}= 1</annotation>" in marginal


def test_a_file_of_the_theory_is_downloaded_as_it_is(rendered):
    for theory in library.theories():
        path = f"theory/{theory.setting.id}.toml"
        assert rendered.files[path] == (ROOT / "derivations" / path).read_bytes()


@pytest.mark.slow
def test_a_chain_that_does_not_hold_stops_the_build(specs):
    """The first `=` step of the reward's first chain, with a term too many."""
    path = specs / "theory/reward.toml"
    text = path.read_text(encoding="utf-8")
    changed = re.sub(r'^(to +=) "(.+)"$', r'\1 "\2 + 1"', text, count=1, flags=re.MULTILINE)
    assert changed != text
    path.write_text(changed, encoding="utf-8")
    with pytest.raises(
        UnexpectedVerdictError, match=r"reward\.toml: reward/\S+ is not proved: step"
    ):
        render(specs, ROOT / "site")


def test_every_entry_of_the_audit_is_on_the_page_with_its_verdict(rendered):
    """The verdict that each file expects, which is written by hand and checked against it."""
    shown = rendered.files["audit.md"].decode()
    sections = re.findall(r'<section class="claim" id="([^"]+)".*?</section>', shown, re.DOTALL)
    entries = [entry for audit in library.audits() for entry in audit.entries]
    assert sorted(sections) == sorted(entry.id for entry in entries)
    assert sections[0] == "optimal-policy-section-2"  # the first error; what is proved comes last
    statuses = {entry.id: entry.status for entry in entries}
    proved = [statuses[name] == "proved" for name in sections]
    assert proved == sorted(proved)
    for entry in entries:
        section = shown.partition(f'<section class="claim" id="{entry.id}"')[2]
        badges = re.findall(r'class="badge ([\w-]+)"', section.partition("</section>")[0])
        assert badges[0] == entry.status.replace(" ", "-")
        assert len(badges) == (2 if entry.repair else 1)


def test_a_refuted_entry_shows_residual_witness_or_repair(rendered):
    """Section 4's cEntropy is refuted; appendix B's loss is the repair."""
    shown = rendered.files["audit.md"].decode()
    section = shown.partition('id="recovery-centropy"')[2].partition("</section>")[0]
    assert "✗ refuted" in section
    assert "<strong>Residual</strong>" in section
    assert "What is right:" in section
    assert 'href="algorithms/centropy.html#claim-section-4"' in section


@pytest.mark.slow
def test_without_theory_and_audit_there_are_no_pages_of_them(specs):
    shutil.rmtree(specs / "theory")
    site = render(specs, ROOT / "site")
    assert not any(path.startswith(("theory/", "audit")) for path in site.files)
    assert not any({"Theory", "Audit"} & set(entry) for entry in site.navigation)
