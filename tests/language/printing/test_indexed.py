"""Text, LaTeX and Unicode of the theory's expressions."""

import pytest

from midpo_sym.language import indexed, tree
from midpo_sym.language.grammar.finite_sets import IndexedScope, Signature, parse_indexed
from midpo_sym.language.printing.mathematics import to_latex, to_unicode
from midpo_sym.language.printing.text import to_text
from midpo_sym.spec import library

SCOPE = IndexedScope(
    frozenset(),
    {"beta": "positive", "lam": "real"},
    functions={
        "p": Signature("positive", ("x",)),
        "pi": Signature("positive", ("x", "y")),
        "h": Signature("real", ("x", "y")),
        "F": Signature("real", ("a", "b")),
    },
    indices=frozenset({"x", "y", "a", "b"}),
)
LINES = {
    f"{theory.setting.id}/{chain.id}": (theory.setting, chain)
    for theory in library.theories()
    for chain in theory.chains
}


def lines(chain):
    steps = chain.steps
    gaps = [step.gap for step in steps if step.gap is not None]
    return [chain.start, *(step.to for step in steps), *gaps]


@pytest.mark.parametrize("name", LINES)
def test_text_and_tree_determine_each_other(name):
    setting, chain = LINES[name]
    for line in lines(chain):
        parameters = {n.name: n.domain for n in line.walk() if isinstance(n, tree.Parameter)}
        scope = IndexedScope(
            frozenset(),
            parameters,
            functions=setting.functions,
            abbreviations=setting.abbreviations,
            indices=chain.indices,
        )
        assert parse_indexed(to_text(line), scope) == line


@pytest.mark.parametrize("name", LINES)
def test_latex_is_balanced(name):
    """Braces and \\left \\right pair up, and no name of an index is left bare of its place."""
    setting, chain = LINES[name]
    for line in lines(chain):
        latex = to_latex(line, setting.symbols)
        assert latex.count("{") == latex.count("}")
        assert latex.count(r"\left") == latex.count(r"\right")


@pytest.mark.parametrize(
    ("text", "unicode", "latex"),
    [
        ("sum(x1, p(x1))", "Σ_x₁ p(x₁)", r"\sum_{x_1} p(x_1)"),
        ("pi(x, y)", "pi(y|x)", r"\mathrm{pi}(y \mid x)"),
        ("most(a1, F(a1, b))", "max_a₁ F(a₁, b)", r"\max_{a_1} F(a_1, b)"),
        ("beta - most(a1, F(a1, b))", "β − max_a₁ F(a₁, b)", r"\beta - \max_{a_1} F(a_1, b)"),
        ("beta + most(a1, F(a1, b))", "β + max_a₁ F(a₁, b)", r"\beta + \max_{a_1} F(a_1, b)"),
        ("least(a1, -F(a1, b))", "min_a₁ (−F(a₁, b))", r"\min_{a_1} \left(-F(a_1, b)\right)"),
        (
            "derivative(beta*lam, lam)",
            "∂(β·lam)/∂lam",
            r"\frac{\partial}{\partial \mathrm{lam}} \left(\beta\,\mathrm{lam}\right)",
        ),
        ("sigmoid(beta)", "1/(1 + exp(−β))", r"\frac{1}{1 + \exp\!\left(-\beta\right)}"),
    ],
)
def test_spelling(text, unicode, latex):
    node = parse_indexed(text, SCOPE)
    assert to_unicode(node) == unicode
    assert to_latex(node) == latex


def test_a_largest_value_is_minus_the_least_of_the_negative():
    node = parse_indexed("most(a1, F(a1, b))", SCOPE)
    least = indexed.Least("a1", tree.Neg(indexed.Indexed("F", ("a1", "b"))))
    assert node == tree.Neg(least)
    assert indexed.largest(node) == least
    assert indexed.largest(tree.Neg(indexed.Least("a1", indexed.Indexed("F", ("a1", "b"))))) is None


def test_free_indices():
    node = parse_indexed("sum(y1, pi(x, y1))*h(x, y)", SCOPE)
    assert indexed.free_indices(node) == {"x", "y"}
    taken = indexed.Applied("m", ("y",), ("y2",), indexed.Indexed("q", ("y",)))
    assert indexed.free_indices(taken) == {"y2"}
