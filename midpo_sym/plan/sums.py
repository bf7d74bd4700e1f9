"""Which sums over tokens can be had of statistics that are summed over tokens already."""

from __future__ import annotations

from midpo_sym.language import tree
from midpo_sym.language.tree import Expression


def weighs_tokens(node: Expression) -> bool:
    """Return whether a node is a sum over tokens that the sums of its parts do not determine."""
    match node:
        case tree.TokenSum(body=body):
            return not _is_plain(body)
        case tree.TokenProduct(body=body):
            return not _is_plain_factor(body)
    return False


def _is_plain(body: Expression) -> bool:
    """Return whether the sum of a node over tokens is that of log-probabilities and statistics."""
    match body:
        case tree.Statistic():
            return True
        case tree.Log(body=inner):
            return _is_plain_factor(inner)
        case tree.Neg(body=inner) | tree.StopGradient(body=inner):
            return _is_plain(inner)
        case tree.Add(terms=parts):
            return all(map(_is_plain, parts))
    return False


def _is_plain_factor(node: Expression) -> bool:
    """Return whether the logarithm of a node is a sum of log-probabilities and statistics."""
    match node:
        case tree.TokenProbability():
            return True
        case tree.Exp(body=inner):
            return _is_plain(inner)
        case tree.Mul(factors=parts):
            return all(map(_is_plain_factor, parts))
        case tree.Div(numerator=numerator, denominator=denominator):
            return _is_plain_factor(numerator) and _is_plain_factor(denominator)
        case tree.StopGradient(body=inner):
            return _is_plain_factor(inner)
    return False
