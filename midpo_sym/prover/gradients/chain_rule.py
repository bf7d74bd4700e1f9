"""The chain rule at every kind of node, and along the paths from a loss down to its coordinates.

Not trusted: what comes out is handed to the kernel, step by step and as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from midpo_sym.kernel.forms import OutsideClassError
from midpo_sym.kernel.theorem import decide, decide_gradient, normal_form
from midpo_sym.language import tree
from midpo_sym.language.functions.table import call
from midpo_sym.language.printing.mathematics import to_latex, to_unicode
from midpo_sym.language.printing.printer import Symbol
from midpo_sym.language.tree import Expression
from midpo_sym.prover.conditions import flows
from midpo_sym.prover.gradients.products import ONE, Product, difference, negative

MAX_PATHS = 300  # from a loss to its coordinates
_ONE = tree.Number(1)


@dataclass(frozen=True, slots=True)
class ChainRule:
    """∇node = Σ factor ∇child, at one node.

    Attributes:
        law: the rule of differentiation, a key of `LAWS_OF_DERIVATIVES`.
        node: what is differentiated.
        parts: each factor, and the child that it stands before.
    """

    law: str
    node: Expression
    parts: tuple[tuple[Product, Expression], ...]


# name: in Unicode mathematics, in LaTeX
LAWS_OF_DERIVATIVES = {
    "definition": ("a := b", "a := b"),
    "sum": ("(a − b)′ = a′ − b′", r"(a - b)' = a' - b'"),
    "negative": ("(−a)′ = −a′", "(-a)' = -a'"),
    "product": ("(a·b)′ = b·a′ + a·b′", r"(ab)' = b\,a' + a\,b'"),
    "quotient": ("(a/b)′ = a′/b − (a/b)·b′/b", r"(a/b)' = a'/b - (a/b)\,b'/b"),
    "power": ("(a^e)′ = e·a^(e − 1)·a′ + a^e·log a·e′", r"(a^e)' = e\,a^{e-1}a' + a^e\log a\,e'"),
    "logarithm": ("(log a)′ = a′/a", r"(\log a)' = a'/a"),
    "logarithm of a quotient": ("log(a/b) = log a − log b", r"\log\frac{a}{b} = \log a - \log b"),
    "logarithm of a product": ("log(a·b) = log a + log b", r"\log(ab) = \log a + \log b"),
    "logarithm of a power": (
        "log(a^e)′ = e·(log a)′ + log a·e′",
        r"(\log a^e)' = e\,(\log a)' + \log a\,e'",
    ),
    "logarithm of an exponential": ("log(exp a) = a", r"\log\exp a = a"),
    "exponential": ("(exp a)′ = exp(a)·a′", r"(\exp a)' = \exp(a)\,a'"),
    "softplus": ("(log(1 + exp a))′ = σ(a)·a′", r"(\log(1 + \exp a))' = \sigma(a)\,a'"),
    "sigmoid": ("σ(a)′ = σ(a)·σ(−a)·a′", r"\sigma(a)' = \sigma(a)\,\sigma(-a)\,a'"),
    "log-sigmoid": ("(log σ(a))′ = σ(−a)·a′", r"(\log\sigma(a))' = \sigma(-a)\,a'"),
    "maximum": (
        "max(a, b)′ = a′ where a > b, and b′ where b > a",
        r"\max(a, b)' = a' \text{ where } a > b,\ b' \text{ where } b > a",
    ),
    "probability": ("π′ = π·(log π)′", r"\pi' = \pi\,(\log\pi)'"),
    "response": (
        "log π(y) = Σ_t log π(y,t)",
        r"\log\pi(y\mid x) = \sum_t\log\pi(y_t\mid x,y_{<t})",
    ),
    "product over tokens": (
        "(Π_t a_t)′ = (Π_t a_t)·(Σ_t log a_t)′",
        r"(\prod_t a_t)' = (\prod_t a_t)\,(\sum_t \log a_t)'",
    ),
}


@dataclass(frozen=True, slots=True)
class Flow:
    """A summand of a gradient: outer · Σ_t inner(t) ∇coordinate(t), or outer · ∇coordinate.

    Attributes:
        outer: what does not vary from token to token.
        inner: what may.
        coordinate: what the gradient is taken in: a log-probability or a statistic of one token,
            or something that was said to be one.
        response: whose tokens are summed over; "" for a coordinate that is not of a token.
    """

    outer: Product
    inner: Product
    coordinate: Expression
    response: str


def flows_from(
    node: Expression, stops: Collection[Expression] = (), trace: list[ChainRule] | None = None
) -> list[Flow]:
    """Return the gradient of a node of whole responses, free of `by_label`.

    Args:
        node: what is differentiated.
        stops: what is taken for a coordinate.
        trace: is filled with the rules that were used, once for each node.

    Raises:
        OutsideClassError: there are too many paths, or a node has no rule.
    """
    used: dict[Expression, ChainRule] = {}
    found: list[Flow] = []
    for each in _down(node, ONE, stops, used):
        found.append(each)
        if len(found) > MAX_PATHS:
            raise OutsideClassError("too many paths to the policy")
    if trace is not None:
        trace += used.values()
    return found


def _down(
    node: Expression,
    factor: Product,
    stops: Collection[Expression],
    used: dict[Expression, ChainRule],
) -> Iterator[Flow]:
    """Yield the flows of a node of whole responses, times a factor."""
    if node in stops:
        yield Flow(factor, ONE, node, "")
        return
    if not flows(node):
        return
    if isinstance(node, tree.TokenSum):
        for coordinate, inner in _inside(node.body, ONE, used):
            yield Flow(factor, inner, coordinate, node.response)
        return
    rule = used.setdefault(node, chain_rule(node))
    for more, child in rule.parts:
        yield from _down(child, factor.times(more), stops, used)


def _inside(
    node: Expression, factor: Product, used: dict[Expression, ChainRule]
) -> Iterator[tuple[Expression, Product]]:
    """Yield the coordinates of a node of one token, and what stands before them."""
    if not flows(node):
        return
    if is_coordinate(node):
        yield node, factor
        return
    rule = used.setdefault(node, chain_rule(node))
    for more, child in rule.parts:
        yield from _inside(child, factor.times(more), used)


def is_coordinate(node: Expression) -> bool:
    """Return whether a node is a log-probability or a statistic of one token of the policy."""
    match node:
        case tree.Log(body=tree.TokenProbability(model="pi")):
            return True
        case tree.Statistic(row=row):
            return row.trained
    return False


def chain_rule(node: Expression) -> ChainRule:  # noqa: C901, PLR0911, PLR0912 - one case for each kind of node
    """Return the chain rule at a node.

    Raises:
        OutsideClassError: there is none.
    """

    def rule(law: str, *parts: tuple[Expression, Expression]) -> ChainRule:
        return ChainRule(
            law, node, tuple((Product.of(factor), child) for factor, child in parts if flows(child))
        )

    match node:
        case tree.Call(function=function, arguments=(a,)) if function.name in _CALLS:
            law, slope = _CALLS[function.name]
            return rule(law, (slope(a), a))
        case tree.Log(body=tree.Add(terms=(tree.Number(value=1), tree.Exp(body=a)))):
            return rule("softplus", (call("sigmoid", a), a))
        case tree.Div(
            numerator=tree.Number(value=1),
            denominator=tree.Add(terms=(tree.Number(value=1), tree.Exp(body=a))),
        ):  # σ(−a)
            return rule("sigmoid", (tree.Neg(_slope_of_sigmoid(a)), a))
        case tree.Call(function=function, arguments=(left, right)) if function.name == "min":
            if _is_same(left, right):
                return rule("maximum", (_ONE, left))
            return rule(
                "maximum", (_chosen(node, left, right), left), (_chosen(node, right, left), right)
            )
        case tree.Defined(body=body) | tree.Call(body=body):
            return rule("definition", (_ONE, body))
        case tree.Add(terms=terms):
            parts = [
                (tree.Neg(_ONE), each.body) if isinstance(each, tree.Neg) else (_ONE, each)
                for each in terms
            ]
            return rule("sum", *parts)
        case tree.Neg(body=body):
            return rule("negative", (tree.Neg(_ONE), body))
        case tree.Mul(factors=factors):
            others = [[*factors[:k], *factors[k + 1 :]] for k in range(len(factors))]
            products = [tree.product(each) for each in others]
            return rule("product", *zip(products, factors, strict=True))
        case tree.Div(numerator=over, denominator=under):
            return rule(
                "quotient", (tree.Div(_ONE, under), over), (tree.Neg(tree.Div(node, under)), under)
            )
        case tree.Pow(base=base, exponent=tree.Number(value=power)) if power > 1:
            return rule("power", (power * tree.Pow(base, tree.Number(power - 1)), base))
        case tree.Pow(base=base, exponent=power) if not base.positive:
            whole = Product(Fraction(_whole(power))).tree
            return rule("power", (tree.mul(whole, tree.Div(node, base)), base))
        case tree.Pow(base=base, exponent=power):
            return rule(
                "power",
                (tree.Div(tree.mul(power, node), base), base),
                (tree.mul(node, tree.Log(base)), power),
            )
        case tree.Log(body=tree.Probability(model=model, response=response)):
            token = tree.Log(tree.TokenProbability(model, response))
            return rule("response", (_ONE, tree.TokenSum(response, token)))
        case tree.Log(body=tree.Div(numerator=over, denominator=under)) if (
            over.positive and under.positive
        ):
            minus = tree.Neg(_ONE)
            return rule("logarithm of a quotient", (_ONE, tree.Log(over)), (minus, tree.Log(under)))
        case tree.Log(body=tree.Mul(factors=factors)) if all(each.positive for each in factors):
            return rule("logarithm of a product", *((_ONE, tree.Log(each)) for each in factors))
        case tree.Log(body=tree.Pow(base=base, exponent=power)) if base.positive:
            return rule("logarithm of a power", (power, tree.Log(base)), (tree.Log(base), power))
        case tree.Log(body=tree.Exp(body=body)):
            return rule("logarithm of an exponential", (_ONE, body))
        case tree.Log(body=body):
            return rule("logarithm", (tree.Div(_ONE, body), body))
        case tree.Exp(body=body):
            return rule("exponential", (node, body))
        case tree.Probability() | tree.TokenProbability():
            return rule("probability", (node, tree.Log(node)))
        case tree.TokenProduct(response=response, body=body):
            return rule("product over tokens", (node, tree.TokenSum(response, tree.Log(body))))
        case tree.Max(left=left, right=right) if _is_same(left, right):
            return rule("maximum", (_ONE, left))
        case tree.Max(left=left, right=tree.Neg(body=body)) if left == body:  # |a|
            return rule("maximum", (tree.Div(node, left), left))
        case tree.Max(left=left, right=right):
            return rule(
                "maximum", (_chosen(node, left, right), left), (_chosen(node, right, left), right)
            )
    raise OutsideClassError(f"no rule of differentiation for {node}")


def _whole(exponent: Expression) -> int:
    """Return the whole number that an exponent is.

    Raises:
        OutsideClassError: it is none, and its base may be negative.
    """
    form = normal_form(exponent)
    number = form.constant
    if form.sums or number.denom != 1 or not number.numer.is_ground:
        raise OutsideClassError(f"no rule of differentiation for a power of any base, ^{exponent}")
    value = Fraction(str(number.numer.LC)) if number.numer else Fraction(0)
    if value.denominator != 1:
        raise OutsideClassError(f"no rule of differentiation for a power of any base, ^{exponent}")
    return int(value)


def _is_same(left: Expression, right: Expression) -> bool:
    """Return whether both sides of a maximum are the same, in value and gradient.

    Raises:
        OutsideClassError: they are in value only: there is a gradient nowhere.
    """
    tokens = tree.token_responses(left) | tree.token_responses(right)
    if tokens:
        left, right = (tree.TokenSum(min(tokens), side) for side in (left, right))
    if decide(left, right).theorem is None:
        return False
    if decide_gradient(left, right).theorem is None:
        raise OutsideClassError("a maximum of two equal things, whose gradients differ")
    return True


def _chosen(node: Expression, one: Expression, other: Expression) -> Expression:
    """Return (max(a, b) − b)/(a − b): 1 where the maximum, or minimum, is a, and 0 where it is b.

    It has a name, which printers write as a condition: 1[a − b > 0].
    """
    apart = difference(one, other)
    relation = ">" if isinstance(node, tree.Max) else "<"
    body = tree.Div(difference(node, other), apart)
    return tree.Defined(f"{SWITCH}{apart} {relation} 0]", "", token=False, body=body)


SWITCH = "1["  # no name of a specification begins so


def switches(node: Expression) -> dict[str, tree.Defined]:
    """Return the switches in a node, by their names."""
    return {
        each.name: each
        for each in node.walk()
        if isinstance(each, tree.Defined) and each.name.startswith(SWITCH)
    }


def switched_on(node: Expression) -> tuple[Expression, str] | None:
    """Return what has to be above or below zero for a switch to be one; None if it is no switch."""
    if not isinstance(node, tree.Defined) or node.name not in switches(node):
        return None
    assert isinstance(node.body, tree.Div)
    return node.body.denominator, ">" if node.name.endswith("> 0]") else "<"


def _slope_of_sigmoid(a: Expression) -> Expression:
    return tree.mul(call("sigmoid", a), call("sigmoid", negative(a)))


def _slope_of_logsigmoid(a: Expression) -> Expression:
    return call("sigmoid", negative(a))


def _slope_of_softplus(a: Expression) -> Expression:
    return call("sigmoid", a)


def switch_symbols(node: Expression, symbols: Mapping[str, Symbol]) -> dict[str, Symbol]:
    """Return how the switches in a node are written: 1[a > 0], beside the symbols of names."""
    found: dict[str, Symbol] = {}
    for name, each in switches(node).items():
        assert isinstance(each.body, tree.Div)
        apart, relation = each.body.denominator, ">" if name.endswith("> 0]") else "<"
        latex, unicode = to_latex(apart, symbols), to_unicode(apart, symbols)
        found[name] = Symbol(rf"\mathbf{{1}}[{latex} {relation} 0]", f"1[{unicode} {relation} 0]")
    return found


_CALLS: dict[str, tuple[str, Callable[[Expression], Expression]]] = {
    "sigmoid": ("sigmoid", _slope_of_sigmoid),
    "logsigmoid": ("log-sigmoid", _slope_of_logsigmoid),
    "softplus": ("softplus", _slope_of_softplus),
}
