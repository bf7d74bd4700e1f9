"""The map: families, layers, and the values of special cases."""

import pytest

from midpo_sym.atlas import index, lattices
from midpo_sym.atlas import map as maps
from midpo_sym.atlas.lattices import Edge
from midpo_sym.prover.equivalence.lattice import entry_of
from midpo_sym.prover.equivalence.profiles import fingerprints, profile
from midpo_sym.prover.equivalence.sides import LEFT, RIGHT, side
from midpo_sym.session import remembering
from midpo_sym.spec import library


def edge(special: str, general: str) -> Edge:
    return Edge(special, general, gradient=True, at=())


def test_families_are_of_the_same_axes_and_the_largest_is_first():
    rows = list(index.read().values())
    found = maps.families(rows)
    assert sum(len(each.ids) for each in found) == len(rows)
    assert len({each.axes for each in found}) == len(found)
    sizes = [len(each.ids) for each in found]
    assert sizes == sorted(sizes, reverse=True)
    assert {"dpo", "dice", "r_dpo"} <= {*found[0].ids}


def test_layers_are_the_longest_ways_down():
    """D becomes c and a, c becomes b, b becomes a; f becomes e."""
    edges = [edge("a", "d"), edge("c", "d"), edge("b", "c"), edge("a", "b"), edge("e", "f")]
    assert maps.layers(edges) == {"a": 0, "b": 1, "c": 2, "d": 3, "e": 0, "f": 1}


def at(special: str, general: str) -> dict[str, str]:
    """Return what an edge would have."""
    with remembering():
        one, other = library.get(special), library.get(general)
        prints = fingerprints([side(LEFT, one), side(LEFT, other)])
        profiles = profile(side(LEFT, one)), profile(side(LEFT, other))
        return dict(
            lattices.values(entry_of((side(LEFT, one), side(RIGHT, other)), prints, profiles))
        )


def test_values_are_said_where_they_say_something():
    """R-DPO's α is DPO's: only the penalty is said. In γ-PO a number of the pair becomes γ."""
    assert at("dpo", "r_dpo") == {"alpha_tilde": "0"}
    assert at("simpo", "gamma_po") == {"margin": "gamma"}


@pytest.mark.slow
def test_two_parameters_that_become_one_are_both_said():
    """INPO's argument has τ/η before the reference: with η = τ the last policy is gone."""
    assert at("ipo", "inpo") == {"eta": "tau", "tau": "tau"}


def test_an_edge_is_data_and_back():
    found = Edge("a", "b", gradient=False, at=(("x", "0"),))
    assert Edge.of_data(found.to_data()) == found
