"""What a loss is like: every relation is proved in the run, and no other is said."""

from pathlib import Path

import pytest

import midpo_sym
from midpo_sym.atlas import index, lattices
from midpo_sym.atlas.like import like
from midpo_sym.atlas.likeness import of_data, overlap, profile_of, to_data
from midpo_sym.prover.equivalence.answers import SPECIAL_LEFT
from midpo_sym.spec import SpecError, library, loads
from midpo_sym.spec.reading.losses import load

CASES = Path(__file__).parents[1] / "cases"
OWN = """
title = "Own"
summary = "DPO with a parameter of another name, and a constant factor."
[parameters]
temperature = {{ domain = "positive", meaning = "scale" }}
[prior]
zeta = "ref(y)"
scale = "temperature"
{gives}
[loss]
{link}
argument = "{argument}"
"""
DPO = "temperature*(log(pi(w)) - log(pi(l)) - log(ref(w)/ref(l)))"


def own(argument=DPO, link="", gives=""):
    return loads(OWN.format(argument=argument, link=link, gives=gives), "own.toml")


@pytest.fixture(scope="module")
def paper(module_patch):
    """Leave the paper's losses alone in the index: what is expected here was found among these."""
    rows = tuple(row for row in index.current().rows if row.of == library.PAPER)
    module_patch.setattr(index, "current", lambda *_: index.Index(rows, ()))


@pytest.fixture(scope="module")
def module_patch():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.mark.slow
@pytest.mark.usefixtures("paper")
def test_a_loss_under_another_name_is_that_loss():
    """α log π/ref(w) − α log π/ref(l), spelled otherwise and with another name for α."""
    found = like(own())
    assert found.same[0] == "dpo"
    relation = found.related[0].relation
    assert relation.value.theorems
    assert relation.gradient.says == "same"
    assert found.row.axes.family == "fixed · logsigmoid · margin · constant · pair"
    assert found.untried == ()


@pytest.mark.slow
@pytest.mark.usefixtures("paper")
def test_each_relation_of_the_paper_s_losses():
    """By hand: DPO is R-DPO at α̃ = 0, and DICE with the reference in the place of π_prev."""
    found = like(own())
    assert set(found.same) == {"dpo", "dice"}
    assert {"r_dpo", "centropy", "sparsepo", "tdpo2"} <= set(found.special_case_of)
    assert found.generalises == ()
    assert found.row.id == "own"
    assert not {each.row.id for each in found.nearest} & {each.right.id for each in found.related}
    apart = [len(each.apart) for each in found.nearest]
    assert apart == sorted(apart)


@pytest.mark.slow
@pytest.mark.usefixtures("paper")
def test_another_link_is_not_the_same_loss():
    found = like(own(link='link = "hinge"', gives='gives = "argument"'))
    assert found.same == found.special_case_of == ()
    assert {"dpo"} <= {each.right.id for each in found.related}
    assert {each.says for each in found.related} == {"same argument under another link"}


@pytest.mark.slow
@pytest.mark.usefixtures("paper")
@pytest.mark.parametrize(
    "argument",
    [
        DPO.replace("/ref(l)", "*ref(l)"),
        f"-({DPO})",
        f"{DPO} + 1",
        DPO.replace("temperature*", "temperature*(length(w) + 1)*"),
    ],
)
def test_a_mutated_loss_is_not_said_to_be_the_same(argument):
    """A sign, the wrong way round, an offset inside of the link, a factor of the pair."""
    found = like(own(argument))
    assert "dpo" not in (*found.same, *found.generalises, *found.special_case_of)


@pytest.mark.slow
@pytest.mark.usefixtures("paper")
def test_r_dpo_spelled_otherwise_is_r_dpo():
    """β in the place of α̃/α: a substitution, whose sign matters."""
    assert like(load(CASES / "r_dpo_spelled.toml")).same == ("r_dpo",)
    assert "r_dpo" not in like(load(CASES / "diff" / "hinge_rso.toml")).same


@pytest.mark.slow
def test_a_shipped_loss_is_not_compared_with_itself():
    found = midpo_sym.like("simpo")
    assert "simpo" not in {each.right.id for each in found.related}
    assert "simpo" not in {each.row.id for each in found.nearest}


def test_a_family_has_no_loss():
    family = own(link='link = "any"', gives='gives = "argument"')
    assert profile_of(family) is None
    with pytest.raises(SpecError, match="it has no loss"):
        like(family)


def test_a_profile_comes_back_from_the_index():
    """With the products of R-DPO, which has DPO's and two of lengths: two of six in common."""
    one, other = (profile_of(each) for each in (own(), load(CASES / "r_dpo_spelled.toml")))
    assert to_data(of_data(one)) == one
    assert set(one["products"]) < set(other["products"])
    assert 0 < overlap(of_data(one), of_data(other)) < overlap(of_data(one), of_data(one)) == 1
    assert overlap(of_data(one), None) == 0


def test_steps_go_along_proved_edges(monkeypatch):
    """own < b is proved; a < b, b < c, c = d are in the lattice: c is 2 steps away, e nowhere."""

    class Related:
        says = SPECIAL_LEFT

        class right:  # noqa: N801
            id = "b"

    edges = tuple(lattices.Edge(*ends, gradient=True, at=()) for ends in ("ab", "bc", "ef"))
    ties = lattices.Ties((("c", "d"),), edges, (), "")
    monkeypatch.setattr(lattices, "read", lambda: ties)
    assert lattices.steps_from([Related]) == {"b": 1, "a": 2, "c": 2, "d": 3}
    monkeypatch.setattr(lattices, "read", lambda: None)
    assert lattices.steps_from([Related]) == {"b": 1}


def test_a_lattice_of_other_losses_is_not_read(tmp_path, monkeypatch):
    ties = lattices.read()
    assert ties is not None
    path = tmp_path / "lattice.json"
    monkeypatch.setattr(lattices, "path", lambda: path)
    path.write_text(lattices.text(ties), encoding="utf-8")
    assert lattices.read() == ties
    path.write_text(lattices.text(ties).replace(ties.digest, "0" * 32), encoding="utf-8")
    assert lattices.read() is None
