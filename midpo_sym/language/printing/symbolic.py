"""Tree to SymPy, for people who want to go on with it there.

A response s of length n_s gives sums and products over t = 1 … n_s; π(y_s,t|…) is `pi_s[t]`, a
divergence `KL_ref_pi_s[t]`, a weight `mu1_s[t]`. Nothing in midpo_sym rests on this.
"""

from __future__ import annotations

from typing import Any

import sympy

from midpo_sym.language import tree
from midpo_sym.language.tree import Expression

_ASSUMPTIONS: dict[str, dict[str, bool]] = {
    "real": {"real": True},
    "nonnegative": {"nonnegative": True},
    "positive": {"positive": True},
    "unit": {"nonnegative": True},
    "open unit": {"positive": True},
}
_T = sympy.Symbol("t", integer=True, positive=True)


def to_sympy(node: Expression) -> sympy.Expr:  # noqa: C901, PLR0911, PLR0912 - one case for each kind of node
    """Return a tree as a SymPy expression.

    `by_label` of a response that is neither w nor l, and `sg`, become functions of these names.
    """
    match node:
        case tree.Number(value=value):
            return sympy.Integer(value)
        case tree.Parameter(name=name, domain=domain):
            return sympy.Symbol(name, **_ASSUMPTIONS[domain])
        case tree.Length(response=response):
            return _length(response)
        case tree.Normaliser():
            return sympy.Symbol("Z", positive=True)
        case tree.Probability(model=model, response=response):
            limits = (_T, 1, _length(response))
            return sympy.Product(_indexed(f"{model}_{response}", positive=True), limits)
        case tree.TokenProbability(model=model, response=response):
            return _indexed(f"{model}_{response}", positive=True)
        case tree.Statistic(row=row, response=response):
            name = "_".join((row.operator.unicode, *row.models, response))
            return _indexed(name, **_ASSUMPTIONS[row.domain])
        case tree.Weight(name=name, response=response, domain=domain):
            return _indexed(f"{name}_{response}", **_ASSUMPTIONS[domain])
        case tree.Position():
            return _T
        case tree.Datum(name=name, of=of, domain=domain):
            return sympy.Symbol("_".join((name, *of)), **_ASSUMPTIONS[domain])
        case tree.ByLabel(response="w", chosen=body) | tree.ByLabel(response="l", rejected=body):
            return to_sympy(body)
        case tree.TokenSum(response=response, body=body):
            return sympy.Sum(to_sympy(body), (_T, 1, _length(response)))
        case tree.TokenProduct(response=response, body=body):
            return sympy.Product(to_sympy(body), (_T, 1, _length(response)))
        case tree.Defined(body=body) | tree.Call(body=body):
            return to_sympy(body)
    parts = [to_sympy(child) for child in node.children()]
    match node:
        case tree.Add():
            return sympy.Add(*parts)
        case tree.Mul():
            return sympy.Mul(*parts)
        case tree.Div():
            return parts[0] / parts[1]
        case tree.Pow():
            return parts[0] ** parts[1]
        case tree.Neg():
            return -parts[0]
        case tree.Log():
            return sympy.log(parts[0])
        case tree.Exp():
            return sympy.exp(parts[0])
        case tree.Max():
            return sympy.Max(*parts)
        case tree.CauchyCdf():
            return sympy.atan(parts[0]) / sympy.pi + sympy.Rational(1, 2)
    name = "sg" if isinstance(node, tree.StopGradient) else "by_label"
    return sympy.Function(name)(*parts)


def _length(response: str) -> sympy.Symbol:
    return sympy.Symbol(f"n_{response}", integer=True, positive=True)


def _indexed(name: str, **assumptions: Any) -> sympy.Indexed:
    return sympy.IndexedBase(name, **assumptions)[_T]
