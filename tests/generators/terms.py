"""Terms of the specification language as nested tuples, and how they are written.

    ("num", Fraction)  ("par", name)  ("whole", model, r)  ("token", what, r)  ("length", r)
    ("weight", name, r)  ("short0", name)  ("short1", name, r)  ("short2", name, r)
    ("datum0", name)  ("datum1", name, r)

are the leaves: `r` is `y`, `w`, `l` or `o`, a `short` is the name of a definition of nothing, of y
or of y, t, and a `datum` a number that is given of nothing or of y. All else is an operation,
`(word, a)`, `(word, a, b)` or `(word, a, b, c)`, with the words of `OPERATIONS`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from fractions import Fraction

Term = tuple

SMOOTH = ("sigmoid", "logsigmoid", "softplus", "cauchy_cdf")
OVER_TOKENS = ("sum_t", "prod_t", "mean_t")
UNARY = ("neg", "log", "exp", "sg", "abs", *SMOOTH, *OVER_TOKENS)
BINARY = ("add", "sub", "mul", "div", "pow", "max", "min", "by_label")
TERNARY = ("clip",)
OPERATIONS = frozenset([*UNARY, *BINARY, *TERNARY])
SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**"}
BINDS = {"add": 1, "sub": 1, "mul": 2, "div": 2, "neg": 3, "pow": 4}
ATOM = 5


def num(value: int | Fraction) -> Term:
    return ("num", Fraction(value))


ONE, ZERO = num(1), num(0)


def add(*terms: Term) -> Term:
    """Return the sum of terms, zero if there are none."""
    if not terms:
        return ZERO
    total = terms[0]
    for each in terms[1:]:
        total = ("add", total, each)
    return total


def mul(*terms: Term) -> Term:
    """Return the product of terms, one if there are none."""
    if not terms:
        return ONE
    total = terms[0]
    for each in terms[1:]:
        total = ("mul", total, each)
    return total


def below(term: Term) -> tuple[Term, ...]:
    """Return the terms right inside a term."""
    return term[1:] if term[0] in OPERATIONS else ()


def walk(term: Term, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Term]]:
    """Yield every term inside a term, and where it is."""
    yield path, term
    for place, each in enumerate(below(term), start=1):
        yield from walk(each, (*path, place))


def put(term: Term, path: tuple[int, ...], new: Term) -> Term:
    """Return a term with another one at a place.

    >>> put(("add", ONE, ("neg", ONE)), (2, 1), ZERO) == ("add", ONE, ("neg", ZERO))
    True
    """
    if not path:
        return new
    place = path[0]
    return (*term[:place], put(term[place], path[1:], new), *term[place + 1 :])


def replace(term: Term, change: Callable[[Term], Term | None]) -> Term:
    """Return a term with every term replaced for which `change` has another, from the top."""
    new = change(term)
    if new is not None:
        return new
    inner = below(term)
    return (term[0], *(replace(each, change) for each in inner)) if inner else term


def at(term: Term, response: str) -> Term:
    """Return a term of y for the chosen (w) or the rejected (l) response, or another one (o).

    >>> at(("by_label", ("whole", "pi", "y"), ONE), "w")
    ('whole', 'pi', 'w')
    """

    def change(each: Term) -> Term | None:
        if each[0] == "by_label":
            return at(each[1 if response == "w" else 2], response)
        if not below(each) and each[-1] == "y":
            return (*each[:-1], response)
        return None

    return replace(term, change)


def responses(term: Term) -> set[str]:
    """Return the responses that a term speaks of."""
    return {
        each[-1]
        for _, each in walk(term)
        if each[0] in ("whole", "token", "length", "weight", "short1", "short2", "datum1")
    }


def has(term: Term, *words: str) -> bool:
    return any(each[0] in words for _, each in walk(term))


def per_token(term: Term) -> bool:
    """Return whether a term depends on a token outside a sum or product over tokens."""
    if term[0] in ("token", "weight", "short2"):
        return True
    return term[0] not in OVER_TOKENS and any(per_token(each) for each in below(term))


class Writer:
    """Writes terms as text, with brackets and spaces at random where they do not matter."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def write(self, term: Term) -> str:
        """Return the text of a term.

        >>> Writer(random.Random(0)).write(("neg", ("pow", ONE, ("neg", num(2)))))
        '-1**(-2)'
        """
        return self._write(term)[0]

    def _space(self) -> str:
        return self.rng.choice([" ", " ", " ", " ", "", "\n  "])

    def _inside(self, term: Term, least: int) -> str:
        text, binds = self._write(term)
        return f"({text})" if binds < least or self.rng.random() < 0.03 else text

    def _write(self, term: Term) -> tuple[str, int]:
        word = term[0]
        match word:
            case "num":
                value: Fraction = term[1]
                if value.denominator != 1:
                    sign = "-" if value < 0 else ""
                    text = f"{sign}{abs(value.numerator)}/{value.denominator}"
                    return text, BINDS["sub" if value < 0 else "div"]
                return str(value), ATOM if value >= 0 else BINDS["sub"]
            case "par" | "short0" | "datum0":
                return term[1], ATOM
            case "whole" | "short1" | "datum1":
                return f"{term[1]}({term[2]})", ATOM
            case "token" | "weight" | "short2":
                return f"{term[1]}({term[2]}, t)", ATOM
            case "length":
                return f"length({term[1]})", ATOM
            case "neg":
                return "-" + self._inside(term[1], BINDS["neg"]), BINDS["sub"]
        if word not in SIGNS:
            inner = ", ".join(self._inside(each, 0) for each in below(term))
            return f"{word}({inner})", ATOM
        binds = BINDS[word]
        left = self._inside(term[1], binds + (word == "pow"))
        right = self._inside(term[2], binds + (word in ("sub", "div", "mul", "pow")))
        space = "" if word in ("pow", "mul", "div") else self._space()
        return f"{left}{space}{SIGNS[word]}{space}{right}", binds
