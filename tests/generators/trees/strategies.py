"""Random well-formed expressions: what a specification may hold, and nothing else.

`priors()` are positive by their form and speak of y; `arguments()` are real and speak of w and l.
Both use the names of `SCOPE_OF_PRIOR` and `SCOPE_OF_LOSS`, so that their text can be parsed.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from midpo_sym.language import tree
from midpo_sym.language.functions.table import DERIVED, call
from midpo_sym.language.grammar.losses import Definition, Scope
from midpo_sym.language.quantities.data import BATCH, RESPONSE
from midpo_sym.language.tree import Expression

PARAMETERS = {"alpha": "positive", "eta": "unit", "gamma": "nonnegative", "c": "real"}
WEIGHTS = {"mu1": ("nonnegative", False), "omega": ("positive", True)}
ABBREVIATIONS = {
    "half": Definition("", tree.Div(tree.Parameter("alpha", "positive"), tree.Number(2))),
    "K": Definition("y", tree.TokenSum("y", tree.Statistic("kl_ref_pi", "y"))),
    "q": Definition(
        "y, t",
        tree.Div(tree.TokenProbability("pi", "y"), tree.TokenProbability("ref", "y")),
    ),
}
DATA = {"score": (RESPONSE, "positive", True), "delta": (BATCH, "real", False)}
SCOPE_OF_PRIOR = Scope(frozenset("y"), PARAMETERS, WEIGHTS, ABBREVIATIONS, data=DATA)
SCOPE_OF_LOSS = replace(SCOPE_OF_PRIOR, responses=frozenset("wl"))

MODELS = ("pi", "ref", "prev")
REAL = ("+", "*", "/", "-", "^", "log", "max", "sg", "label", "sum", "function", "positive")
POSITIVE = ("+", "*", "/", "^", "exp", "max", "sg", "label", "product", "function", "leaf")
DIVERGENCES = ("kl_ref_pi", "kl_pi_ref")


def priors(depth: int = 4) -> st.SearchStrategy[Expression]:
    """Draw an expression of y that is positive by its form."""
    return positive("y", depth)


def arguments(depth: int = 4) -> st.SearchStrategy[Expression]:
    """Draw a real expression of w and l."""
    return real("wl", depth)


@st.composite
def real(draw: st.DrawFn, responses: str, depth: int, *, token: bool = False) -> Expression:
    """Draw an expression of any sign; `token` if it stands inside a sum over tokens."""
    if depth <= 1:
        return draw(real_leaf(responses, token=token))
    below = real(responses, depth - 1, token=token)
    above_zero = positive(responses, depth - 1, token=token)
    kind = draw(st.sampled_from(REAL))
    match kind:
        case "+":
            return tree.total(draw(st.lists(below, min_size=2, max_size=3)))
        case "*":
            return tree.product(draw(st.lists(below, min_size=2, max_size=3)))
        case "/":
            return tree.Div(draw(below), draw(above_zero))
        case "-":
            return tree.Neg(draw(below))
        case "^":
            return tree.Pow(draw(below), tree.Number(draw(st.integers(0, 3))))
        case "log":
            return tree.Log(draw(above_zero))
        case "max":
            return tree.Max(draw(below), draw(below))
        case "sg":
            return tree.StopGradient(draw(below))
        case "function":
            name = draw(st.sampled_from([each for each in DERIVED if each != "mean_t"]))
            return call(name, *(draw(below) for _ in DERIVED[name].variables))
        case "label" if responses == "y":
            return tree.ByLabel("y", draw(below), draw(below))
        case "sum" if not token:
            response = draw(st.sampled_from(responses))
            body = draw(real(response, depth - 1, token=True))
            body = _of_token(draw, response, body)
            mean = call("mean_t", body, of=response)
            return draw(st.sampled_from([tree.TokenSum(response, body), mean]))
    return draw(above_zero)


@st.composite
def positive(draw: st.DrawFn, responses: str, depth: int, *, token: bool = False) -> Expression:
    """Draw an expression that is positive by its form."""
    if depth <= 1:
        return draw(positive_leaf(responses, token=token))
    below = positive(responses, depth - 1, token=token)
    match draw(st.sampled_from(POSITIVE)):
        case "+":
            return tree.total(draw(st.lists(below, min_size=2, max_size=3)))
        case "*":
            return tree.product(draw(st.lists(below, min_size=2, max_size=3)))
        case "/":
            return tree.Div(draw(below), draw(below))
        case "^":
            return tree.Pow(draw(below), draw(exponent(responses, token=token)))
        case "exp":
            return tree.Exp(draw(real(responses, depth - 1, token=token)))
        case "max":
            return tree.Max(draw(below), draw(real(responses, depth - 1, token=token)))
        case "sg":
            return tree.StopGradient(draw(below))
        case "function":
            return draw(positive_function(below, real(responses, depth - 1, token=token)))
        case "label" if responses == "y":
            return tree.ByLabel("y", draw(below), draw(below))
        case "product" if not token:
            response = draw(st.sampled_from(responses))
            body = draw(positive(response, depth - 1, token=True))
            return tree.TokenProduct(response, _of_token(draw, response, body))
    return draw(positive_leaf(responses, token=token))


@st.composite
def positive_function(
    draw: st.DrawFn, above_zero: st.SearchStrategy[Expression], any_: st.SearchStrategy[Expression]
) -> Expression:
    """Draw a function that is positive by its form, or one less something below one."""
    match draw(st.sampled_from(("min", "clip", "sigmoid", "1 - sigmoid", "1 - p/(p + q)"))):
        case "min":
            return call("min", draw(above_zero), draw(above_zero))
        case "clip":
            return call("clip", draw(any_), draw(above_zero), draw(any_))
        case "sigmoid":
            return call("sigmoid", draw(any_))
        case "1 - sigmoid":
            return tree.add(tree.Number(1), tree.Neg(call("sigmoid", draw(any_))))
    part = draw(above_zero)
    share = tree.Div(part, tree.add(part, draw(above_zero)))
    return tree.add(tree.Number(1), tree.Neg(share))


@st.composite
def exponent(draw: st.DrawFn, responses: str, *, token: bool) -> Expression:
    """Draw an exponent that is small if it is a constant."""
    size = draw(real_leaf(responses, token=token))
    match draw(st.sampled_from(("", "-", "1-", "/"))):
        case "-":
            return tree.Neg(size)
        case "1-":
            return tree.add(tree.Number(1), tree.Neg(size))
        case "/":
            return tree.Div(size, draw(positive_leaf(responses, token=token)))
    return size


def real_leaf(responses: str, *, token: bool) -> st.SearchStrategy[Expression]:
    """Draw a leaf of any sign."""
    leaves: list[st.SearchStrategy[Expression]] = [
        positive_leaf(responses, token=token),
        st.just(tree.Number(0)),
        st.sampled_from([tree.Parameter(*each) for each in PARAMETERS.items()]),
        st.just(_datum("delta")),
    ]
    if token:
        leaves += [
            st.builds(tree.Statistic, st.just(name), st.sampled_from(responses))
            for name in DIVERGENCES
        ]
        leaves += [st.sampled_from([_weight(name, r) for name in WEIGHTS for r in responses])]
    else:
        leaves += [st.sampled_from([_defined("K", r) for r in responses])]
    return st.one_of(leaves)


def positive_leaf(responses: str, *, token: bool) -> st.SearchStrategy[Expression]:
    """Draw a leaf that is positive by its form."""
    probability = tree.TokenProbability if token else tree.Probability
    leaves: list[st.SearchStrategy[Expression]] = [
        st.builds(tree.Number, st.integers(1, 4)),
        st.just(tree.Parameter("alpha", "positive")),
        st.just(_defined("half", "")),
        st.sampled_from([_datum("score", each) for each in responses]),
        st.builds(tree.Length, st.sampled_from(responses)),
        st.builds(probability, st.sampled_from(MODELS), st.sampled_from(responses)),
    ]
    if token:
        leaves += [st.sampled_from([_weight("omega", r) for r in responses])]
        leaves += [st.sampled_from([_defined("q", r) for r in responses])]
    return st.one_of(leaves)


def _of_token(draw: st.DrawFn, response: str, body: Expression) -> Expression:
    """Return a body that says which tokens it is about."""
    if tree.token_responses(body):
        return body
    return tree.product([tree.TokenProbability(draw(st.sampled_from(MODELS)), response), body])


def _datum(name: str, *of: str) -> Expression:
    _, domain, by_label = DATA[name]
    return tree.Datum(name, of, domain, by_label)


def _weight(name: str, response: str) -> Expression:
    return tree.Weight(name, response, *WEIGHTS[name])


def _defined(name: str, response: str) -> Expression:
    definition = ABBREVIATIONS[name]
    body = tree.at_responses(definition.body, {"y": response}) if response else definition.body
    return tree.Defined(name, response, definition.of == "y, t", body)
