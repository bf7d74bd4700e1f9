"""The same statements put to SymPy itself, in the ways that its users would try first.

Run as a script with the name of a statement and of a way, it prints one line of JSON for each run
of that way: its seconds, those of the prover's kernel and of its full verdict, taken in turns with
it so that a busy machine slows all three, and whether the difference of the sides came out as 0.
Building the difference is not counted; SymPy's caches and the normal forms are forgotten before
each run.

SymPy is given every advantage: each response has indexed symbols of its own, known to be positive
or real, divergences are symbols already, and every way may apply laws of the logarithm by force.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import sympy
from statements import find
from sympy.core.cache import clear_cache

from midpo_sym.kernel.theorem import decide
from midpo_sym.language import tree
from midpo_sym.language.tree import Expression
from midpo_sym.prover.prove import judge, sides
from midpo_sym.session import Session, remembering

LENGTHS = {"w": 3, "l": 2}
ENOUGH = 0.5  # seconds of repeated runs
REPEATS = 5
_ASSUMPTIONS = {
    "positive": {"positive": True},
    "nonnegative": {"nonnegative": True},
    "unit": {"nonnegative": True},
    "real": {"real": True},
}


@dataclass(frozen=True)
class Converter:
    """Tree to SymPy.

    Attributes:
        concrete: whether the responses have the lengths of `LENGTHS`, not symbols for lengths.
        logarithmic: whether the symbols are log-probabilities, not probabilities.
        index: letter of the bound index of sums and products.
    """

    concrete: bool
    logarithmic: bool
    index: str = "t"

    def token(self, response: str) -> sympy.Symbol:
        return sympy.Symbol(f"{self.index}_{response}", integer=True, positive=True)

    def length(self, response: str) -> sympy.Expr:
        if self.concrete:
            return sympy.Integer(LENGTHS[response])
        return sympy.Symbol(f"n_{response}", integer=True, positive=True)

    def probability(self, model: str, response: str) -> sympy.Expr:
        name = f"{model}_{response}"
        if self.logarithmic:
            return sympy.exp(sympy.IndexedBase(f"log_{name}", real=True)[self.token(response)])
        return sympy.IndexedBase(name, positive=True)[self.token(response)]

    def response(self, model: str, response: str) -> sympy.Expr:
        if self.logarithmic:
            logs = sympy.IndexedBase(f"log_{model}_{response}", real=True)
            return sympy.exp(self.over_tokens(sympy.Sum, logs[self.token(response)], response))
        return self.over_tokens(sympy.Product, self.probability(model, response), response)

    def over_tokens(self, kind: type, body: sympy.Expr, response: str) -> sympy.Expr:
        result = kind(body, (self.token(response), 1, self.length(response)))
        return result.doit() if self.concrete else result

    def convert(self, node: Expression) -> sympy.Expr:  # noqa: C901, PLR0911 - one case for each kind of node
        match node:
            case tree.Number(value=value):
                return sympy.Integer(value)
            case tree.Parameter(name=name, domain=domain):
                return sympy.Symbol(name, **_ASSUMPTIONS[domain])
            case tree.Length(response=response):
                return self.length(response)
            case tree.Probability(model=model, response=response):
                return self.response(model, response)
            case tree.TokenProbability(model=model, response=response):
                return self.probability(model, response)
            case tree.Statistic(name=name, row=row, response=response):
                base = sympy.IndexedBase(f"{name}_{response}", **_ASSUMPTIONS[row.domain])
                return base[self.token(response)]
            case tree.Weight(name=name, response=response, domain=domain):
                base = sympy.IndexedBase(f"{name}_{response}", **_ASSUMPTIONS[domain])
                return base[self.token(response)]
            case tree.Normaliser():
                return sympy.Symbol("Z", positive=True)
            case tree.Defined(body=body) | tree.StopGradient(body=body):
                return self.convert(body)
            case tree.ByLabel(response=response, chosen=chosen, rejected=rejected):
                return self.convert(chosen if response == "w" else rejected)
            case tree.TokenSum(response=response, body=body):
                return self.over_tokens(sympy.Sum, self.convert(body), response)
            case tree.TokenProduct(response=response, body=body):
                return self.over_tokens(sympy.Product, self.convert(body), response)
        return _FUNCTIONS[type(node)](*map(self.convert, node.children()))


_FUNCTIONS: dict[type[Expression], Callable[..., sympy.Expr]] = {
    tree.Add: sympy.Add,
    tree.Mul: sympy.Mul,
    tree.Div: lambda above, below: above / below,
    tree.Neg: lambda body: -body,
    tree.Pow: sympy.Pow,
    tree.Log: sympy.log,
    tree.Exp: sympy.exp,
    tree.Max: sympy.Max,
}


def _simplify(difference: sympy.Expr) -> sympy.Expr:
    return sympy.simplify(sympy.expand_log(difference, force=True).doit())


def _combine(difference: sympy.Expr) -> sympy.Expr:
    """Take logarithms and sums apart and constants out of the sums; equal sums then cancel."""
    apart = sympy.expand(sympy.expand_log(difference, force=True))
    return sympy.expand(sympy.factor_terms(apart))


def _expand(difference: sympy.Expr) -> sympy.Expr:
    return sympy.expand(sympy.expand_log(difference, force=True))


@dataclass(frozen=True)
class Way:
    """A way to ask SymPy whether a difference is 0.

    Attributes:
        says: the way in words.
        converter: how the difference is written.
        run: what is done with it.
        every_length: whether a 0 is about responses of every length.
        simplifies: whether it ends in `sympy.simplify`.
        target_index: letter of the bound index in the target.
    """

    says: str
    converter: Converter
    run: Callable[[sympy.Expr], sympy.Expr]
    every_length: bool
    simplifies: bool
    target_index: str = "t"


_SUMS = Converter(concrete=False, logarithmic=False)
_LOGS = Converter(concrete=False, logarithmic=True)
_TOKENS = Converter(concrete=True, logarithmic=False)
_SHORT = f"lengths {LENGTHS['w']} and {LENGTHS['l']}"

WAYS = {
    "sums": Way(
        "`Sum` and `Product` of probabilities; `simplify(expand_log(…, force=True).doit())`",
        _SUMS,
        _simplify,
        every_length=True,
        simplifies=True,
    ),
    "logs": Way(
        "as `sums`, from log-probabilities",
        _LOGS,
        _simplify,
        every_length=True,
        simplifies=True,
    ),
    "renamed": Way(
        "as `sums`, but the sums of the target run over i, not t",
        _SUMS,
        _simplify,
        every_length=True,
        simplifies=True,
        target_index="i",
    ),
    "combine": Way(
        "as `sums`, but `expand`, `factor_terms` and `expand` again in place of `simplify`",
        _SUMS,
        _combine,
        every_length=True,
        simplifies=False,
    ),
    "tokens": Way(
        f"{_SHORT}, token by token; `simplify` as in `sums`",
        _TOKENS,
        _simplify,
        every_length=False,
        simplifies=True,
    ),
    "expand": Way(
        f"{_SHORT}, token by token; `expand` in place of `simplify`",
        _TOKENS,
        _expand,
        every_length=False,
        simplifies=False,
    ),
}


def difference(name: str, way: Way) -> sympy.Expr:
    """Return framework minus target of a statement as a SymPy expression."""
    left, right = sides(find(name))
    target = replace(way.converter, index=way.target_index)
    return way.converter.convert(left) - target.convert(right)


def seconds_of(go: Callable[[], object]) -> float:
    clear_cache()
    gc.collect()
    gc.disable()
    with remembering(Session()):
        start = time.perf_counter()
        go()
        seconds = time.perf_counter() - start
    gc.enable()
    return seconds


def main(name: str, way: Way) -> None:
    statement = find(name)
    expression = difference(name, way)
    judge(*sides(statement), statement=statement)
    spent = 0.0
    for _ in range(REPEATS):
        answers: list[sympy.Expr] = []
        seconds = (
            seconds_of(lambda: answers.append(way.run(expression))),  # noqa: B023 - called at once
            seconds_of(lambda: decide(*sides(statement))),
            seconds_of(lambda: judge(*sides(statement), statement=statement)),
        )
        print(json.dumps([*seconds, bool(answers[0] == 0)]), flush=True)
        spent += seconds[0]
        if spent > ENOUGH:
            break


if __name__ == "__main__":
    main(sys.argv[1], WAYS[sys.argv[2]])
