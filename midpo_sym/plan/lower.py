"""Tree to Python: expressions of torch that stay stable where probabilities underflow.

Probabilities are never formed: whatever is positive by its form is computed as its logarithm, and
the logarithm of a sum as a log-sum-exp. Names of tensors follow the convention of TRL:
`chosen_logps`, `ref_chosen_logps`, `chosen_lengths`, and so on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from itertools import chain

from midpo_sym.language import tree
from midpo_sym.language.printing.printer import ATOM, POWER, SIGN, SUM, TERM
from midpo_sym.language.tree import Expression
from midpo_sym.language.vocabulary import MODELS
from midpo_sym.plan.padding import LARGEST_PLAIN_POWER, vanishes

LABELS = {"w": "chosen", "l": "rejected"}
_SUM = ".sum(-1)"  # over the tokens
_EXP, _EXPM1 = "torch.exp(", "torch.expm1("
_COLUMN = "[:, None]"  # a number of the response, for each of its tokens
FILLED = "filled_"  # what stands before the name of a statistic whose padding repeats a token


class Kind(IntEnum):
    """What a Python expression is: a number, or a tensor of what shape."""

    NUMBER = 0
    PAIR = 1  # (batch,)
    COLUMN = 2  # (batch, 1): of the response, beside quantities of its tokens
    TOKEN = 3  # (batch, tokens)


@dataclass(frozen=True, slots=True)
class Code:
    """A Python expression: its text, how tightly it binds, and what it is."""

    text: str
    level: int = ATOM
    kind: Kind = Kind.PAIR

    def at(self, level: int) -> str:
        """Return the text, in brackets if it binds looser than `level`."""
        return f"({self.text})" if self.level < level else self.text


Signed = tuple[int, Code]  # a term of a sum


@dataclass(slots=True)
class Coder:
    """Writes the expressions of one loss, and keeps account of what they use.

    Attributes:
        torch_names: declared names as Python calls them.
        by_token: whether the log-probabilities and divergences come per token, (batch, tokens).
        frozen: the one model that stands beside the policy in log-ratios; None if there is none,
            or more than one.
        both_divergences: whether the loss has both directions of the divergence.
        sums: the weighted sums over tokens written so far: their code, and the names they get.
    """

    torch_names: Mapping[str, str]
    by_token: bool
    frozen: str | None
    both_divergences: bool
    sums: dict[str, str] = field(default_factory=dict)
    _inside: str = ""  # response whose tokens are summed over
    _filled: bool = False  # whether that sum is masked

    def value(self, node: Expression) -> Code:
        """Return the value of a node."""
        if _of_probabilities(node) and not isinstance(node, tree.Mul):
            return self.call("exp", self.log(node))
        match node:
            case tree.Number(value=number):
                return Code(str(number), kind=Kind.NUMBER)
            case tree.Parameter(name=name):
                return Code(self.torch_names[name], kind=Kind.NUMBER)
            case tree.Weight(name=name, response=response):
                return self.of_token(f"{LABELS[response]}_{self.torch_names[name]}")
            case tree.Length(response=response):
                return self.of_response(f"{LABELS[response]}_lengths")
            case tree.Divergence():
                return self.divergence(node)
            case tree.Add() | tree.Neg() | tree.Log():
                return _sum(self.terms(node))
            case tree.Mul():
                return self.product([*_factors(node)])
            case tree.Div(numerator=numerator, denominator=denominator):
                over, under = self.value(numerator), self.value(denominator)
                kind = max(over.kind, under.kind)
                return Code(f"{over.at(TERM)} / {under.at(POWER)}", TERM, kind)
            case tree.Pow(base=base, exponent=exponent):
                return self.power(base, exponent)
            case tree.Max(left=left, right=right):
                return self.maximum(self.value(left), self.value(right))
            case tree.TokenSum(response=response, body=body):
                return self.token_sum(response, body)
            case tree.StopGradient(body=body):
                return _detached(self.value(body))
            case tree.Exp() | tree.TokenProduct() | tree.Probability() | tree.TokenProbability():
                return self.call("exp", self.log(node))
        raise AssertionError(node)

    def terms(self, node: Expression) -> list[Signed]:
        """Return a node as the terms of a sum, in the order they are written in."""
        match node:
            case tree.Add(terms=terms):
                return _joined(chain.from_iterable(map(self.terms, terms)), self.frozen)
            case tree.Neg(body=body):
                return [(-sign, code) for sign, code in self.terms(body)]
            case tree.Log(body=body):
                return _joined(self.log_terms(body), self.frozen)
        return [(1, self.value(node))]

    def log(self, node: Expression) -> Code:
        """Return the logarithm of a positive node."""
        return _sum(_joined(self.log_terms(node), self.frozen))

    def log_terms(self, node: Expression) -> list[Signed]:
        """Return the logarithm of a positive node as the terms of a sum."""
        match node:
            case tree.Probability(model=model, response=response):
                return [(1, self.logarithms(model, response))]
            case tree.TokenProbability(model=model, response=response):
                return [(1, self.of_token(_logps(model, response)))]
            case tree.Mul(factors=factors):
                return list(chain.from_iterable(map(self.log_terms, factors)))
            case tree.Div(numerator=numerator, denominator=denominator):
                below = [(-sign, code) for sign, code in self.log_terms(denominator)]
                return [*self.log_terms(numerator), *below]
            case tree.Exp(body=body):
                return self.terms(body)
            case tree.Pow(base=base, exponent=exponent) if base.positive:
                return [(1, _product([self.value(exponent), self.log(base)]))]
            case tree.Add(terms=terms) if all(each.positive for each in terms):
                return [(1, self.log_sum_exp([self.log(each) for each in terms]))]
            case tree.Max(left=left, right=right) if left.positive and right.positive:
                return [(1, self.maximum(self.log(left), self.log(right)))]
            case tree.TokenProduct(response=response, body=body):
                return [(1, self.token_sum(response, tree.Log(body)))]
            case tree.StopGradient(body=body):
                return [(1, _detached(self.log(body)))]
            case tree.Number(value=1):
                return []
        return [(1, self.call("log", self.value(node)))]

    def logarithms(self, model: str, response: str) -> Code:
        """Return log π(y) of a whole response."""
        return self.of_response(_logps(model, response) + _SUM * self.by_token)

    def divergence(self, node: tree.Divergence) -> Code:
        """Return the divergence of one token."""
        return self.of_token(_divergence(node, both=self.both_divergences))

    def of_token(self, name: str) -> Code:
        """Return a statistic of tokens; in a masked sum, the one whose padding repeats a token."""
        return Code(FILLED * self._filled + name, kind=Kind.TOKEN)

    def of_response(self, text: str) -> Code:
        """Return a statistic of whole responses, as a column where tokens are summed over."""
        return Code(text + _COLUMN, kind=Kind.COLUMN) if self._inside else Code(text)

    def product(self, factors: list[Expression]) -> Code:
        """Return a product: what is made of probabilities as the exponential of one sum."""
        likely = [each for each in factors if _of_probabilities(each)]
        codes = [self.value(each) for each in factors if not _of_probabilities(each)]
        if likely:
            codes.append(self.call("exp", self.log(tree.product(likely))))
        return _product(codes)

    def power(self, base: Expression, exponent: Expression) -> Code:
        whole = isinstance(exponent, tree.Number) and exponent.value <= LARGEST_PLAIN_POWER
        if base.positive and not whole:
            return self.call("exp", _product([self.value(exponent), self.log(base)]))
        inner = self.value(base)
        return Code(f"{inner.at(ATOM)} ** {self.value(exponent).at(ATOM)}", POWER, inner.kind)

    def token_sum(self, response: str, body: Expression) -> Code:
        """Return the sum of a node over the tokens of a response, padding left out."""
        if not self.by_token:  # the statistics come summed
            return replace(_sum(_joined(self.terms(body), self.frozen)), kind=Kind.PAIR)
        label = LABELS[response]
        clean = vanishes(body)
        self._inside, self._filled = response, not clean
        inner = _sum(_joined(self.terms(body), self.frozen))
        self._inside, self._filled = "", False
        if inner.kind is not Kind.TOKEN:  # no token changes it: as often as there are tokens
            once = _sum(_joined(self.terms(body), self.frozen))
            return _product([once, self.of_response(f"{label}_lengths")])
        if clean and inner.level == ATOM:
            return Code(inner.text + _SUM)
        if clean:
            return self.named(label, inner.at(ATOM) + _SUM)
        return self.named(label, f"torch.where({label}_mask, {inner.text}, 0.0){_SUM}")

    def named(self, label: str, text: str) -> Code:
        """Return a name for a sum over tokens, the same for the same sum."""
        if text not in self.sums:
            stems = re.findall(
                rf"\b(?:\w+_)?{label}_(logratios|logps|kl(?:_ref_pi|_pi_ref)?)\b", text
            )
            stem = f"{label}_weighted_{'_'.join(dict.fromkeys(stems)) or 'sum'}"
            taken = [each for each in self.sums.values() if re.fullmatch(rf"{stem}\d*", each)]
            self.sums[text] = f"{stem}{len(taken) + 1}" if taken else stem
        return Code(self.sums[text])

    def maximum(self, one: Code, other: Code) -> Code:
        kind = max(one.kind, other.kind)
        if kind is Kind.NUMBER:
            return Code(f"max({one.text}, {other.text})", kind=kind)
        if Kind.NUMBER in (one.kind, other.kind):
            number, tensor = sorted((one, other), key=lambda each: each.kind)
            return Code(f"torch.clamp({tensor.text}, min={number.text})", kind=kind)
        return Code(f"torch.maximum({one.text}, {other.text})", kind=kind)

    def log_sum_exp(self, logs: list[Code]) -> Code:
        kind = max(each.kind for each in logs)
        if kind is Kind.NUMBER:
            inner = " + ".join(f"math.exp({each.text})" for each in logs)
            return Code(f"math.log({inner})", kind=kind)
        return Code(f"log_sum_exp({', '.join(each.text for each in logs)})", kind=kind)

    def call(self, function: str, inner: Code) -> Code:
        if inner.kind is Kind.NUMBER:
            return Code(f"math.{function}({inner.text})", kind=inner.kind)
        return Code(f"torch.{function}({inner.text})", kind=inner.kind)


def _factors(node: Expression) -> Iterator[Expression]:
    """Yield the factors of a product, those of products within it among them."""
    if isinstance(node, tree.Mul):
        for each in node.factors:
            yield from _factors(each)
    else:
        yield node


def _of_probabilities(node: Expression) -> bool:
    """Return whether a node is a positive product or quotient of probabilities, among others."""
    kinds = (tree.Mul, tree.Div, tree.Pow, tree.Probability, tree.TokenProbability)
    models = (tree.Probability, tree.TokenProbability)
    return (
        isinstance(node, kinds)
        and node.positive
        and any(isinstance(each, models) for each in node.walk())
    )


def _logps(model: str, response: str) -> str:
    label = LABELS[response]
    return f"{label}_logps" if MODELS[model].trained else f"{model}_{label}_logps"


def _divergence(node: tree.Divergence, *, both: bool) -> str:
    direction = f"_{node.first}_{node.second}" if both else ""
    return f"{LABELS[node.response]}_kl{direction}"


def _joined(terms: Iterable[Signed], frozen: str | None) -> list[Signed]:
    """Cancel what occurs with both signs, and write log π − log π_ref as a log-ratio."""
    result: list[Signed] = []
    for sign, code in terms:
        if (-sign, code) in result:
            result.remove((-sign, code))
        else:
            result.append((sign, code))
    for label in LABELS.values() if frozen else ():
        for prefix, suffix in (("", ""), (FILLED, ""), ("", _SUM), ("", _SUM + _COLUMN)):
            _join(
                result,
                (f"{prefix}{label}_logps{suffix}", f"{prefix}{frozen}_{label}_logps{suffix}"),
                f"{prefix}{label}_logratios{suffix}",
            )
    return result


def _join(terms: list[Signed], names: tuple[str, str], ratio: str) -> None:
    """Put a log-ratio in the place of the difference of two logarithms, wherever it occurs."""
    policy = next((each for each in terms if each[1].text == names[0]), None)
    if policy is None:
        return
    sign, code = policy
    other = next((each for each in terms if each == (-sign, replace(code, text=names[1]))), None)
    if other is None:
        return
    first = min(terms.index(policy), terms.index(other))
    terms.remove(policy)
    terms.remove(other)
    terms.insert(first, (sign, replace(code, text=ratio)))


def _sum(terms: list[Signed]) -> Code:
    terms = _with_expm1(terms)
    if not terms:
        return Code("0", kind=Kind.NUMBER)
    (sign, first), *rest = terms
    text = first.at(SUM if sign > 0 and rest else TERM) if sign > 0 else f"-{first.at(TERM)}"
    if not rest:
        return first if sign > 0 else Code(text, min(first.level, SIGN), first.kind)
    pieces = [text, *(f" {'+' if sign > 0 else '-'} {code.at(TERM)}" for sign, code in rest)]
    return Code("".join(pieces), SUM, max(code.kind for _, code in terms))


def _with_expm1(terms: list[Signed]) -> list[Signed]:
    """Write exp(a) − 1 as expm1(a), which keeps its digits where a is small."""
    for place, (sign, code) in enumerate(terms):
        one = (-sign, Code("1", kind=Kind.NUMBER))
        if code.text.startswith(_EXP) and code.level == ATOM and one in terms:
            rest = [*terms]
            rest[place] = (sign, replace(code, text=_EXPM1 + code.text.removeprefix(_EXP)))
            rest.remove(one)
            return rest
    return terms


def _product(factors: list[Code]) -> Code:
    first, *rest = factors
    if not rest:
        return first
    text = " * ".join([first.at(TERM), *(each.at(POWER) for each in rest)])
    return Code(text, TERM, max(each.kind for each in factors))


def _detached(code: Code) -> Code:
    return (
        code
        if code.kind is Kind.NUMBER
        else replace(code, text=f"{code.at(ATOM)}.detach()", level=ATOM)
    )
