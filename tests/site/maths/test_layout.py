"""Long formulas come in pieces that begin where a line may begin."""

import re

import pytest

from midpo_sym.language import tree
from midpo_sym.language.build import (
    by_label,
    exp,
    kl_ref_pi,
    length,
    log,
    parameter,
    pi,
    ref,
    sg,
    sum_t,
    weight,
)
from midpo_sym.language.printing.mathematics import to_latex
from midpo_sym.site.maths.formula import BREAK, block, plain
from midpo_sym.site.maths.layout import PagePrinter, formula

ALPHA = parameter("alpha", "positive")
MU = weight("mu", "w", "nonnegative")


def pieces(node) -> list[str]:
    return [plain(each) for each in PagePrinter({}).lines(node)]


def as_one(node) -> str:
    """Return the pieces as they would be on one line: growing brackets, no empty groups."""
    whole = "".join(pieces(node)).replace("{}", "").replace(" ", "")
    return spaceless(whole.replace(r"\bigl", r"\left").replace(r"\bigr", r"\right"))


def spaceless(latex: str) -> str:
    return latex.replace(" ", "").replace(r"\,", "").replace(r"\!", "")


def test_a_short_formula_is_one_piece():
    assert pieces(ALPHA * log(pi("w") / ref("w"))) == [
        r"\alpha\,\log \frac{\pi(y_w\mid x)}{\pi_{\mathrm{ref}}(y_w\mid x)}"
    ]


def test_a_long_sum_breaks_before_its_signs():
    """Three terms, the second negative: {} makes the sign at the start of a line a binary one."""
    sides = ALPHA * log(pi("w") / ref("w")) - ALPHA * log(pi("l") / ref("l")) + parameter("delta")
    first, second, third = pieces(sides)
    assert first.startswith(r"\alpha\,\log")
    assert second.startswith(r"{}- \alpha\,\log")
    assert third == r"{}+ \delta"


def test_a_term_is_kept_together_as_long_as_it_fits_on_a_line():
    """Two terms; the second has a bracket of three, the last of which has another of two.

    A prime marks breaks within a term of the whole, two primes those within a term of that.
    """
    inner = log(pi("w")) - log(ref("w"))
    middle = sum_t("w", kl_ref_pi("w")) + sum_t("w", MU) - ALPHA * inner
    latex = formula(log(pi("l") / ref("l")) - ALPHA * middle, {})
    assert re.findall(r"\\allowbreak('*)", latex) == ["", "'", "'", "''"]
    shown = block(latex)
    assert shown.count("<math>") == 5
    outer = shown.partition('<span class="term">')
    assert outer[0].count("<math>") == 1
    assert outer[2].partition('<span class="term">')[0].count("<math>") == 2
    assert shown.endswith("</span></span></div>")


def test_what_stands_in_brackets_breaks_too_in_brackets_of_a_given_size():
    inner = log(pi("w")) - log(ref("w")) + sum_t("w", kl_ref_pi("w"))
    found = pieces(ALPHA * inner)
    assert found[0].startswith(r"\alpha\,\bigl(\log")
    assert found[-1].endswith(r"\bigr)")
    assert len(found) == 3


def test_a_fraction_too_wide_for_a_bar_is_written_with_a_slash():
    wide = log(pi("w") / (ref("w") * exp(-sum_t("w", MU * kl_ref_pi("w")))))
    found = " ".join(pieces(wide))
    assert r"\frac" not in found
    assert r"\big/" in found
    assert found.startswith(r"\log\!\bigl(")


EXAMPLES = [
    ALPHA * (log(pi("w")) - log(ref("w")) - (log(pi("l")) - log(ref("l")))),
    -(ALPHA * log(pi("w") / ref("w")) - ALPHA * log(pi("l") / ref("l"))),
    ALPHA * log(pi("w")) - (ALPHA * log(pi("l")) - sum_t("l", kl_ref_pi("l")) * ALPHA),
    sum_t("w", MU * (log(pi("w", "t")) - log(ref("w", "t")) - kl_ref_pi("w"))),
    exp(log(pi("w")) - log(ref("w")) - sum_t("w", kl_ref_pi("w"))),
    sg(log(pi("w")) - log(ref("w")) - sum_t("w", kl_ref_pi("w"))) - ALPHA,
    log(pi("y") ** (1 - 1 / length("y")) * ref("y") * exp(by_label(ALPHA, -ALPHA))),
    tree.Neg(tree.Neg(ALPHA * log(pi("w") / ref("w")) - ALPHA * log(pi("l") / ref("l")))),
    (log(pi("w")) - log(ref("w"))) * (log(pi("l")) - log(ref("l"))) * ALPHA,
    2 * (3 * log(pi("w") / ref("w")) - 4 * log(pi("l") / ref("l"))),
]


@pytest.mark.parametrize("node", EXAMPLES, ids=str)
def test_the_pieces_say_what_the_formula_on_one_line_says(node):
    assert as_one(node) == spaceless(to_latex(node))


@pytest.mark.parametrize("node", EXAMPLES, ids=str)
def test_every_piece_is_a_formula_of_its_own(node):
    latex = formula(node, {}, lead="{}=", end=".")
    assert block(latex).count("<math>") == latex.count(BREAK) + 1


def test_symbols_are_marked_with_the_names_of_the_specification():
    latex = formula(ALPHA * log(pi("y") / ref("y")) + length("y"), {})
    assert set(re.findall(r"\\sym\{(\w+)\}", latex)) == {"alpha", "pi", "ref", "length"}
