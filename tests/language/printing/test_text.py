"""Text to tree to text, and tree to text to tree, change nothing."""

import tomllib
from pathlib import Path

import pytest
from generators.trees.strategies import SCOPE_OF_LOSS, SCOPE_OF_PRIOR, arguments, priors
from hypothesis import given, settings

from midpo_sym.language.grammar.limits import MAX_BRACKETS
from midpo_sym.language.grammar.losses import Scope, parse
from midpo_sym.language.printing.text import to_text
from midpo_sym.spec import load
from midpo_sym.spec.model import Derivation

ROOT = Path(__file__).parents[3]
SPECIFICATIONS = sorted(
    path for path in (ROOT / "derivations").glob("*.toml") if path.stem != "sources"
)


def expressions_of(derivation: Derivation) -> list[tuple[str, str]]:
    """Return each expression as it is written in the file, and as its tree is printed."""
    data = tomllib.loads(derivation.text)
    statement = derivation.statement
    found = [
        (data["prior"]["zeta"], statement.zeta),
        (data["loss"]["argument"], statement.argument),
    ]
    found += [
        (data["definitions"][each.name]["is"], each.definition.body)
        for each in derivation.definitions
    ]
    for entry, claim in zip(data["claim"], derivation.claims, strict=True):
        parts = {
            "zeta": claim.statement.zeta,
            "scale": claim.statement.scale,
            "argument": claim.statement.argument,
            "residual": claim.residual,
        }
        found += [(entry[key], node) for key, node in parts.items() if key in entry]
    return [(written, to_text(node)) for written, node in found]


@pytest.mark.parametrize("path", SPECIFICATIONS, ids=lambda path: path.stem)
def test_shipped_expressions_are_spelled_canonically(path):
    """Every expression of a shipped file is printed as it is written."""
    expressions = expressions_of(load(path))
    assert len(expressions) >= 2
    for written, printed in expressions:
        assert printed == written


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(priors())
def test_the_text_of_a_prior_is_that_prior(node):
    """Reading the text of a random prior gives the same tree."""
    assert parse(to_text(node), SCOPE_OF_PRIOR) == node


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(arguments())
def test_the_text_of_an_argument_is_that_argument(node):
    """Reading the text of a random loss argument gives the same tree."""
    assert parse(to_text(node), SCOPE_OF_LOSS) == node


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("(alpha + eta) + c", "alpha + eta + c"),
        ("alpha+(eta+c)", "alpha + (eta + c)"),
        ("alpha - (eta - c)", "alpha - (eta - c)"),
        ("alpha + -c", "alpha - c"),
        ("alpha - -c", "alpha - -c"),
        ("--c", "--c"),
        ("-alpha**2", "-alpha**2"),
        ("(-alpha)**2", "(-alpha)**2"),
        ("-(alpha*c)", "-(alpha*c)"),
        ("(-alpha)*c", "-alpha*c"),
        ("alpha*-c", "alpha*(-c)"),
        ("alpha**-c", "alpha**(-c)"),
        ("(alpha**eta)**c", "(alpha**eta)**c"),
        ("alpha**2**3", "alpha**(2**3)"),
        ("alpha/c/eta", "alpha/c/eta"),
        ("alpha/(c/eta)", "alpha/(c/eta)"),
        ("alpha/(c*eta)", "alpha/(c*eta)"),
        ("alpha/c*eta", "alpha/c*eta"),
        ("alpha*(c/eta)", "alpha*(c/eta)"),
        ("(alpha*c)/eta", "alpha*c/eta"),
        ("sum_t( log(pi(w,t)) )", "sum_t(log(pi(w, t)))"),
        (" alpha\n + c\t", "alpha + c"),
        ("K(w)-half", "K(w) - half"),
        ("max(c,0)", "max(c, 0)"),
        ("prod_t(q(w,t))", "prod_t(q(w, t))"),
    ],
)
def test_canonical_spelling(written, canonical):
    """The spellings on the right are Python's precedence worked out by hand."""
    assert to_text(parse(written, SCOPE_OF_LOSS)) == canonical


def test_the_deepest_tree_can_be_read_again():
    """A right-nested power is written without brackets and printed with one pair a level.

    The text a**a**...**a with n names has n levels and is printed with n - 2 pairs of brackets,
    so n may be as large as the number of brackets that may be open.
    """
    scope = Scope(frozenset(), {"a": "positive"})
    node = parse("**".join(["a"] * MAX_BRACKETS), scope)
    text = to_text(node)
    assert text.count("(") == MAX_BRACKETS - 2
    assert parse(text, scope) == node
