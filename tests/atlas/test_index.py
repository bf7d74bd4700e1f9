"""The generated index: current, and what is stale or wrong is caught."""

import json
from dataclasses import replace

import pytest

from midpo_sym.atlas import index, lattices
from midpo_sym.atlas.making import row_of
from midpo_sym.spec import library, loads

# By hand, from the paper: what the printed prior knows; SimPO's γ and TIS-DPO's weights are of the
# label; of H-DPO's, TDPO's and SparsePO's π is left, of the last two by token.
PRIORS = {
    "dpo": "fixed",
    "dice": "fixed",
    "r_dpo": "fixed",
    "centropy": "policy",
    "simpo": "label",
    "tis_dpo": "label",
    "tdpo": "policy by token",
    "tdpo2": "policy by token",
    "sparsepo": "policy by token",
}
# And what the loss needs besides the policy: a reference, divergences, lengths, weights.
NEEDS = {
    "dpo": (True, False, False, False),
    "r_dpo": (True, False, True, False),
    "simpo": (False, False, True, False),
    "tdpo": (True, True, False, False),
    "sparsepo": (True, True, False, True),
}


def test_the_file_is_current():
    """After a change of a specification or of the prover: midpo index."""
    found = index.read()
    assert set(found) == set(library.ids())
    assert [id_ for id_ in found if found[id_].digest != index.digest(id_)] == []
    assert lattices.read() is not None


def test_a_row_is_what_is_computed():
    found = row_of(library.get("dpo"), index.digest("dpo"))
    assert index.read()["dpo"] == found
    assert index.text(index.Index((found,), ())).splitlines()[2] == json.dumps(
        found.to_data(), ensure_ascii=False
    )


@pytest.mark.slow
@pytest.mark.parametrize("id_", library.ids())
def test_every_row_is_what_is_computed(id_):
    assert index.read()[id_] == row_of(library.get(id_), index.digest(id_))


@pytest.mark.slow
def test_the_lattice_is_what_is_computed():
    assert lattices.read() == lattices.computed(index.current().rows)


def test_the_axes_of_the_paper_are_those_found_by_hand():
    rows = index.read()
    assert {id_: rows[id_].axes.prior for id_ in PRIORS} == PRIORS
    for id_, known in PRIORS.items():
        axes = rows[id_].axes
        assert (axes.link, axes.terms, axes.weight) == ("logsigmoid", "margin", "constant")
        assert axes.scope == "pair"
        assert rows[id_].closed_form == (known == "fixed")
    for id_, (reference, divergence, length, weights) in NEEDS.items():
        row = rows[id_]
        assert row.reference_free is not reference
        assert (row.needs_divergence, row.needs_length, row.needs_weights) == (
            divergence,
            length,
            weights,
        )


def test_no_verdict_is_typed():
    """The rows' verdicts are those expected: the paper has R-DPO's claim on appendix B refuted."""
    rows = index.read()
    values = {each.id: each.value for each in rows["r_dpo"].claims}
    assert sorted(values.values()) == ["proved", "refuted"]
    assert all(row.as_expected for row in rows.values())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"value": "refuted"}, "dpo: value is 'refuted', and computed 'proved'"),
        ({"reference_free": True}, "dpo: reference_free is True, and computed False"),
        ({"claims": ()}, "dpo: claims is [], and computed"),
        ({"id": "opd"}, "dpo: missing"),
    ],
)
def test_a_wrong_row_is_caught(change, said):
    row = index.read()["dpo"]
    wrong = replace(row, **change)
    found = index.differences({wrong.id: wrong}, index.Index((row,), ()))
    assert found[0].startswith(said)


@pytest.fixture
def file(tmp_path, monkeypatch):
    """Let the index lie in another file, of two rows."""
    rows = index.read()
    path = tmp_path / "index.json"
    monkeypatch.setattr(index, "path", lambda: path)
    monkeypatch.setattr(index, "_ids", lambda: ("dpo", "dice"))

    def write(**changed):
        kept = [replace(rows[id_], **changed.get(id_, {})) for id_ in ("dpo", "dice")]
        path.write_text(index.text(index.Index(tuple(kept), ())), encoding="utf-8")
        return path

    return write


def test_what_is_current_is_not_computed(file, monkeypatch):
    file()
    monkeypatch.setattr(index, "_computed", None)
    assert index.current().stale == ()


def test_a_stale_row_is_computed_again_and_said(file):
    """The digest is that of another file, and what the row says is not shown."""
    file(dpo={"digest": "of another text", "value": "refuted"})
    found = index.current()
    assert found.stale == ("dpo",)
    assert [row.value for row in found.rows] == ["proved", "proved"]


@pytest.mark.parametrize("text", ["", "{}", '{"rows": [{"id": "dpo"}]}', '{"rows": [1]}'])
def test_a_file_that_is_no_index_is_stale(file, text, monkeypatch):
    file().write_text(text, encoding="utf-8")
    rows = {"dpo": "the row of dpo", "dice": "the row of dice"}
    monkeypatch.setattr(index, "_computed", rows.get)
    assert index.current().stale == ("dpo", "dice")


def test_a_digest_goes_by_text_code_and_works(monkeypatch, tmp_path):
    before = index.digest("dpo")
    changed = tmp_path / "dpo.toml"
    changed.write_text(library.get("dpo").text + "\n", encoding="utf-8")
    monkeypatch.setattr(library, "file_of", lambda _: changed)
    assert index.digest("dpo") != before
    changed.write_text(library.get("dice").text, encoding="utf-8")
    monkeypatch.setattr(index, "code_digest", lambda: "other code")
    other = index.digest("dpo")
    monkeypatch.setattr(index, "_works_digest", lambda: "other works")
    assert len({before, other, index.digest("dpo")}) == 3


@pytest.mark.slow
def test_a_mutated_specification_has_another_row():
    """With the sign of R-DPO's length term turned, its prior gives it no more."""
    text = library.get("r_dpo").text
    (main,) = [each for each in text.splitlines() if each.startswith("argument")][:1]
    turned = main.replace("+", "-") if "+" in main else main.replace("- ", "+ ", 1)
    assert turned != main
    row = row_of(loads(text.replace(main, turned), "r_dpo.toml"))
    assert row.value == "refuted"
    assert not row.as_expected
