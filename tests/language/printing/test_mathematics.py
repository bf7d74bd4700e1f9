"""LaTeX and Unicode mathematics: expected strings are typeset by hand."""

import re

import pytest
from generators.trees.strategies import SCOPE_OF_LOSS, SCOPE_OF_PRIOR, arguments, priors
from hypothesis import given, settings
from hypothesis import strategies as st

from midpo_sym.language import tree
from midpo_sym.language.grammar.losses import parse
from midpo_sym.language.printing.mathematics import to_latex, to_unicode
from midpo_sym.language.printing.names import default_symbol
from midpo_sym.language.printing.printer import Symbol

KL = (
    r"\mathrm{KL}\!\left(\pi_{\mathrm{ref}}(\cdot\mid x, y_{w,<t})"
    r"\,\Vert\,\pi(\cdot\mid x, y_{w,<t})\right)"
)
CASES = (
    r"\begin{cases}\alpha & \text{if } y \text{ is chosen}"
    r"\\-c & \text{if } y \text{ is rejected}\end{cases}"
)


@pytest.mark.parametrize(
    ("text", "latex", "unicode"),
    [
        ("0", "0", "0"),
        ("-c", "-c", "−c"),
        ("--c", r"-\left(-c\right)", "−(−c)"),
        ("(--c)*eta", r"-\left(-c\,\eta\right)", "−(−c·η)"),
        ("c - eta - gamma", r"c - \eta - \gamma", "c − η − γ"),
        ("c - (eta - gamma)", r"c - \left(\eta - \gamma\right)", "c − (η − γ)"),
        ("c + (-eta)*gamma", r"c - \eta\,\gamma", "c − η·γ"),
        ("c - (-eta)", r"c - \left(-\eta\right)", "c − (−η)"),
        ("c + (-eta)/2", r"c - \frac{\eta}{2}", "c − η/2"),
        ("c*(-eta)", r"c\,\left(-\eta\right)", "c·(−η)"),
        ("c*(eta + 1)", r"c\,\left(\eta + 1\right)", "c·(η + 1)"),
        ("2*c", r"2\,c", "2·c"),
        ("2*3*c", r"2\cdot 3\,c", "2·3·c"),
        ("c/2", r"\frac{c}{2}", "c/2"),
        ("(c + 1)/(c - 1)", r"\frac{c + 1}{c - 1}", "(c + 1)/(c − 1)"),
        ("c/eta/2", r"\frac{\frac{c}{\eta}}{2}", "c/η/2"),
        ("c/(eta/2)", r"\frac{c}{\frac{\eta}{2}}", "c/(η/2)"),
        ("c/(2*alpha)", r"\frac{c}{2\,\alpha}", "c/(2·α)"),
        ("c**2", "c^{2}", "c^2"),
        ("-c**2", "-c^{2}", "−c^2"),
        ("(-c)**2", r"\left(-c\right)^{2}", "(−c)^2"),
        ("(c/eta)**2", r"\left(\frac{c}{\eta}\right)^{2}", "(c/η)^2"),
        ("(-c/eta)**2", r"\left(-\frac{c}{\eta}\right)^{2}", "(−c/η)^2"),
        ("alpha**(-c)", r"\alpha^{-c}", "α^(−c)"),
        ("(alpha**c)**eta", r"\left(\alpha^{c}\right)^{\eta}", "(α^c)^η"),
        ("pi(w)", r"\pi(y_w\mid x)", "π(y_w)"),
        ("ref(l)", r"\pi_{\mathrm{ref}}(y_l\mid x)", "π_ref(y_l)"),
        ("prev(w)", r"\pi^{(t-1)}(y_w\mid x)", "π_prev(y_w)"),
        ("length(l)", "|y_l|", "|y_l|"),
        ("log(pi(w))", r"\log \pi(y_w\mid x)", "log π(y_w)"),
        ("log(2*pi(w))", r"\log\!\left(2\,\pi(y_w\mid x)\right)", "log(2·π(y_w))"),
        (
            "log(pi(w)/ref(w))",
            r"\log \frac{\pi(y_w\mid x)}{\pi_{\mathrm{ref}}(y_w\mid x)}",
            "log(π(y_w)/π_ref(y_w))",
        ),
        ("log(pi(w))*c", r"\left(\log \pi(y_w\mid x)\right)\,c", "(log π(y_w))·c"),
        ("c*log(pi(w))", r"c\,\log \pi(y_w\mid x)", "c·log π(y_w)"),
        ("exp(-c)", r"\exp\!\left(-c\right)", "exp(−c)"),
        ("max(0, 1 - c)", r"\max\!\left(0, 1 - c\right)", "max(0, 1 − c)"),
        ("sg(c)", r"\operatorname{sg}\!\left(c\right)", "sg(c)"),
        ("K(w)", "K(y_w)", "K(y_w)"),
        ("half", r"\mathrm{half}", "half"),
        ("sum_t(kl_ref_pi(w, t))", rf"\sum_{{t=1}}^{{|y_w|}} {KL}", "Σ_t KL(π_ref‖π)(y_w,t)"),
        (
            "sum_t(mu1(l, t) + 1)",
            r"\sum_{t=1}^{|y_l|} \left(\mu_{1}(y_{l,t}) + 1\right)",
            "Σ_t (μ₁(y_l,t) + 1)",
        ),
        (
            "sum_t(mu1(l, t))*c",
            r"\left(\sum_{t=1}^{|y_l|} \mu_{1}(y_{l,t})\right)\,c",
            "(Σ_t μ₁(y_l,t))·c",
        ),
        (
            "sum_t(mu1(l, t))/c",
            r"\frac{\sum_{t=1}^{|y_l|} \mu_{1}(y_{l,t})}{c}",
            "(Σ_t μ₁(y_l,t))/c",
        ),
        (
            "prod_t(pi(w, t))",
            r"\prod_{t=1}^{|y_w|} \pi(y_{w,t}\mid x, y_{w,<t})",
            "Π_t π(y_w,t)",
        ),
    ],
)
def test_a_loss_in_mathematics(text, latex, unicode):
    """Each string is what a person would write for the text."""
    node = parse(text, SCOPE_OF_LOSS)
    assert to_latex(node) == latex
    assert to_unicode(node) == unicode


