"""LaTeX becomes MathML when the page is built."""

import re

import pytest
from markdown import Markdown

from midpo_sym.language.printing.symbols import CONTROL_WORDS, SymbolError, fold_latex
from midpo_sym.site.maths import formula
from midpo_sym.site.maths.markdown_math import MathExtension
from midpo_sym.site.mkdocs.errors import FormulaError


def markdown(text: str) -> str:
    return Markdown(extensions=[MathExtension(), "tables", "attr_list"]).convert(text)


def test_a_formula_is_mathml_and_keeps_its_latex():
    """α is U+03B1; the annotation is what a reader copies."""
    shown = formula.inline(r"\alpha + 1")
    assert "<mi>α</mi>" in shown
    assert r'<annotation encoding="application/x-tex">\alpha + 1</annotation>' in shown


def test_a_break_makes_pieces_and_the_first_keeps_the_latex_of_all():
    shown = formula.block(r"a \allowbreak {}+ b \allowbreak {}- c")
    assert shown.count("<math>") == 3
    assert shown.count("<annotation") == 1
    assert ">a {}+ b {}- c</annotation>" in shown


def test_a_marked_symbol_can_be_found_and_is_not_in_what_is_copied():
    shown = formula.block(r"\sym{alpha}{\alpha}\,\sym{ref}{\pi_{\mathrm{ref}}}(y)")
    assert re.findall(r"data-s=(\w+)", shown) == ["alpha", "ref"]
    assert r">\alpha\,\pi_{\mathrm{ref}}(y)</annotation>" in shown


def test_a_marked_symbol_with_an_index_stays_one_symbol():
    shown = formula.block(r"\sym{mu1}{\mu_{1}}^2")
    assert "<msup><msub data-s=mu1><mi>μ</mi><mn>1</mn></msub><mn>2</mn></msup>" in shown


def test_a_box_is_drawn_by_the_style_sheet():
    """One browser ignores menclose, another draws it."""
    shown = formula.inline(r"\boxed{x}")
    assert "menclose" not in shown
    assert '<mrow class="box"><mi>x</mi></mrow>' in shown


@pytest.mark.parametrize(
    ("latex", "said"),
    [
        (r"\nosuchthing x", "nosuchthing"),
        (r"\begin{aligned}a\\[4pt]b\end{aligned}", "a row that ends with a length"),
        (r"\sym{a}{\alpha", "a brace is not closed"),
        (r"\frac{a", ""),
    ],
)
def test_what_cannot_be_rendered_is_an_error_with_the_formula(latex, said):
    with pytest.raises(FormulaError) as caught:
        formula.block(latex)
    assert said in str(caught.value)
    assert "read:    " in str(caught.value)


def test_dollars_in_markdown_are_formulas_and_prices_and_code_are_not():
    shown = markdown(r"A formula $\frac{a}{b}$, a price of $5 or $6, an escaped \$x$, code `$a$`.")
    assert shown.count("<math") == 1
    assert "<mfrac>" in shown
    assert "$5 or $6" in shown
    assert "<code>$a$</code>" in shown


def test_two_dollars_in_markdown_are_a_block():
    shown = markdown("before\n\n$$ a = b $$\n\nafter")
    assert '<div class="eq"' in shown
    assert "<p>before</p>" in shown
    assert "$" not in shown


def test_underscores_and_backslashes_of_a_formula_are_not_markdown():
    shown = markdown(r"$y_w\!*y_l*z$ and *emphasis*")
    assert r"y_w\!*y_l*z</annotation>" in shown
    assert shown.count("<em>") == 1


@pytest.mark.parametrize("word", sorted(CONTROL_WORDS))
def test_every_command_of_a_symbol_can_be_rendered(word):
    """What the whitelist lets through is no error when a page is made."""
    shown = [rf"\{word}", rf"\{word}{{a}}", rf"a^\{word}"]
    symbols = [each for each in shown if _is_symbol(each)]
    assert symbols
    for each in symbols:
        assert "<math" in formula.inline(each)


def _is_symbol(latex: str) -> bool:
    try:
        return bool(fold_latex(latex))
    except SymbolError:
        return False
