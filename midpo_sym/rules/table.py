"""The rules by which derivations go on: rows of one table, each with its law and its checker.

In the derivation of a loss a rule proposes (`rewrite`), in a chain of the theory a person does;
the kernel checks every step either way. That the law named is what leads from one line to the next
of a chain is checked in `rule_check`, by `hooks` and `checker`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from midpo_sym.language import tree
from midpo_sym.language.laws import LAWS, Law
from midpo_sym.language.tree import Expression, over
from midpo_sym.rules import laws, laws_of_sums
from midpo_sym.rules.application import (
    Application,
    Equation,
    line_to_line,
    of_all_bounds,
    of_gap,
    of_instance,
    of_logarithms,
)
from midpo_sym.rules.normaliser import Hook

Rewrite = Callable[[Expression], Expression | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """A law, and what it does.

    Attributes:
        said: the row of `LAWS`: its name, and the law in Unicode and LaTeX.
        rewrite: takes a node of a loss that fits the left side of the law to the right side, or
            gives None.
        everywhere: whether `rewrite` is applied at every node, or to the whole expression only.
        hooks: what the law does to terms of the theory, by the place where it does it.
        checker: takes a step of the theory to the equation that the laws have to bring together;
            for a bound that is not the equation of its two lines.
    """

    said: Law
    rewrite: Rewrite = lambda _: None
    everywhere: bool = True
    hooks: Mapping[str, Hook] = field(default_factory=dict)
    checker: Callable[[Application], Equation] = line_to_line

    @property
    def name(self) -> str:
        """Return what people call it."""
        return self.said.name

    @property
    def law(self) -> str:
        """Return the law, in Unicode mathematics."""
        return self.said.law

    @property
    def latex(self) -> str:
        """Return the law, in LaTeX."""
        return self.said.latex

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
    return node.body if isinstance(node, (tree.Defined, tree.Call)) else None


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
        case tree.TokenSum(response=response, body=body) if not tree.token_responses(body):
            return tree.mul(body, tree.Length(response))
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


# Hooks of one place are asked in this order: what cancels does so before it is multiplied out, and
# a sum falls apart before it is exchanged or looked up.
TABLE = {
    rule.name: rule
    for rule in (
        Rule(LAWS["definition of the prior"], _definition_of_zeta),
        Rule(LAWS["definition"], _definition, hooks={"node": laws.definition}),
        Rule(LAWS["label of the response"], _label),
        Rule(LAWS["value of a stop-gradient"], _stop_gradient),
        Rule(LAWS["logarithm of a product over tokens"], _log_of_token_product),
        Rule(
            LAWS["logarithm of a quotient"], _log_of_quotient, hooks={"log": laws.log_of_quotient}
        ),
        Rule(LAWS["logarithm of a product"], _log_of_product, hooks={"log": laws.log_of_product}),
        Rule(LAWS["logarithm of a power"], _log_of_power, hooks={"log": laws.log_of_power}),
        Rule(
            LAWS["logarithm of an exponential"],
            _log_of_exponential,
            hooks={"log": laws.log_of_exponential},
        ),
        Rule(LAWS["exponential of a logarithm"], hooks={"exp": laws.exponential_of_log}),
        Rule(LAWS["exponential of a sum"], hooks={"exp": laws.exponential_of_sum}),
        Rule(LAWS["power of a power"], hooks={"power": laws.power_of_power}),
        Rule(LAWS["power of a product"], hooks={"power": laws.power_of_product}),
        Rule(LAWS["power as an exponential"], hooks={"power": laws.power_as_exponential}),
        Rule(LAWS["product of powers"], hooks={"product": laws.product_of_powers}),
        Rule(
            LAWS["cancellation"],
            hooks={"product": laws_of_sums.cancellation, "sum": laws_of_sums.whole_cancellation},
        ),
        Rule(LAWS["expansion"], _expansion, hooks={"product": laws_of_sums.expansion}),
        Rule(LAWS["linearity of a sum over tokens"], _linearity),
        Rule(LAWS["linearity of a sum"], hooks={"index": laws_of_sums.linearity}),
        Rule(LAWS["exchange of sums"], hooks={"index": laws_of_sums.exchange}),
        # What is collected in the derivation of a loss the kernel's normal form says, as it does
        # where Z(x) cancels and where rewards are put in: they do not search for a place.
        Rule(
            LAWS["collection of like terms"],
            everywhere=False,
            hooks={"sum": laws_of_sums.collection},
        ),
        Rule(LAWS["chain rule of probability"], _chain),
        Rule(LAWS["equality of normal forms"], everywhere=False),
        Rule(LAWS["cancellation of Z(x)"], _normaliser, everywhere=False),
        Rule(LAWS["subtraction of the rewards"], everywhere=False),
        Rule(LAWS["differentiation"], hooks={"node": laws.differentiation}),
        Rule(
            LAWS["constants out of a least value"], hooks={"least": laws_of_sums.constants_of_least}
        ),
        Rule(LAWS["hypothesis"], hooks={"node": laws.hypothesis, "index": laws_of_sums.sum_is_one}),
        Rule(LAWS["cited chain"], hooks={"term": laws.citation}),
        Rule(LAWS["the logarithm is one to one"], checker=of_logarithms),
        Rule(LAWS["log t ≤ t − 1"], checker=of_gap),
        Rule(LAWS["positive terms"], checker=of_gap),
        Rule(LAWS["a least value is least"], checker=of_instance),
        Rule(LAWS["a bound of all bounds the least"], checker=of_all_bounds),
    )
}

# In the order in which the derivation of a loss tries them.
RULES = tuple(
    TABLE[name]
    for name in (
        "definition of the prior",
        "definition",
        "label of the response",
        "value of a stop-gradient",
        "logarithm of a product over tokens",
        "logarithm of a quotient",
        "logarithm of a product",
        "logarithm of a power",
        "logarithm of an exponential",
        "expansion",
        "linearity of a sum over tokens",
    )
)
CHAIN = TABLE["chain rule of probability"]
CANCELLATION = TABLE["cancellation of Z(x)"]
SUBSTITUTION = TABLE["subtraction of the rewards"]
LINEARITY = TABLE["linearity of a sum over tokens"]
COLLECTION = TABLE["collection of like terms"]
NORMAL_FORMS = TABLE["equality of normal forms"]
