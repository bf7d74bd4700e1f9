"""What a good file means, key by key."""

from fractions import Fraction
from pathlib import Path

import pytest

from midpo_sym.language.printing.printer import Symbol
from midpo_sym.language.printing.text import to_text
from midpo_sym.spec import load, loads
from midpo_sym.spec.errors import SpecError
from midpo_sym.spec.model import Citation

ROOT = Path(__file__).parents[3]
SPECIFICATIONS = sorted(
    path for path in (ROOT / "derivations").glob("*.toml") if path.stem != "sources"
)

FULL = r"""
title = "Full"
name = "Every key"
summary = "One of everything."
source = { work = "someone2025", place = "section 1" }
notes = '''
Some *Markdown*.
'''

[parameters.beta]
domain = "positive"
default = "1/10"
torch = "scale"
meaning = "scale"
latex = '\beta'
unicode = "β"

[parameters]
c = { domain = "real", default = -2, meaning = "offset" }
alpha2 = { domain = "unit", meaning = "no default" }

[weights]
mu1 = { domain = "nonnegative", meaning = "shared" }
omega = { domain = "positive", by_label = true, torch = "weights", meaning = "by label" }

[definitions]
q = { of = "y, t", is = "log(pi(y, t)/ref(y, t))", meaning = "log-ratio of a token" }
K = { of = "y", is = "sum_t(mu1(y, t)*q(y, t))", latex = 'D', unicode = "D" }
d = { is = "K(w) - K(l)" }

[prior]
scale = "2*beta"
zeta = "ref(y)*exp(-alpha2*K(y))*prod_t(pi(y, t)**omega(y, t))"

[loss]
link = "square"
argument = "beta*d - c"

[[claim]]
id = "main"
work = "someone2025"
place = "appendix"
status = "proved"

[[claim]]
id = "other"
work = "someone2025"
place = "section 2"
status = "refuted"
gradient = "proved"
link = "hinge"
zeta = "ref(y)"
argument = "beta*d"
scale = 1
residual = "c"
note = "for people"

[[claim]]
id = "special"
work = "someone2025"
place = "section 3"
status = "undecided"
[claim.where]
c = "0"
K = "length(y)"
d = "length(w) - 1"
"""


@pytest.fixture(scope="module")
def full():
    return loads(FULL, "full.toml")


def test_words_of_the_file(full):
    """Text is taken as it is written; the id is the name of the file."""
    assert (full.id, full.title, full.name) == ("full", "Full", "Every key")
    assert full.summary == "One of everything."
    assert full.source == Citation("someone2025", "section 1")
    assert full.notes == "Some *Markdown*.\n"
    assert full.text == FULL
    assert full.path == Path("full.toml")


def test_parameters(full):
    """Defaults are exact; a name in Python and a symbol are the name's own if left out."""
    beta, c, alpha2 = full.parameters
    assert (beta.name, beta.domain, beta.default) == ("beta", "positive", Fraction(1, 10))
    assert (beta.torch, beta.symbol, beta.meaning) == ("scale", Symbol(r"\beta", "β"), "scale")
    assert (c.default, c.torch, c.symbol) == (Fraction(-2), "c", Symbol("c", "c"))
    assert (alpha2.default, alpha2.symbol) == (None, Symbol(r"\alpha_{2}", "α₂"))


def test_weights(full):
    """A weight is shared by the labels unless it says otherwise."""
    mu1, omega = full.weights
    assert (mu1.by_label, mu1.torch, mu1.domain) == (False, "mu1", "nonnegative")
    assert (omega.by_label, omega.torch, omega.domain) == (True, "weights", "positive")


def test_definitions(full):
    """Each is read with those before it, in order."""
    assert [each.name for each in full.definitions] == ["q", "K", "d"]
    assert [each.definition.of for each in full.definitions] == ["y, t", "y", ""]
    assert to_text(full.definitions[2].definition.body) == "K(w) - K(l)"
    assert full.definitions[0].meaning == "log-ratio of a token"
    assert full.definitions[1].symbol == Symbol("D", "D")


def test_statement(full):
    """Prior and loss are what the file says, as trees."""
    statement = full.statement
    assert to_text(statement.scale) == "2*beta"
    assert to_text(statement.zeta) == ("ref(y)*exp(-alpha2*K(y))*prod_t(pi(y, t)**omega(y, t))")
    assert to_text(statement.argument) == "beta*d - c"
    assert statement.link == "square"


def test_a_claim_that_changes_nothing_is_the_main_one(full):
    """Only it speaks of [prior] and [loss] themselves."""
    assert [each.is_main for each in full.claims] == [True, False, False]
    assert full.claims[0].statement == full.statement
    assert full.claims[0].gradient == full.claims[0].status == "proved"


