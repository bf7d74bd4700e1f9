"""Anchors: what the score of a response is measured against, found from an argument.

An argument A is sign·(q − c), q a score and c an anchor, just where q − sign·A is the same for all
responses: that is c. It may be so and be written with responses all the same, which cancel or lie
outside every clip. It is then written again, as what it is at a response of one token; and whoever
asks has the kernel confirm what comes out. That it is not so, two points show that differ in their
responses alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from midpo_sym.judges import intervals, witness
from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.theorem import normal_form
from midpo_sym.language import tree
from midpo_sym.language.substitute import at_labels, resolve_labels, substitute, unfold
from midpo_sym.language.tree import Expression
from midpo_sym.prover.derivation.rebuild import NotReadableError, rebuild
from midpo_sym.prover.priors.margin import part_without_responses
from midpo_sym.session import remembered

_TRIES = 200  # points among which one is looked for that tells two values apart
_ZERO, _ONE = tree.Number(0), tree.Number(1)
_HALF = tree.Div(_ONE, tree.Number(2))
_UNREADABLE = (OutsideClassError, ZeroDenominatorError, NotReadableError)
_OTHERS = {"w": "v", "l": "u"}  # other responses of the same models
_CHANCES = (_ONE, _HALF)  # of the one token: the first makes logarithms zero


@remembered(256)
def depends_on_responses(node: Expression) -> bool:
    """Return whether points show that a value is not the same for all responses.

    The models, the parameters and what is given with a batch stay, and the responses are others:
    one in the place of another, both exchanged, or one of them alone.
    """
    plain = resolve_labels(unfold(node))
    spoken = tree.responses(plain)
    if len(spoken) == 1:
        (one,) = spoken
        changes = [{one: "l" if one == "w" else "w"}]
    else:
        changes = [{"w": "l", "l": "w"}, *({one: _OTHERS[one]} for one in sorted(spoken))]
    others = [tree.at_responses(plain, change) for change in changes]
    return any(differ(plain, other) for other in others)


def differ(left: Expression, right: Expression) -> bool:
    """Return whether a point is found at which two values differ."""
    names = tuple(sorted({"w", "l"} | tree.responses(left) | tree.responses(right)))
    found = witness.search(left, right, tries=_TRIES, responses=names)
    if found.value is None:
        found = intervals.search(found, left, right, of="value")
    return found.value is not None


def written_without_responses(node: Expression) -> Iterator[Expression]:
    """Yield ways to write an expression without responses, which are it if it is free of them."""
    with suppress(*_UNREADABLE):
        yield rebuild(normal_form(node), by_response=False)
    for chance in _CHANCES:
        with suppress(ValueError):  # nothing that is positive by its form any more
            there = _at_one_token(at_labels(unfold(node)), chance)
            yield _tidied(part_without_responses(there))


def _tidied(node: Expression) -> Expression:
    """Return a sum in its shortest form, with logarithms, exponentials and maxima as they stand."""
    names: dict[Expression, tree.Parameter] = {}

    def named(part: Expression) -> Expression:
        if not isinstance(part, (tree.Log, tree.Exp, tree.Max, tree.Pow)):
            return tree.over(part, [named(child) for child in part.children()])
        with suppress(ValueError):  # what is in a logarithm is no more positive by its form
            part = tree.over(part, [_tidied(child) for child in part.children()])
        if part == tree.Log(_ONE):
            return _ZERO
        domain = "positive" if part.positive else "real"
        return names.setdefault(part, tree.Parameter(f"_{len(names)}", domain))

    try:
        short = rebuild(normal_form(named(node)), by_response=False)
        return substitute(short, {name.name: part for part, name in names.items()})
    except (*_UNREADABLE, ValueError):
        return node


def _at_one_token(node: Expression, chance: Expression) -> Expression:  # noqa: PLR0911 - one case for each kind of node
    """Return what an expression is at responses of one token, which has the same chance always.

    Raises:
        ValueError: a logarithm or a power of what is positive no more.
    """
    match node:
        case tree.Probability() | tree.TokenProbability():
            return chance
        case tree.Length() | tree.Statistic():
            return _ONE
        case tree.Weight(domain=domain):
            return _in(domain)
        case tree.Datum(domain=domain, of=of) if of:
            return _in(domain)
        case tree.TokenSum(body=body) | tree.TokenProduct(body=body) | tree.StopGradient(body=body):
            return _at_one_token(body, chance)
    children = [_at_one_token(child, chance) for child in node.children()]
    match node:
        case tree.Log() if children == [_ONE]:  # log 1 = 0
            return _ZERO
        case tree.Add():
            return tree.total([each for each in children if each != _ZERO])
        case tree.Mul() if _ZERO in children:
            return _ZERO
        case tree.Mul():
            return tree.product([each for each in children if each != _ONE])
        case tree.Neg() | tree.Div() if children[0] == _ZERO:
            return _ZERO
    return tree.over(node, children)


def _in(domain: str) -> Expression:
    return _HALF if domain == "open unit" else _ONE
