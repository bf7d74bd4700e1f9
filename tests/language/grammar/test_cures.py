"""What is said instead of what the language does not have: it parses, and means what was meant."""

import ast
import inspect
import math
import re

import pytest

from midpo_sym.language.errors import LanguageError
from midpo_sym.language.grammar import plain
from midpo_sym.language.grammar.cures import SPELLINGS
from midpo_sym.language.grammar.finite_sets import IndexedScope, Signature, parse_indexed
from midpo_sym.language.grammar.losses import Scope, parse

PARAMETERS = {"alpha": "positive", "c": "real", "k": "real"}
WEIGHTS = {"mu": ("nonnegative", False)}
LOSS = Scope(frozenset("wl"), PARAMETERS, WEIGHTS)
PRIOR = Scope(frozenset("y"), PARAMETERS, WEIGHTS)

FUNCTIONS = {
    "exp": math.exp,
    "log": math.log,
    "max": max,
    "min": min,
    "abs": abs,
    "clip": lambda a, low, high: max(low, min(a, high)),
    "sigmoid": lambda a: 1 / (1 + math.exp(-a)),
    "logsigmoid": lambda a: -math.log(1 + math.exp(-a)),
    "softplus": lambda a: math.log(1 + math.exp(a)),
}
# What people type for something else, and what they mean, as Python reckons it.
NUMBERS = {
    "minimum(c, k)": min,
    "torch.min(c, k)": min,
    "2*minimum(c - 1, k + 1)**2": lambda c, k: 2 * min(c - 1, k + 1) ** 2,
    "min(c, k, c + k)": lambda c, k: min(c, k, c + k),
    "max(c, k, 0)": lambda c, k: max(c, k, 0),
    "maximum(c, k)": max,
    "3 - fabs(c - k)": lambda c, k: 3 - abs(c - k),
    "ln(1 + exp(c))": lambda c, _: math.log(1 + math.exp(c)),
    "k/log2(3 + alpha)": lambda _, k: k / math.log2(4),
    "log10(alpha + 9)**2": lambda _, __: 1,
    "log1p(exp(c))": lambda c, _: math.log1p(math.exp(c)),
    "log(8, 2)": lambda _, __: 3,
    "expm1(c)*k": lambda c, k: math.expm1(c) * k,
    "sqrt(exp(c))*k": lambda c, k: math.sqrt(math.exp(c)) * k,
    "2/expit(c - k)": lambda c, k: 2 * (1 + math.exp(k - c)),
    "k*logistic(c)": lambda c, k: k / (1 + math.exp(-c)),
    "-log_sigmoid(c)": lambda c, _: math.log(1 + math.exp(-c)),
    "-F.logsigmoid(-c)": lambda c, _: math.log(1 + math.exp(c)),
    "c - F.softplus(-c)*2": lambda c, _: c - 2 * math.log(1 + math.exp(-c)),
    "k*tanh(c/2)": lambda c, k: k * math.tanh(c / 2),
    "relu(c)*relu(-c)": lambda _, __: 0,
    "1 - square(c - k)": lambda c, k: 1 - (c - k) ** 2,
    "pow(c - 1, 2)*3": lambda c, _: (c - 1) ** 2 * 3,
    "clamp(c, -1, k - 1)": lambda c, k: max(-1, min(c, k - 1)),
    "torch.clamp(c, -1, k - 1)": lambda c, k: max(-1, min(c, k - 1)),
    "c.clip(-1, k - 1)": lambda c, k: max(-1, min(c, k - 1)),
    "e**c*2": lambda c, _: math.exp(c) * 2,
    "c**2 - k//2": lambda c, k: c**2 - k / 2,
    "c @ k": lambda c, k: c * k,
    "+c - k": lambda c, k: c - k,
    "2(c + k)": lambda c, k: 2 * (c + k),
    "c/2alpha": lambda c, _: c / 2,
    "c/0.5": lambda c, _: 2 * c,
    "2**0x10": lambda _, __: 2**16,
    "1_000*c": lambda c, _: 1000 * c,
    "0b11 + 0o17 + 007": lambda _, __: 25,
    "alpha(c + 1)": lambda c, _: c + 1,
    "c^2": lambda c, _: c**2,
    "c − k": lambda c, k: c - k,
    "c·k": lambda c, k: c * k,
    "c²": lambda c, _: c**2,
    "[c + k]*2": lambda c, k: (c + k) * 2,
    "exp[c]": lambda c, _: math.exp(c),
    "exp(x=c)": lambda c, _: math.exp(c),
    "np.exp(c)*2": lambda c, _: math.exp(c) * 2,
    "F.softplus(k)": lambda _, k: math.log(1 + math.exp(k)),
    "exp(c).log()": lambda c, _: c,
    "minimum(c.abs(), sqrt(exp(k)))": lambda c, k: min(abs(c), math.exp(k / 2)),
}
# The same for quantities: what must be read in the end.
QUANTITIES = [
    ("log(pi(y_w)/pi_ref(y_w))", "log(pi(w)/ref(w))", LOSS),
    ("pi_theta(w|x)", "pi(w)", LOSS),
    ("pi(w, x)", "pi(w)", LOSS),
    ("pi(w | x)", "pi(w)", LOSS),
    ("prob(w)*pi_old(chosen)", "", LOSS),
    ("pi_old(chosen)", "prev(w)", LOSS),
    ("r(y_w) - r(y_l)", "alpha*log(pi(w)/ref(w)) - (alpha*log(pi(l)/ref(l)))", LOSS),
    ("logp(w) - log_ref(w)", "log(pi(w)) - log(ref(w))", LOSS),
    ("KL(w)", "sum_t(kl_ref_pi(w, t))", LOSS),
    ("kl_pi_ref(l)", "sum_t(kl_pi_ref(l, t))", LOSS),
    ("mean(log(pi(w, t)))", "mean_t(log(pi(w, t)))", LOSS),
    ("average(KL(w))", "mean_t(kl_ref_pi(w, t))", LOSS),
    ("sum(mu(w, t)*KL(w, t))", "sum_t(mu(w, t)*kl_ref_pi(w, t))", LOSS),
    ("log(pi(w))/len(y_w)", "log(pi(w))/length(w)", LOSS),
    ("detach(log(pi(w)))", "sg(log(pi(w)))", LOSS),
    ("log(pi(w)).detach()", "sg(log(pi(w)))", LOSS),
    ("pi_ref", "ref(y)", PRIOR),
    ("pi", "pi(y)", PRIOR),
    ("pi_ref(y)*π(y)", "ref(y)*pi(y)", PRIOR),
    ("ref(y|x)", "ref(y)", PRIOR),
    ("pi_theta(y_w)", "pi(y)", PRIOR),
]


