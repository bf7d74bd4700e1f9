"""What Coq checked is shown where it checked just this, and nowhere else."""

import copy
from pathlib import Path

import pytest

from midpo_sym import api
from midpo_sym.site.mkdocs.render import render
from midpo_sym.site.parts.certificate import certified
from midpo_sym.spec import library as catalogue
from midpo_sym.targets.coq.checking import coverage, lock, outcome

ROOT = Path(__file__).parents[3]
BADGE = 'href="#coq">value checked by Coq</a>'


def test_every_claim_that_the_lock_vouches_for_is_shown(rendered):
    for id_ in api.ids("paper"):
        page = rendered.files[f"algorithms/{id_}.md"].decode()
        assert page.count(BADGE) == 1
        for result in api.check(id_):
            entry = lock.shipped()["certificates"][result.id]
            name = entry["file"].replace("/", "_")
            assert f"{result.id}: {result.verdict.status.value}</summary>" in page
            assert f'<a href="{name}" download>' in page
            assert all(f"<code>{axiom}</code>" in page for axiom in entry["axioms"])
            assert f"algorithms/{name}" in rendered.files


def test_a_refuted_claim_shows_what_is_refuted(rendered):
    page = rendered.files["algorithms/centropy.md"].decode()
    _, _, after = page.partition("centropy/section-4: refuted</summary>")
    assert "Theorem certificate : ~ statement." in after.partition("</details>")[0]


def test_what_was_said_is_not_said_again(rendered):
    """SimPO's prior is printed in two ways, its loss in one: only what differs stands twice."""
    page = rendered.files["algorithms/simpo.md"].decode()
    found = [each.partition("</code>")[0] for each in page.split("data-search-exclude><code>")]
    definitions = [each for each in found if "Theorem certificate" in each]
    assert len(definitions) == len(api.check("simpo"))
    blocks = [block for each in definitions for block in each.split("\n\n")]
    twice = [
        block for block in blocks if block.startswith("Definition") and blocks.count(block) > 1
    ]
    assert twice == []
    assert definitions[0].count("Definition") == 4
    assert sum("(* The rest is as above. *)" in each for each in definitions) >= 1


def test_a_download_holds_the_library(rendered):
    text = rendered.files["algorithms/simpo_claim_section_4.v"].decode()
    assert "Record vocab := Vocab" in text
    assert "From Midpo" not in text
    assert text.rstrip().endswith("Print Assumptions certificate.")


@pytest.mark.slow
@pytest.mark.parametrize("what", ["sha256", "library", "missing"])
def test_what_coq_has_not_seen_has_no_badge(specs, monkeypatch, what):
    other = copy.deepcopy(lock.shipped())
    if what == "sha256":
        for each in other["certificates"].values():
            each["sha256"] = "0" * 64
    elif what == "library":
        other["library"]["MidpoCore"] = "0" * 64
    else:
        other["certificates"] = {}
    monkeypatch.setattr(lock, "shipped", lambda: other)
    files = render(specs, ROOT / "site", cache=None).files
    assert b"Coq" not in files["algorithms/dpo.md"]
    assert b"certificates" not in files["trust.md"]
    assert not [path for path in files if path.endswith(".v")]


@pytest.mark.slow
def test_another_loss_is_not_vouched_for(tmp_path):
    """DPO's id and claim, and a loss with twice the reference: the certificate is another one."""
    text = (ROOT / "derivations" / "dpo.toml").read_text(encoding="utf-8")
    path = tmp_path / "dpo.toml"
    path.write_text(text.replace("ref(w)", "ref(w)**2"), encoding="utf-8")
    assert text != path.read_text(encoding="utf-8")
    assert all(certified(each) is None for each in api.check(path))
    assert all(certified(each) for each in api.check("dpo"))


def test_the_trust_page_says_what_remains(rendered):
    page = rendered.files["trust.md"].decode()
    claims = sum(len(api.check(id_)) for id_ in api.ids("paper"))
    assert f"For {claims} of the {claims} claims" in page
    for axiom in ("sig_forall_dec", "sig_not_dec", "classic", "functional_extensionality_dep"):
        assert axiom in page
    assert f"{len(lock.theorems())} theorems of the framework" in " ".join(page.split())
    library = (ROOT / "midpo_sym/targets/coq/library/MidpoCore.v").read_text(encoding="utf-8")
    lines = library.splitlines()
    (end,) = [n for n, line in enumerate(lines) if line.startswith("(** * What follows is proof")]
    assert f"They are {end}\n" in page
    rows = coverage.coverage(
        [o for id_ in api.ids("paper") for each in api.check(id_) for o in outcome.prepare(each)],
        catalogue.theories(),
        catalogue.audits(),
    )
    left = [row for row in rows if not row.by]
    assert f"Not certified: {len(left)} of" in page
    assert page.count("<li><code>") == len(left)
    assert all(f"<code>{row.id}</code> ({row.part}): {row.missing}" in page for row in left)
