"""The gradient of a loss: its coefficients in the policy's coordinates, proved and checked.

The coordinates are the log-probability of each token of a response, and each statistic of the
next-token distribution before it, such as a divergence. With the coefficients c held still, the
kernel proves

    ∇L = ∇ Σ_s Σ_t ( sg(c_s(t)) log π(y_s,t) + … )

and since the gradients of the coordinates may be anything, that says that each coefficient is the
partial derivative. The same is compared with finite differences in the logits of random tabular
policies (`judges.tabular`), which know nothing of the kernel.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from midpo_sym.judges import tabular
from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.responses import read
from midpo_sym.kernel.theorem import Theorem, decide, decide_gradient
from midpo_sym.language import tree
from midpo_sym.language.functions.table import call
from midpo_sym.language.links import VARIABLE
from midpo_sym.language.objective import Objective
from midpo_sym.language.substitute import at_labels, substitute
from midpo_sym.language.tree import Expression
from midpo_sym.language.vocabulary import OTHER
from midpo_sym.prover.conditions import NoGradientError, conditions, flows, kinks
from midpo_sym.prover.gradients.chain_rule import Flow, flows_from
from midpo_sym.prover.gradients.products import ONE, Product, shortest
from midpo_sym.prover.gradients.signs import Sign, sign_of, sign_of_sum
from midpo_sym.prover.verdict import Condition, DisagreementError
from midpo_sym.session import remembered


@dataclass(frozen=True, slots=True)
class Coefficient:
    """What stands before one coordinate in the gradient of a loss.

    Attributes:
        response: whose tokens the coordinate is of.
        coordinate: the log-probability of its token t, or a statistic before it.
        terms: the coefficient as a sum of products of a number of whole responses and one of the
            token t.
        sign: its sign.
    """

    response: str
    coordinate: Expression
    terms: tuple[tuple[Product, Product], ...]
    sign: Sign

    @property
    def value(self) -> Expression:
        """Return the coefficient as one expression, which may speak of the token t."""
        return tree.total([outer.times(inner).tree for outer, inner in self.terms])

    @property
    def by_token(self) -> bool:
        """Return whether it varies from token to token."""
        return any(tree.token_responses(inner.tree) for _, inner in self.terms)


@dataclass(frozen=True, slots=True)
class Line:
    """∇before = Σ sg(coefficient) ∇(what it stands before), as the kernel has proved it.

    Attributes:
        before: what is differentiated.
        flows: the summands of the right side.
        theorem: the kernel's theorem.
    """

    before: Expression
    flows: tuple[Flow, ...]
    theorem: Theorem


@dataclass(frozen=True, slots=True)
class Gradient:
    """The gradient of a loss.

    Attributes:
        loss: what is differentiated.
        names: the arguments of its links, by the names that the coefficients use.
        coefficients: one for each coordinate through which a gradient flows; none if undecided.
        conditions: what must not be zero.
        lines: the derivation: the loss by its arguments, each argument, and the whole.
        theorem: the kernel's theorem of the whole; None if undecided.
        numbers: what the finite differences said, in words.
        reason: why it is undecided; "" if it is proved.
    """

    loss: Expression
    names: tuple[tree.Defined, ...] = ()
    coefficients: tuple[Coefficient, ...] = ()
    conditions: tuple[Condition, ...] = ()
    lines: tuple[Line, ...] = ()
    theorem: Theorem | None = None
    numbers: str = ""
    reason: str = ""

    @property
    def is_proved(self) -> bool:
        """Return whether the kernel has proved it."""
        return self.theorem is not None

    @property
    def is_zero(self) -> bool:
        """Return whether it is proved that no gradient flows."""
        return self.is_proved and not self.coefficients

    def of(self, response: str) -> Coefficient | None:
        """Return the coefficient of the log-probabilities of a response; None if it is zero."""
        for each in self.coefficients:
            if each.response == response and isinstance(each.coordinate, tree.Log):
                return each
        return None


@remembered(64)
def gradient_of(target: Objective, taken: tuple[str, ...] = (), *, work: int = 1) -> Gradient:
    """Return the gradient of a loss, or why it is undecided.

    Args:
        target: the loss.
        taken: names and symbols that the arguments of links may not have.
        work: how many times the usual limit of work the kernel may take.

    Raises:
        DisagreementError: the kernel proves it, and finite differences contradict it.
        ZeroDenominatorError: the loss divides by something that is always zero.
    """
    if any(term.link.is_any for term in target.terms):
        why = "its link stands for every function; one that is named or typed has a gradient"
        return Gradient(tree.Number(0), reason=why)
    loss, names = _named(target, taken)
    if OTHER in tree.responses(target.loss):
        why = f"it speaks of a third response, {OTHER}; gradients are of y_w and y_l only"
        return Gradient(loss, names, reason=why)
    with suppress(OutsideClassError):
        read((target.loss,))  # its own divisors
    try:
        lines, found = _derived(loss, names, work)
        theorem = _theorem(target.loss, found, work)
        where = _conditions(target.loss, found, work)
        coefficients = tuple(_coefficients(found))
        if theorem is None:
            return Gradient(
                loss, names, reason="the kernel cannot compare it with what was derived"
            )
        numbers = tabular.check(loss, [(c.response, c.coordinate, c.value) for c in coefficients])
    except ZeroDenominatorError:
        return Gradient(loss, names, reason="what was derived divides by zero")
    except (OutsideClassError, NoGradientError) as error:
        return Gradient(loss, names, reason=f"outside the class that is decided: {error}")
    except (OverflowError, ValueError) as error:
        return Gradient(loss, names, reason=f"too large a number or tree, in {error}")
    if not numbers.agree:
        message = (
            f"the kernel proves a gradient, and finite differences contradict it: {numbers.said}"
        )
        raise DisagreementError(message)
    return Gradient(loss, names, coefficients, where, lines, theorem, numbers.said)


def _conditions(loss: Expression, found: list[Flow], work: int) -> tuple[Condition, ...]:
    """Return what must not be zero for a gradient to exist, and to be what was found."""
    right = surrogate(found)
    held = any(
        isinstance(node, tree.StopGradient) for each in (loss, right) for node in each.walk()
    )
    reading = read((loss, right), detach=held, work=work)  # the one that the theorem is from
    known = list(conditions(reading.denominators, reading.forms[0].atoms))
    for each in kinks(loss):
        if not any(_is_same_or_minus(each.expression, other.expression) for other in known):
            known.append(each)
    return tuple(known)


def _is_same_or_minus(one: Expression, other: Expression) -> bool:
    if tree.token_responses(one) or tree.token_responses(other):
        return one == other
    return any(decide(one, each).theorem is not None for each in (other, tree.Neg(other)))


def surrogate(found: Sequence[Flow]) -> Expression:
    """Return the expression that has a gradient, with its coefficients held still."""
    return tree.total([_held(each) for each in found])


def _held(flow: Flow) -> Expression:
    """Return sg(outer) · Σ_t sg(inner) · coordinate."""
    outer = _still(flow.outer)
    if not flow.response:
        return tree.product([*outer, flow.coordinate])
    body = tree.product([*_still(flow.inner), flow.coordinate])
    return tree.product([*outer, tree.TokenSum(flow.response, body)])


def _still(product: Product) -> list[Expression]:
    node = product.tree
    if node == tree.Number(1):
        return []
    return [tree.StopGradient(node) if flows(node) else node]


def _named(
    target: Objective, taken: tuple[str, ...]
) -> tuple[Expression, tuple[tree.Defined, ...]]:
    """Return a loss with names for the arguments of its links, and these."""
    arguments = list(dict.fromkeys(at_labels(term.argument) for term in target.terms))
    nameless = [each for each in arguments if not _is_name(each)]
    free = next(letter for letter in ("m", "a", "argument") if letter not in taken)
    numbers = range(1, len(nameless) + 1) if len(nameless) > 1 else [""]
    given = {
        each: tree.Defined(f"{free}{number}", "", token=False, body=each)
        for each, number in zip(nameless, numbers, strict=False)
    }
    names = {
        each: each if isinstance(each, tree.Defined) and _is_name(each) else given[each]
        for each in arguments
    }
    parts: list[Expression] = []
    for term in target.terms:
        body = _SPOKEN.get(term.link.name, term.link.body)
        inner = substitute(body, {VARIABLE.name: names[at_labels(term.argument)]})
        weight = at_labels(term.weight)
        parts.append(inner if weight == tree.Number(1) else tree.mul(weight, inner))
    loss = tree.total([*parts, *map(at_labels, target.additive)])
    return loss, tuple(names.values())


def _is_name(node: Expression) -> bool:
    """Return whether a node is a name for a number of the pair."""
    return isinstance(node, tree.Defined) and not node.response


# Links that are shorter by the names of functions.
_SPOKEN = {
    "logsigmoid": tree.Neg(call("logsigmoid", VARIABLE)),
    "sigmoid": call("sigmoid", tree.Neg(VARIABLE)),
}


def _derived(
    loss: Expression, names: tuple[tree.Defined, ...], work: int
) -> tuple[tuple[Line, ...], list[Flow]]:
    """Return the lines of a derivation that the kernel has proved, and the gradient of the loss."""
    outside = merged(flows_from(loss, names))
    lines = [_line(loss, outside, work)]
    found = [each for each in outside if each.response]
    for name in names:
        slopes = [each.outer for each in outside if each.coordinate == name]
        if not slopes:
            continue
        inside = merged(flows_from(name.body))
        lines.append(_line(name, inside, work))
        found += [
            Flow(slope.times(each.outer), each.inner, each.coordinate, each.response)
            for slope in slopes
            for each in inside
        ]
    found = merged(found)
    proved = [each for each in lines if each]
    return tuple(proved), found


def _line(before: Expression, found: list[Flow], work: int) -> Line | None:
    theorem = _theorem(before, found, work)
    return Line(before, tuple(found), theorem) if theorem else None


def _theorem(before: Expression, found: list[Flow], work: int) -> Theorem | None:
    return decide_gradient(before, surrogate(found), work=work).theorem


def merged(found: Sequence[Flow]) -> list[Flow]:
    """Return flows with those of one coordinate and one inner factor added up."""
    groups: dict[tuple[str, Expression, Product], list[Product]] = {}
    for each in found:
        shared, inner = each.inner.split(lambda factor: not tree.token_responses(factor))
        outer = each.outer.times(shared)
        groups.setdefault((each.response, each.coordinate, inner), []).append(outer)
    order = {"w": 0, "l": 1}
    result = [
        Flow(summed(outers).shortened(), inner.shortened(), coordinate, response)
        for (response, coordinate, inner), outers in groups.items()
    ]
    result = [each for each in result if each.outer.number]
    return sorted(
        result,
        key=lambda each: (order.get(each.response, -1), not isinstance(each.coordinate, tree.Log)),
    )


def summed(products: Sequence[Product]) -> Product:
    """Return a sum of products as one: like ones added up, and what they share taken out."""
    like: dict[tuple[tuple[Expression, ...], tuple[Expression, ...]], Product] = {}
    for each in products:
        key = (tuple(sorted(each.over, key=str)), tuple(sorted(each.under, key=str)))
        known = like.get(key)
        like[key] = Product(known.number + each.number, known.over, known.under) if known else each
    kept = [each for each in like.values() if each.number]
    if not kept:
        return Product.of(tree.Number(0))
    if len(kept) == 1:
        return kept[0]
    shared = [f for f in dict.fromkeys(kept[0].over) if all(f in each.over for each in kept)]
    divisors = [f for f in dict.fromkeys(kept[0].under) if all(f in each.under for each in kept)]
    common = Product(over=tuple(shared), under=tuple(divisors))
    sign = Product.of(tree.Neg(tree.Number(1))) if all(e.number < 0 for e in kept) else ONE
    inverse = sign.times(common.inverse())
    rest = shortest(tree.total([each.times(inverse).tree for each in kept]))
    return common.times(sign).times(Product.of(rest))


def _coefficients(found: list[Flow]) -> list[Coefficient]:
    groups: dict[tuple[str, Expression], list[Flow]] = {}
    for each in found:
        groups.setdefault((each.response, each.coordinate), []).append(each)
    result = []
    for (response, coordinate), members in groups.items():
        terms = tuple((each.outer, each.inner) for each in members)
        sign = (
            sign_of(members[0].outer).times(sign_of(members[0].inner))
            if len(members) == 1
            else sign_of_sum([outer.times(inner) for outer, inner in terms])
        )
        result.append(Coefficient(response, coordinate, terms, sign))
    return result