@pytest.mark.parametrize(
    ("text", "latex", "unicode"),
    [
        ("pi(y)", r"\pi(y\mid x)", "π(y)"),
        ("pi(y)**(1 - eta)", r"\pi(y\mid x)^{1 - \eta}", "π(y)^(1 − η)"),
        ("by_label(alpha, -c)", CASES, "[chosen: α; rejected: −c]"),
        ("by_label(alpha, -c)**2", rf"\left({CASES}\right)^{{2}}", "[chosen: α; rejected: −c]^2"),
        (
            "prod_t(ref(y, t))",
            r"\prod_{t=1}^{|y|} \pi_{\mathrm{ref}}(y_t\mid x, y_{<t})",
            "Π_t π_ref(y,t)",
        ),
    ],
)
def test_a_prior_in_mathematics(text, latex, unicode):
    """Each string is what a person would write for the text."""
    node = parse(text, SCOPE_OF_PRIOR)
    assert to_latex(node) == latex
    assert to_unicode(node) == unicode


@pytest.mark.parametrize(
    ("name", "latex", "unicode"),
    [
        ("alpha", r"\alpha", "α"),
        ("Delta", r"\Delta", "Δ"),
        ("lambda_", r"\lambda", "λ"),
        ("mu1", r"\mu_{1}", "μ₁"),
        ("mu_1", r"\mu_{1}", "μ₁"),
        ("alpha12", r"\alpha_{12}", "α₁₂"),
        ("c", "c", "c"),
        ("K2", "K_{2}", "K₂"),
        ("margin", r"\mathrm{margin}", "margin"),
        ("alpha_tilde", r"\mathrm{alpha\_tilde}", "alpha_tilde"),
    ],
)
def test_the_symbol_of_a_name_that_declares_none(name, latex, unicode):
    """Greek letters by their names, indices from digits, everything else upright."""
    assert default_symbol(name) == Symbol(latex, unicode)


def test_declared_symbols_are_used():
    """A name that declares a symbol is printed with it, wherever it stands."""
    symbols = {"c": Symbol(r"\tilde{c}", "c̃"), "K": Symbol(r"D_{\mathrm{KL}}", "D")}
    node = parse("c*K(w)", SCOPE_OF_LOSS)
    assert to_latex(node, symbols) == r"\tilde{c}\,D_{\mathrm{KL}}(y_w)"
    assert to_unicode(node, symbols) == "c̃·D(y_w)"


def test_a_symbol_with_a_superscript_can_be_raised():
    r"""LaTeX stops at a^{*}^{2}; the base goes into braces."""
    node = parse("c**2", SCOPE_OF_LOSS)
    assert to_latex(node, {"c": Symbol("c^{*}", "c*")}) == "{c^{*}}^{2}"


def test_the_normaliser_is_z():
    """The unknown factor of a prior is printed Z(x)."""
    assert to_latex(tree.Normaliser()) == to_unicode(tree.Normaliser()) == "Z(x)"


def assert_balanced(latex: str) -> None:
    """Check braces, `\\left` and `\\right`, and `\\begin` and `\\end`, in one pass."""
    opened = []
    pairs = {
        "}": "{",
        r"\right)": r"\left(",
        r"\right|": r"\left|",
        r"\end{cases}": r"\begin{cases}",
    }
    for token in re.findall(r"\\(?:left|right)\W?|\\(?:begin|end)\{cases\}|[{}]", latex):
        if token in pairs:
            assert opened
            assert opened.pop() == pairs[token]
        else:
            assert token in pairs.values()
            opened.append(token)
    assert not opened


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.one_of(priors(), arguments()))
def test_all_latex_is_balanced(node):
    """Every brace, \\left and \\begin of a random tree is closed by its own kind."""
    latex = to_latex(node)
    assert_balanced(latex)
    assert "--" not in latex
    assert "^{}" not in latex


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.one_of(priors(), arguments()))
def test_all_unicode_brackets_are_balanced(node):
    """Brackets are closed in order, and no two signs stand together."""
    unicode = to_unicode(node)
    while (shorter := re.sub(r"\([^()\[\]]*\)|\[[^()\[\]]*\]", "", unicode)) != unicode:
        unicode = shorter
    assert not set(unicode) & set("()[]")
    assert "−−" not in to_unicode(node)


def test_the_balance_check_can_fail():
    """A brace that nothing opens, and a bracket closed by a brace, are found."""
    for wrong in (r"a}", r"\left(a}", r"{\left(a}\right)", r"\begin{cases}a"):
        with pytest.raises(AssertionError):
            assert_balanced(wrong)
