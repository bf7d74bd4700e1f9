"""The drawing of the lattice: well-formed, complete, legible, and with nothing from elsewhere."""

import xml.etree.ElementTree as ET
from itertools import combinations

import pytest

from midpo_sym.atlas import map as maps
from midpo_sym.targets.svg.lattice import draw

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def found():
    return maps.current()


def boxes(drawing: str) -> list[tuple[float, float, float, float]]:
    rects = ET.fromstring(drawing).iter(f"{SVG}rect")
    return [tuple(float(each.get(key)) for key in ("x", "y", "width", "height")) for each in rects]


def test_every_loss_with_an_edge_is_a_node_and_every_edge_a_line(found):
    ends = {id_ for each in found.edges for id_ in (each.special, each.general)}
    drawing = draw(found, {id_: f"../{id_}.html" for id_ in ends})
    root = ET.fromstring(drawing)
    linked = {each.get("href") for each in root.iter(f"{SVG}a")}
    assert linked == {f"../{id_}.html" for id_ in ends}
    lines = [each for each in root.iter(f"{SVG}path") if each.get("class", "").startswith("edge")]
    assert len(lines) == len(found.edges)
    dashed = [each for each in lines if "value-only" in each.get("class")]
    assert len(dashed) == sum(not each.gradient for each in found.edges)


def test_no_two_nodes_overlap_and_arrows_go_to_the_right(found):
    drawing = draw(found)
    for (x, y, wide, high), (left, top, w, h) in combinations(boxes(drawing), 2):
        assert x + wide <= left or left + w <= x or y + high <= top or top + h <= y
    places = maps.layers(found.edges)
    assert all(places[each.general] > places[each.special] for each in found.edges)


def test_no_two_labels_stand_in_one_place_and_each_is_as_asked(found):
    """SparsePO becomes two losses, and so does RainbowPO: their edges start apart."""
    root = ET.fromstring(draw(found, values=lambda edge: f"to {edge.special}"))
    labels = [each for each in root.iter(f"{SVG}text") if each.get("class") == "at"]
    assert sorted(each.text for each in labels) == sorted(
        f"to {each.special}" for each in found.edges
    )
    assert len({(each.get("x"), each.get("y")) for each in labels}) == len(labels)


def test_nothing_is_fetched_and_nothing_runs(found):
    drawing = draw(found)
    assert "<script" not in drawing
    assert drawing.count("http") == 1  # the name space
    assert "<a " not in drawing
    assert "<style" not in draw(found, style=False)
    assert "DPO (dpo) = " in drawing  # what is one is one node
