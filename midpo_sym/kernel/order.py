"""What is not negative because of its form (trusted, like `kernel`).

C1  t − 1 − log t ≥ 0 for t > 0, and = 0 only for t = 1          (log t ≤ t − 1)
C2  sums, products and sums over an index of what is not negative are not negative, and so
are even powers and quotients by something positive
C3  a sum of positive multiples of what is not negative is zero only if all of it is zero
"""

from __future__ import annotations

from midpo_sym.language import indexed, tree
from midpo_sym.language.tree import Expression


def excess_of(node: Expression) -> Expression | None:
    """Return t of t − 1 − log t, written just so."""
    match node:
        case tree.Add(terms=(*t, tree.Neg(body=one), tree.Neg(body=tree.Log(body=u)))):
            return u if t and tree.total(t) == u and one == tree.Number(1) else None
    return None


def nonnegative(node: Expression) -> bool:
    """Return whether a node is not negative by its form (C1, C2)."""
    if node.nonnegative or excess_of(node) is not None:
        return True
    match node:
        case tree.Add() | tree.Mul() | indexed.IndexSum() | indexed.Applied():
            return all(map(nonnegative, node.children()))
        case tree.Div(numerator=over, denominator=under):
            return nonnegative(over) and under.positive
    return False


def only_zero_at(node: Expression) -> Expression | None:
    """Return t if a node is a sum of positive multiples of t − 1 − log t, over all its indices.

    It is then zero only where t = 1 at every value of the indices that are summed over (C3).
    """
    excess = excess_of(node)
    if excess is not None:
        return excess
    match node:
        case indexed.IndexSum(body=body):
            return only_zero_at(body)
        case tree.Div(numerator=over, denominator=under) if under.positive:
            return only_zero_at(over)
        case tree.Mul(factors=factors):
            rest = [each for each in factors if not each.positive]
            return only_zero_at(rest[0]) if len(rest) == 1 else None
    return None
