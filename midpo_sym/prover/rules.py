"""The rules by which a derivation is written out: rows of a table, each with its law beside it.

A rule proposes; the kernel checks every step that comes of it. Sequence-level probabilities are
split into tokens (`CHAIN`) only where a derivation needs it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from midpo_sym.language import tree
from midpo_sym.language.substitute import over
from midpo_sym.language.tree import Expression

Rewrite = Callable[[Expression], Expression | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """A named law.

    Attributes:
        name: what people call it.
        law: the law, in Unicode mathematics.
        latex: the law, in LaTeX.
        rewrite: takes a node that fits the left side of the law to the right side, or gives None.
        everywhere: whether it is applied at every node, or to the whole expression only.
    """

    name: str
    law: str
    latex: str
    rewrite: Rewrite
    everywhere: bool = True

    def apply(self, node: Expression) -> Expression:
        """Return the expression with the rule applied until it fits nowhere any more."""
        if not self.everywhere:
            return self.rewrite(node) or node
        node = over(node, [self.apply(child) for child in node.children()])
        changed = self.rewrite(node)
        return node if changed is None else self.apply(changed)


def _definition_of_zeta(node: Expression) -> Expression | None:
    return node.body if isinstance(node, tree.Defined) and node.name == "zeta" else None


def _definition(node: Expression) -> Expression | None:
    return node.body if isinstance(node, tree.Defined) else None


def _label(node: Expression) -> Expression | None:
    match node:
        case tree.ByLabel(response="w", chosen=value) | tree.ByLabel(response="l", rejected=value):
            return value
    return None


def _stop_gradient(node: Expression) -> Expression | None:
    return node.body if isinstance(node, tree.StopGradient) else None


def _log_of_quotient(node: Expression) -> Expression | None:
    match node:
        case tree.Log(body=tree.Div(numerator=a, denominator=b)) if a.positive and b.positive:
            return tree.add(tree.Log(a), tree.Neg(tree.Log(b)))
    return None


def _log_of_product(node: Expression) -> Expression | None:
    match node:
        case tree.Log(body=tree.Mul(factors=factors)) if all(each.positive for each in factors):
            return tree.total([tree.Log(each) for each in factors])
    return None


def _log_of_power(node: Expression) -> Expression | None:
    match node:
        case tree.Log(body=tree.Pow(base=base, exponent=exponent)) if base.positive:
            return tree.mul(exponent, tree.Log(base))
    return None


def _log_of_exponential(node: Expression) -> Expression | None:
    match node:
        case tree.Log(body=tree.Exp(body=body)):
            return body
    return None


def _log_of_token_product(node: Expression) -> Expression | None:
    match node:
        case tree.Log(body=tree.TokenProduct(response=response, body=body)):
            return tree.TokenSum(response, tree.Log(body))
    return None


def _chain(node: Expression) -> Expression | None:
    match node:
        case tree.Log(body=tree.Probability(model=model, response=response)):
            return tree.TokenSum(response, tree.Log(tree.TokenProbability(model, response)))
    return None


def _expansion(node: Expression) -> Expression | None:
    """Multiply out, and take brackets off sums."""
    match node:
        case tree.Neg(body=tree.Neg(body=body)):
            return body
        case tree.Neg(body=tree.Add(terms=terms)):
            return tree.total([_negated(term) for term in terms])
        case tree.Add(terms=terms) if any(isinstance(term, tree.Add) for term in terms):
            flat = [
                inner
                for term in terms
                for inner in (term.terms if isinstance(term, tree.Add) else (term,))
            ]
            return tree.total(flat)
        case tree.Mul(factors=factors):
            for place, factor in enumerate(factors):
                before, after = list(factors[:place]), list(factors[place + 1 :])
                if isinstance(factor, tree.Neg):
                    return tree.Neg(tree.product([*before, factor.body, *after]))
                if isinstance(factor, tree.Add):
                    return tree.total(
                        [_signed_product(before, term, after) for term in factor.terms]
                    )
    return None


def _negated(node: Expression) -> Expression:
    return node.body if isinstance(node, tree.Neg) else tree.Neg(node)


def _signed_product(
    before: list[Expression], term: Expression, after: list[Expression]
) -> Expression:
    if isinstance(term, tree.Neg):
        return tree.Neg(_signed_product(before, term.body, after))
    inside = [] if term == tree.Number(1) else [term]
    return tree.product([*before, *inside, *after])


def _linearity(node: Expression) -> Expression | None:
    match node:
        case tree.TokenSum(response=response, body=tree.Add(terms=terms)):
            return tree.total(
                [
                    tree.Neg(tree.TokenSum(response, term.body))
                    if isinstance(term, tree.Neg)
                    else tree.TokenSum(response, term)
                    for term in terms
                ]
            )
        case tree.TokenSum(response=response, body=tree.Neg(body=body)):
            return tree.Neg(tree.TokenSum(response, body))
        case tree.TokenSum(response=response, body=tree.Mul(factors=factors)):
            outside = [each for each in factors if not tree.token_responses(each)]
            inside = [each for each in factors if tree.token_responses(each)]
            if outside and inside:
                return tree.product([*outside, tree.TokenSum(response, tree.product(inside))])
    return None


def _normaliser(node: Expression) -> Expression | None:
    """Drop the terms with log Z(x); right only if they cancel, which the kernel sees."""
    node = _flattened(node)
    if not isinstance(node, tree.Add):
        return None
    kept = [
        term
        for term in node.terms
        if not any(isinstance(inner, tree.Normaliser) for inner in term.walk())
    ]
    return tree.total(kept) if 0 < len(kept) < len(node.terms) else None


def _flattened(node: Expression) -> Expression:
    """Return a sum without brackets around sums in it."""
    changed = _expansion(node) if isinstance(node, (tree.Add, tree.Neg)) else None
    if isinstance(node, tree.Add) and changed is None:
        terms = [_expansion(t) or t if isinstance(t, tree.Neg) else t for t in node.terms]
        changed = tree.total(terms) if tuple(terms) != node.terms else None
    return node if changed is None else _flattened(changed)


RULES: tuple[Rule, ...] = (
    Rule("definition of the prior", "ζ(y) := …", r"\zeta(y) := \dots", _definition_of_zeta),
    Rule("definition", "a := b", "a := b", _definition),
    Rule(
        "label of the response",
        "[chosen: a; rejected: b] = a at y_w, b at y_l",
        r"\beta(y_w) = a,\; \beta(y_l) = b",
        _label,
    ),
    Rule("value of a stop-gradient", "sg(a) = a", r"\operatorname{sg}(a) = a", _stop_gradient),
    Rule(
        "logarithm of a product over tokens",
        "log Π_t a_t = Σ_t log a_t",
        r"\log\prod_t a_t = \sum_t \log a_t",
        _log_of_token_product,
    ),
    Rule(
        "logarithm of a quotient",
        "log(a/b) = log a − log b",
        r"\log\frac{a}{b} = \log a - \log b",
        _log_of_quotient,
    ),
    Rule(
        "logarithm of a product",
        "log(a·b) = log a + log b",
        r"\log(ab) = \log a + \log b",
        _log_of_product,
    ),
    Rule("logarithm of a power", "log(a^e) = e·log a", r"\log a^e = e\log a", _log_of_power),
    Rule("logarithm of an exponential", "log(exp a) = a", r"\log\exp a = a", _log_of_exponential),
    Rule("expansion", "a·(b + c) = a·b + a·c", "a(b + c) = ab + ac", _expansion),
    Rule(
        "linearity of a sum over tokens",
        "Σ_t (k·a_t + b_t) = k·Σ_t a_t + Σ_t b_t",
        r"\sum_t (k a_t + b_t) = k\sum_t a_t + \sum_t b_t",
        _linearity,
    ),
)

CHAIN = Rule(
    "chain rule of probability",
    "log π(y) = Σ_t log π(y_t)",
    r"\log\pi(y\mid x) = \sum_t \log\pi(y_t\mid x, y_{<t})",
    _chain,
)

# Of these the kernel alone sees whether they hold, so they do not search for a place to apply.
CANCELLATION = Rule(
    "cancellation of Z(x)",
    "k·log Z(x) − k·log Z(x) = 0",
    r"k\log Z(x) - k\log Z(x) = 0",
    _normaliser,
    everywhere=False,
)
SUBSTITUTION = Rule(
    "subtraction of the rewards",
    "α·log π(y)/ζ(y) = r(y)",
    r"\alpha\log\frac{\pi(y\mid x)}{\zeta(y)} = r(y)",
    lambda _: None,
    everywhere=False,
)
COLLECTION = Rule(
    "collection of like terms",
    "k·a + m·a = (k + m)·a",
    "ka + ma = (k + m)a",
    lambda _: None,
    everywhere=False,
)
NORMAL_FORMS = Rule(
    "equality of normal forms",
    "both sides have the same normal form: the kernel compares them as a whole",
    r"\text{both sides have the same normal form}",
    lambda _: None,
    everywhere=False,
)
