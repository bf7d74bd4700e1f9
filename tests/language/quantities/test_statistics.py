"""The table of statistics of next-token distributions: what its rows say."""

import re

import numpy as np
import pytest

from midpo_sym.language import tree
from midpo_sym.language.build import statistic
from midpo_sym.language.printing.mathematics import to_latex, to_unicode
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.quantities.statistics import OPERATORS, STATISTICS
from midpo_sym.language.quantities.summands import evaluate, summand
from midpo_sym.language.vocabulary import DOMAINS, FUNCTIONS, MODELS, RESPONSES

ROWS = STATISTICS.values()
names = pytest.mark.parametrize("row", ROWS, ids=[*STATISTICS])


def literal(name, pi, ref, prev):
    """Return what is summed, word by word."""
    p = {"pi": pi, "ref": ref, "prev": prev}
    match name.split("_"):
        case "kl", first, second:
            return p[first] * np.log(p[first] / p[second])
        case ["entropy"]:
            return -pi * np.log(pi)
        case "sum", "of", "squares":
            return pi**2
    raise AssertionError(name)


def distributions(seed, size):
    found = np.random.default_rng(seed).uniform(0.1, 1, (3, size))
    return found / found.sum(axis=1, keepdims=True)


def summed(row, pi, ref, prev):
    values = {"pi": pi, "ref": ref, "prev": prev}
    return evaluate(summand(row.name), values, float, np.log)


@names
def test_a_row_sums_what_its_name_says(row):
    of = distributions(1, 6)
    assert summed(row, *of) == pytest.approx(literal(row.name, *of), rel=1e-12)


@names
def test_a_row_names_its_models_and_a_domain_that_holds(row):
    """Whether a gradient flows is read off `models`, so they have to be those of the summand."""
    assert set(re.findall(r"[a-z]\w*", row.summand)) - {"log"} == set(row.models)
    assert row.trained == any(MODELS[model].trained for model in row.models)
    assert row.domain in DOMAINS
    assert row.operator in OPERATORS
    value = summed(row, *distributions(2, 5)).sum()
    assert {"nonnegative": value >= 0, "positive": value > 0}[row.domain]


def test_words_are_no_others():
    assert not {*STATISTICS} & {*MODELS, *FUNCTIONS, *RESPONSES, "length"}
    symbols = [row.unicode for row in OPERATORS]
    assert len({*symbols}) == len({row.name for row in OPERATORS}) == len(symbols)
    printed = {(row.operator, row.models) for row in ROWS}
    assert len(printed) == len(STATISTICS)


def rank(columns):
    return np.linalg.matrix_rank(np.stack(columns, axis=1), tol=1e-9)


def test_no_statistic_is_made_of_the_others():
    """Their values before a token vary freely, as the kernel takes for granted.

    On a large vocabulary Σ_v f_i(v) are independent unless Σ_i c_i f_i is linear in the
    probabilities: the gradients (∂f_i/∂p)_v, less what the sums Σ p = 1 take, would else span.
    """
    of = np.random.default_rng(3).uniform(0.05, 1, (3, 400))
    columns = [summed(row, *of) for row in ROWS]
    assert rank([*columns, np.ones(400), *of]) == len(columns) + 4
    # Cross-entropy −Σ p log q is entropy and divergence: as a row of its own it would be caught.
    cross = -of[0] * np.log(of[1])
    assert rank([*columns, cross, np.ones(400), *of]) == len(columns) + 4


def test_no_gradient_of_a_statistic_is_made_of_the_others():
    """∂f_i/∂π of those that are trained, and 1 for Σ π = 1, by central differences."""
    of = np.random.default_rng(4).uniform(0.05, 1, (3, 400))
    step = np.array([1e-6, 0, 0])[:, None]
    slopes = [
        (summed(row, *(of + step)) - summed(row, *(of - step))) / 2e-6
        for row in ROWS
        if row.trained
    ]
    scaled = [each / np.abs(each).max() for each in slopes]
    matrix = np.stack([*scaled, np.ones(400)], axis=1)
    assert np.linalg.matrix_rank(matrix, tol=1e-5) == len(slopes) + 1


GIVEN = r"(\cdot\mid x, y_{w,<t})"


@pytest.mark.parametrize(
    ("name", "text", "unicode", "latex"),
    [
        (
            "kl_ref_pi",
            "kl_ref_pi(w, t)",
            "KL(π_ref‖π)(y_w,t)",
            rf"\mathrm{{KL}}\!\left(\pi_{{\mathrm{{ref}}}}{GIVEN}\,\Vert\,\pi{GIVEN}\right)",
        ),
        (
            "kl_pi_prev",
            "kl_pi_prev(w, t)",
            "KL(π‖π_prev)(y_w,t)",
            rf"\mathrm{{KL}}\!\left(\pi{GIVEN}\,\Vert\,\pi^{{(t-1)}}{GIVEN}\right)",
        ),
        (
            "entropy",
            "entropy(w, t)",
            "H(π)(y_w,t)",
            r"\mathrm{H}\!\left(\pi(\cdot\mid x, y_{w,<t})\right)",
        ),
        (
            "sum_of_squares",
            "sum_of_squares(w, t)",
            "S₂(π)(y_w,t)",
            r"\mathrm{S}_2\!\left(\pi(\cdot\mid x, y_{w,<t})\right)",
        ),
    ],
)
def test_a_row_is_printed(name, text, unicode, latex):
    node = statistic(name, "w")
    assert (to_text(node), to_unicode(node), to_latex(node)) == (text, unicode, latex)


def test_only_rows_are_statistics():
    with pytest.raises(ValueError, match="no statistic 'cross_entropy'; allowed: kl_ref_pi, "):
        tree.Statistic("cross_entropy", "w")


def test_positive_by_its_domain():
    """A sum of squares is more than zero; a divergence is zero where the models agree."""
    assert statistic("sum_of_squares", "w").positive
    assert not statistic("entropy", "w").positive
    assert not statistic("kl_pi_ref", "w").positive


def test_a_summand_that_no_judge_can_evaluate_is_refused():
    node = tree.Exp(tree.Parameter("pi", "positive"))
    with pytest.raises(ValueError, match=r"made of \+, -, \*, /, whole powers and log, not exp"):
        evaluate(node, {"pi": 0.5}, float, np.log)
