"""Differentiation of the theory's expressions (axiom B6 of `finite`). Trusted, like `kernel`."""

from __future__ import annotations

from midpo_sym.kernel.forms import OutsideClassError
from midpo_sym.language import indexed, tree
from midpo_sym.language.tree import Expression

_ZERO, _ONE = tree.Number(0), tree.Number(1)


def differential(node: indexed.Differential) -> Expression:
    """Return the derivative of a node, by the rules of differentiation.

    Raises:
        OutsideClassError: a part that depends on what changes has no derivative here.
    """
    try:
        return _along(node.body, node.name, node.along)
    except ValueError:  # the tree's own limits
        raise OutsideClassError("a derivative that is too large") from None


def _along(node: Expression, name: str, along: str) -> Expression:  # noqa: C901, PLR0911 - one case for each kind of node
    def of(child: Expression) -> Expression:
        return _along(child, name, along)

    if not any(_may_depend(inner, name) for inner in node.walk()):
        return _ZERO
    match node:
        case indexed.Differential():
            return of(differential(node))
        case tree.Parameter() if not along:
            return _ONE
        case indexed.Indexed(indices=indices) if along and node.name == name:
            return indexed.Indexed(along, indices, "real")
        case tree.Add(terms=terms):
            return tree.total([of(term) for term in terms])
        case tree.Neg(body=body):
            return tree.Neg(of(body))
        case tree.Mul(factors=factors):
            return tree.total(
                [
                    tree.product([*factors[:place], of(factor), *factors[place + 1 :]])
                    for place, factor in enumerate(factors)
                ]
            )
        case tree.Div(numerator=over, denominator=under):
            top = tree.add(tree.mul(of(over), under), tree.Neg(tree.mul(over, of(under))))
            return tree.Div(top, tree.mul(under, under))
        case tree.Pow(base=base, exponent=exponent) if base.positive:  # exp(e log a)
            inner = tree.add(
                tree.mul(of(exponent), tree.Log(base)),
                tree.Div(tree.mul(exponent, of(base)), base),
            )
            return tree.mul(node, inner)
        case tree.Log(body=body):
            return tree.Div(of(body), body)
        case tree.Exp(body=body):
            return tree.mul(node, of(body))
        case indexed.IndexSum(index=index, body=body):
            return indexed.IndexSum(index, of(body))
        case indexed.Applied(formals=formals, actuals=actuals, body=body):
            return indexed.Applied(f"{node.name}_", formals, actuals, of(body))
    raise OutsideClassError("the derivative of something that has none here")


def _may_depend(node: Expression, name: str) -> bool:
    """Return whether a node is the name, or a derivative, in which the name may come to light."""
    return getattr(node, "name", "") == name or isinstance(node, indexed.Differential)
