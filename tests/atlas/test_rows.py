"""Rows of the index: chosen, sorted and exported."""

import csv
import io
from dataclasses import replace

import pytest

from midpo_sym.atlas.export import citation, to_bibtex, to_csv
from midpo_sym.atlas.rows import SORTS, Axes, Choice, ClaimRow, Row, chosen, flat, years

ROW = Row(
    id="b",
    of="atlas",
    title="B-PO",
    summary="Holds back.",
    work="rafailov2023dpo",
    authors="Rafailov et al. 2023",
    year=2023,
    arxiv="2305.18290",
    checked="paper",
    value="proved",
    gradient="proved",
    gives="loss",
    zeta="ref(y)",
    axes=Axes("policy by token, batch", "logsigmoid, hinge", "margin + added", "data", "pair"),
    closed_form=True,
    reference_free=False,
    needs_divergence=False,
    needs_length=False,
    needs_weights=None,
    stop_gradient=False,
    claims=(
        ClaimRow("main", "proved", "proved", as_expected=True, printed=True, convention=""),
        ClaimRow("code", "refuted", "proved", as_expected=True, printed=False, convention="lib 1"),
    ),
    profile=None,
    digest="d",
)
OTHER = replace(
    ROW,
    id="a",
    of="paper",
    title="A-PO",
    year=2025,
    axes=Axes("fixed", "max(0, delta - a)", "anchored", "constant", "response, batch"),
    reference_free=True,
)


def ids(**asked) -> list[str]:
    sort = asked.pop("sort", "")
    axes = {key: asked.pop(key) for key in [*asked] if key in Axes.__slots__}
    return [row.id for row in chosen([ROW, OTHER], Choice(axes, **asked), sort)]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["b", "a"]),
        ({"link": "hinge"}, ["b"]),
        ({"link": "sigmoid"}, []),  # not a part of a word
        ({"link": "max(0, delta - a)"}, ["a"]),
        ({"prior": "policy"}, ["b"]),
        ({"prior": "POLICY BY TOKEN"}, ["b"]),
        ({"scope": "batch"}, ["a"]),
        ({"prior": "batch", "scope": "pair"}, ["b"]),
        ({"prior": "batch", "scope": "response"}, []),
        ({"years": (2023, 2023)}, ["b"]),
        ({"years": (2024, 9999)}, ["a"]),
        ({"family": "anchored · constant"}, ["a"]),
        ({"texts": ("po", "back")}, ["b", "a"]),
        ({"texts": ("b-po",)}, ["b"]),
        ({"texts": ("2305.18290", "rafailov", "a-po")}, ["a"]),
        ({"of": "paper"}, ["a"]),
        ({"reference_free": False}, ["b"]),
        ({"reference_free": True}, ["a"]),
        ({"sort": "id"}, ["a", "b"]),
        ({"sort": "year"}, ["b", "a"]),
        ({"sort": "terms"}, ["a", "b"]),
    ],
)
def test_rows_are_chosen_and_sorted(asked, found):
    assert ids(**asked) == found


@pytest.mark.parametrize("sort", SORTS)
def test_every_column_sorts(sort):
    assert sorted(ids(sort=sort)) == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("2024", (2024, 2024)),
        ("2023-2024", (2023, 2024)),
        ("2023 - 2024", (2023, 2024)),
        ("2024-", (2024, 9999)),
        ("-2024", (0, 2024)),
        ("-", None),
        ("20232024", None),
        ("24", None),
        ("last", None),
    ],
)
def test_years(text, span):
    assert years(text) == span


def test_the_axes_that_differ():
    assert ROW.axes.apart(replace(ROW.axes, link="hinge", scope="response")) == ("link", "scope")
    assert ROW.axes.apart(ROW.axes) == ()
    assert OTHER.axes.family == (
        "fixed · max(0, delta - a) · anchored · constant · response, batch"
    )


def test_a_row_comes_back_from_its_data():
    assert Row.of_data(ROW.to_data()) == ROW
    with pytest.raises(TypeError):
        Row.of_data(ROW.to_data() | {"verdict": "proved"})


def test_csv_has_every_column_and_claims_with_their_verdicts():
    first, second = csv.DictReader(io.StringIO(to_csv([ROW, OTHER])))
    assert list(first) == list(flat(ROW))
    assert first["claims"] == "main: proved; code: refuted"
    assert (first["year"], first["reference_free"], first["needs_weights"]) == ("2023", "no", "")
    assert second["link"] == "max(0, delta - a)"
    assert to_csv([]) == ""


def test_bibtex_is_of_the_atlas_and_of_each_work_once():
    found = to_bibtex([ROW, OTHER, replace(ROW, work="a thesis")])
    assert found.count("@") == 2
    assert found.startswith(citation())
    assert "@misc{rafailov2023dpo," in found


def test_a_claim_that_is_not_as_expected_is_the_row_s_too():
    wrong = replace(ROW.claims[0], as_expected=False)
    assert ROW.as_expected
    assert not replace(ROW, claims=(wrong, ROW.claims[1])).as_expected