def test_a_claim_with_its_own_parts(full):
    """What it gives replaces what the file gives."""
    claim = full.claims[1]
    parts = claim.statement
    assert [to_text(each) for each in (parts.scale, parts.zeta, parts.argument)] == [
        "1",
        "ref(y)",
        "beta*d",
    ]
    assert parts.link == "hinge"
    assert (claim.status, claim.gradient, claim.note) == ("refuted", "proved", "for people")
    assert to_text(claim.residual) == "c"
    assert claim.citation == Citation("someone2025", "section 2")


def test_where_gives_names_another_value(full):
    """A parameter becomes an abbreviation of its value; a definition gets another body.

    d is defined through K, and both are replaced; q and the link stay.
    """
    statement = full.claims[2].statement
    bodies = {
        each.name: to_text(each.body)
        for node in (statement.zeta, statement.argument)
        for each in node.walk()
        if type(each).__name__ == "Defined"
    }
    assert bodies == {"K": "length(y)", "d": "length(w) - 1", "c": "0"}
    assert statement.link == "square"


def test_where_reaches_through_definitions():
    """beta = gamma/alpha, and the claim sets gamma: the body of beta changes with it."""
    text = """
    title = "T"
    summary = "S"
    parameters.alpha = { domain = "positive", meaning = "scale" }
    parameters.gamma = { domain = "real", meaning = "margin" }
    definitions.beta = { is = "gamma/alpha" }
    prior.zeta = "ref(y)"
    loss.argument = "beta"
    claim = [{ id = "a", work = "w", place = "p", status = "proved", where = { gamma = 3 } }]
    """
    beta = loads(text, "t.toml").claims[0].statement.argument.body
    assert to_text(beta) == "gamma/alpha"
    assert to_text(beta.numerator.body) == "3"


def test_what_may_be_left_out():
    """The shortest file: the scale is alpha, the link the log-sigmoid, nothing is claimed."""
    text = """
    title = "Short"
    summary = "As little as there can be."
    parameters.alpha = { domain = "positive", meaning = "scale" }
    prior.zeta = "ref(y)"
    loss.argument = "alpha"
    """
    short = loads(text, Path("somewhere") / "short.toml")
    assert (short.id, short.name, short.source, short.notes) == ("short", "Short", None, "")
    assert (short.weights, short.definitions, short.claims) == ((), (), ())
    assert to_text(short.statement.scale) == "alpha"
    assert short.statement.link == "logsigmoid"


LINES = """
title = "Lines"
summary = "A link over several lines."
parameters.alpha = {{ domain = "positive", meaning = "scale" }}
prior = {{ zeta = "ref(y)", gives = "argument" }}
loss.argument = "alpha*log(pi(w)/pi(l))"
loss.link = '''
{}'''
"""


@pytest.mark.parametrize(
    ("written", "link"),
    [
        ("(a - 1)**2\n\n  + exp(-a)\n", "(a - 1)**2 + exp(-a)"),
        ("  hinge\n", "hinge"),
        ("any\n", "any"),
    ],
)
def test_a_link_may_break_lines(written, link):
    """As any other expression does; and a word may stand on a line of its own."""
    assert loads(LINES.format(written), "t.toml").statement.target.terms[0].link.name == link


@pytest.mark.parametrize(
    ("written", "line", "column", "read"),
    [
        ("(a - 1)**2\n\n  + b", 10, 5, "b"),
        ("exp(\n  -a) + log(a)", 9, 13, "a"),
        ("a\n  ^2", 9, 3, "^"),
    ],
)
def test_a_fault_in_a_link_has_its_own_line(written, line, column, read):
    with pytest.raises(SpecError) as raised:
        loads(LINES.format(written), "t.toml")
    place = raised.value.place
    assert (place.line, place.column, raised.value.advice.read) == (line, column, read)


@pytest.mark.parametrize("path", SPECIFICATIONS, ids=lambda path: path.stem)
def test_every_shipped_file_is_read(path):
    """It has claims, of which one is about [prior] and [loss]; every name has a symbol."""
    derivation = load(path)
    assert derivation.id == path.stem
    assert derivation.text == path.read_text(encoding="utf-8")
    assert any(claim.is_main for claim in derivation.claims)
    assert set(derivation.symbols) == {each.name for each in derivation.declarations}


def test_a_path_may_be_text():
    """`load` takes what `open` takes."""
    assert load(str(SPECIFICATIONS[0])) == load(SPECIFICATIONS[0])
