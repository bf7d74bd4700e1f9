"""What the home page says was found, and the drawing of the lattice."""

import re

import pytest

from midpo_sym.atlas import index
from midpo_sym.site.atlas import findings
from midpo_sym.site.atlas.gather import Atlas
from midpo_sym.site.live.graph import Edge, layered


@pytest.fixture
def atlas(tmp_path) -> Atlas:
    """The rows alone, in a folder where nothing is known of libraries."""
    return Atlas(tuple(index.read().values()), {}, tmp_path)


def test_printed_claims_that_are_refuted_are_counted_and_linked(atlas):
    """cEntropy's of section 4, SimPO's line, SparsePO's loss, and one of the atlas: MaPPO's."""
    found = findings._printed(atlas)
    assert found["number"] == 4
    assert {title for title, _ in found["examples"]} == {
        "cEntropy (H-DPO)",
        "SimPO",
        "SparsePO",
        "MaPPO",
    }
    assert ("SimPO", "algorithms/simpo.html#claim-middle-line") in found["examples"]


def test_what_was_not_found_is_not_said(atlas):
    """Without specifications no tie is proved, and without a file nothing is said of libraries."""
    said = [each["says"] for each in findings.findings(atlas)]
    assert len(said) == 2
    assert not any("new name" in each or "libraries" in each for each in said)


def test_a_drawing_has_every_node_once_as_a_link_and_every_value():
    titles = {"a": "A", "b": "B of a very long name", "c": "C", "alone": "Alone"}
    edges = [Edge("a", "c", "x = 0", gradient=True), Edge("b", "c", "y < 1", gradient=False)]
    addresses = {id_: f"{id_}.html" for id_ in titles}
    svg = layered(titles, edges, addresses)
    assert re.findall('<a href="([^"]*)"', svg) == ["a.html", "b.html", "c.html"]
    assert ">x = 0<" in svg
    assert ">y &lt; 1 (value)<" in svg
    assert "<title>B of a very long name</title>" in svg
    assert ">B of a very lon…<" in svg


def test_a_drawing_of_nothing_is_none():
    assert layered({"a": "A"}, [], {"a": "a.html"}) == ""