def mended(text: str, scope: Scope) -> str:
    """Follow cures, one after the other, until the text is read; "" if one does not help."""
    for _ in range(8):
        try:
            parse(text, scope)
        except LanguageError as error:
            start, end = error.offset, error.offset + error.length
            instead = error.advice.instead
            whole = re.fullmatch("write (.*) for the whole of it", error.advice.cure)
            if whole:  # the call that what is at fault belongs to
                start, end = _call_around(text, start)
                instead = whole[1]
            if not instead:
                return ""
            text = text[:start] + instead + text[end:]
        else:
            return text
    return ""


def _call_around(text: str, offset: int) -> tuple[int, int]:
    """Return the span of the largest call that holds a place."""
    for node in ast.walk(ast.parse(text, mode="eval")):
        if isinstance(node, ast.Call) and node.col_offset <= offset < node.end_col_offset:
            return node.col_offset, node.end_col_offset
    raise AssertionError(text)


@pytest.mark.parametrize("text", NUMBERS)
@pytest.mark.parametrize(("c", "k"), [(0.7, -1.3), (-0.4, 0.9), (2.5, 2.0)])
def test_a_cure_means_what_was_meant(text, c, k):
    """The text that comes of following the cures has the value that the author had in mind."""
    cured = mended(text, LOSS)
    assert cured
    names = {**FUNCTIONS, "c": c, "k": k, "alpha": 1.0}
    assert eval(cured, {"__builtins__": {}}, names) == pytest.approx(NUMBERS[text](c, k))


@pytest.mark.parametrize(("text", "wanted", "scope"), QUANTITIES)
def test_a_quantity_of_another_name_has_a_cure(text, wanted, scope):
    """Names from papers and from code lead to the words of the language."""
    cured = mended(text, scope)
    assert (parse(cured, scope) if cured else "") == (parse(wanted, scope) if wanted else "")


