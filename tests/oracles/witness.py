"""Points that the program shows in JSON, and the numbers that it prints, read again."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

import mpmath
from oracles.model import Point
from oracles.statement import Statement

TERM = re.compile(r"^(−?)\s*(\d+(?:/\d+)?)?\s*(?:log 2|\(log 2\)\^(\d+))?$")


def exact(text: str) -> Any:
    """Return the value of a printed number.

    >>> with mpmath.workdps(20):
    ...     bool(abs(exact("1/2 − 3 log 2 + (log 2)^2") - (0.5 - 3*mpmath.log(2)
    ...          + mpmath.log(2)**2)) < 1e-15)
    True
    """
    total = mpmath.mpf(0)
    for sign, term in re.findall(r"(^|[+−] )\s*(−?[^+−]+)", text):
        match = TERM.match(term.strip())
        if match is None:
            return mpmath.mpf(text.replace("−", "-").split()[0])
        number_ = Fraction(match[2] or 1)
        power = int(match[3]) if match[3] else 1 if "log 2" in term else 0
        value = mpmath.mpf(number_.numerator) / number_.denominator * mpmath.log(2) ** power
        total += -value if (sign.strip() == "−") != bool(match[1]) else value
    return total


def point_of(statement: Statement, row: dict[str, Any]) -> Point:
    """Return the point that a witness in JSON describes."""
    rows = row["distributions"]
    words = list(rows[0]["probabilities"]) if rows else ["a", "b", "c", "∎"]
    index = {word: place for place, word in enumerate(words)}
    return Point(
        seed="witness",
        responses={
            name: tuple(index[each] for each in tokens) for name, tokens in row["responses"].items()
        },
        parameters={name: Fraction(value) for name, value in row["parameters"].items()}
        | statement.fixed,
        weights=statement.weights,
        size=len(words),
        models={
            (each["model"], tuple(index[word] for word in each["after"])): tuple(
                Fraction(each["probabilities"][word]) for word in words
            )
            for each in rows
        },
        table={
            (each["weight"], each["response"], each["t"] - 1): Fraction(each["value"])
            for each in row["weights"]
        },
        data=statement.data,
        given={
            (each["datum"], each["of"][0] if statement.data[each["datum"]][0] == "y" else ""): (
                Fraction(each["value"])
            )
            for each in row.get("data", ())
        },
    )