@pytest.mark.parametrize(
    ("text", "table", "entry"),
    [
        ("c*beta", "parameters", 'beta = { domain = "positive", meaning = "..." }'),
        ("sum_t(nu(w, t))", "weights", 'nu = { domain = "nonnegative", meaning = "..." }'),
        ("Q(w)", "definitions", 'Q = { of = "y", is = "..." }'),
    ],
)
def test_an_undeclared_name_is_declared_by_its_cure(text, table, entry):
    """The cure is the line of the file, in the table that fits the way the name is used."""
    with pytest.raises(LanguageError) as caught:
        parse(text, LOSS)
    assert f"declare it under [{table}]: {entry}" in caught.value.advice.cure


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("log(1 - 2*pi(w))", "max(1 - 2*pi(w), 1/1000000)"),
        ("log(pi(w) - ref(w))", "max(pi(w) - ref(w), 1/1000000)"),
        ("(c - k)**(1/2)", "max(c - k, 1/1000000)"),
    ],
)
def test_what_may_be_zero_is_kept_from_it_by_the_cure(text, cure):
    """A difference is positive by no form; what code does about it is a cure that parses."""
    with pytest.raises(LanguageError) as caught:
        parse(text, LOSS)
    assert cure in caught.value.advice.cure
    assert parse(f"log({cure})", LOSS)


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("Z(x)", "leave it out"),
        ("c*x", "leave it out"),
        ("pi", "write pi(w) or pi(l)"),
        ("y_w + 1", "such as pi(w)"),
        ("c = 1", "one side only"),
        ("2 alpha", "write a product as a*b"),
        ("(c", "close every bracket"),
        ("softmax(c)", "did you mean max?"),
    ],
)
def test_what_has_no_replacement_has_advice(text, cure):
    """Where nothing can stand in its place, the cure says what to do."""
    with pytest.raises(LanguageError) as caught:
        parse(text, LOSS)
    assert cure in caught.value.advice.cure
    assert not caught.value.advice.instead


@pytest.mark.parametrize(("character", "spelled"), SPELLINGS.items())
def test_a_character_of_mathematics_is_spelled(character, spelled):
    """Whatever mathematics is typed with is replaced by characters of the language."""
    text = f"c{character}" if spelled.startswith("**") else f"{character} c"
    with pytest.raises(LanguageError) as caught:
        parse(text, LOSS)
    assert caught.value.advice.instead == spelled
    assert spelled.isascii()


def kinds(base: type) -> set[type]:
    return {each for each in vars(ast).values() if inspect.isclass(each) and base in each.__mro__}


OLD = {"Num", "Str", "Bytes", "NameConstant", "Ellipsis", "Index", "ExtSlice"}  # gone since 3.9
BASES = (ast.expr, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)


def test_every_kind_of_node_has_a_plain_name():
    """None of them is Python's own term for it, such as BitXor or JoinedStr."""
    found = set().union(*map(kinds, BASES)) - set(BASES)
    found = {each for each in found if each.__name__ not in OLD and each is not ast.slice}
    assert len(found) > 50
    for each in found - {ast.Constant, ast.UnaryOp, ast.BoolOp}:
        name = plain.kind(each())
        assert name
        assert each.__name__ not in name


@pytest.mark.parametrize("text", ["1", "1.5", "1j", "True", "None", "...", "'a'", "b'a'", "f'a'"])
def test_every_constant_has_a_plain_name(text):
    """None of them is the name of a class."""
    node = ast.parse(text, mode="eval").body
    assert type(getattr(node, "value", None)).__name__ not in plain.kind(node).split()


@pytest.mark.parametrize("text", ["not a", "-a", "~a", "+a", "a and b", "a or b"])
def test_an_operator_is_named_as_it_is_written(text):
    """It stands in the text, so that the author finds it."""
    node = ast.parse(text, mode="eval").body
    assert plain.kind(node).removeprefix("the operator ") in text


def test_the_theory_has_cures_in_its_own_words():
    """ln and sqrt are written with log and powers; abs would need max, which it has not."""
    scope = IndexedScope(
        frozenset(), {"b1": "real"}, functions={"p": Signature("positive", ("x",))}
    )
    scope = IndexedScope(scope.responses, functions=scope.functions, indices=frozenset("x"))
    for text, instead in (("ln(p(x))", "log(p(x))"), ("sqrt(p(x))", "p(x)**(1/2)")):
        with pytest.raises(LanguageError) as caught:
            parse_indexed(text, scope)
        assert caught.value.advice.instead == instead
        assert parse_indexed(instead, scope)
    with pytest.raises(LanguageError) as caught:
        parse_indexed("abs(p(x))", scope)
    assert not caught.value.advice.instead
