"""The literal value of an expression at a point, with its slopes by the policy's logits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from oracles.dual import Arithmetic, Dual, Number, slopes
from oracles.model import MODELS, Point
from oracles.reader import Tree

ZERO, ONE = Fraction(0), Fraction(1)


@dataclass(frozen=True)
class Binding:
    """What `y` stands for and, inside a sum over tokens, which token `t` is."""

    y: str | None = None
    t: int | None = None


@dataclass
class Evaluator:
    """Evaluates expressions at one point.

    `definitions` has, for each name, `of` (`""`, `"y"` or `"y, t"`) and the tree.
    """

    point: Point
    definitions: dict[str, tuple[str, Tree]]
    arithmetic: Arithmetic = field(default_factory=Arithmetic)
    bound: dict[str, Number] = field(default_factory=dict)  # such as the variable of a link

    def __post_init__(self) -> None:
        size = self.point.size
        self.index = {prefix: i * size for i, prefix in enumerate(self.point.prefixes())}
        self.count = len(self.index) * size
        self.known: dict[Any, Number] = {}

    # Quantities

    def once(self, key: Any, make: Callable[[], Number]) -> Number:
        if key not in self.known:
            self.known[key] = make()
        return self.known[key]

    def token_log(self, model: str, prefix: tuple[int, ...], token: int) -> Number:
        """Return the logarithm of a token's probability; its slope by logit j is [j = k] − p_j."""

        def make() -> Number:
            row = self.point.row(model, prefix)
            total = sum(row)
            value = self.arithmetic.log(row[token] / total)
            if model != "pi":
                return value
            slope = slopes(self.arithmetic, self.count)
            for j, share in enumerate(row):
                slope[self.index[prefix] + j] = self.arithmetic.number((j == token) - share / total)
            return Dual(self.arithmetic.dual(value).value, slope)

        return self.once((model, prefix, token), make)

    def token(self, model: str, label: str, place: int) -> Number:
        response = self.point.responses[label]
        prefix, token = response[:place], response[place]
        return self.once(
            ("p", model, prefix, token),
            lambda: self.arithmetic.exp(self.token_log(model, prefix, token)),
        )

    def whole(self, model: str, label: str) -> Number:
        response = self.point.responses[label]

        def make() -> Number:
            total: Number = ZERO
            for place, token in enumerate(response):
                total = self.arithmetic.add(total, self.token_log(model, response[:place], token))
            return self.arithmetic.exp(total)

        return self.once(("whole", model, response), make)

    def divergence(self, first: str, second: str, label: str, place: int) -> Number:
        """Return KL(first ‖ second) between the distributions of the token at a place."""
        prefix = self.point.responses[label][:place]
        a = self.arithmetic

        def make() -> Number:
            total: Number = ZERO
            for token in range(self.point.size):
                p, q = (self.token_log(model, prefix, token) for model in (first, second))
                total = a.add(total, a.mul(a.exp(p), a.add(p, a.neg(q))))
            return total

        return self.once(("kl", first, second, prefix), make)

    def of_policy(self, name: str, label: str, place: int) -> Number:
        """Return −Σ p log p, or Σ p², of the policy's distribution of the token at a place."""
        prefix = self.point.responses[label][:place]
        a = self.arithmetic

        def make() -> Number:
            total: Number = ZERO
            for token in range(self.point.size):
                log = self.token_log("pi", prefix, token)
                share = a.exp(log)
                total = a.add(total, a.mul(share, a.neg(log) if name == "entropy" else share))
            return total

        return self.once((name, prefix), make)

    # Expressions

    def value(self, tree: Tree, at: Binding = Binding()) -> Number:
        """Return the value of a tree.

        >>> from oracles.reader import parse
        >>> row = (Fraction(2), Fraction(1), Fraction(1))
        >>> point = Point("", {"w": (0, 2), "l": (2,)}, {"a": Fraction(1, 3)}, {}, 3,
        ...               {("pi", ()): row, ("pi", (0,)): row, ("ref", ()): row[::-1]})
        >>> Evaluator(point, {}).value(parse("6*a - length(w)**2/length(l)"))
        Fraction(-2, 1)
        >>> round(Evaluator(point, {}).value(parse("pi(w)")).value, 12)  # 1/2 · 1/4
        0.125
        >>> round(Evaluator(point, {}).value(parse("sum_t(pi(w, t))")).value, 12)  # 1/2 + 1/4
        0.75
        >>> kl = Evaluator(point, {}).value(parse("sum_t(kl_pi_ref(l, t))")).value
        >>> round(kl, 12)  # 1/2 log(2/1) + 1/4 log(1/1) + 1/4 log(1/2) = 1/4 log 2
        0.17328679514
        >>> [float(x) for x in Evaluator(point, {}).value(parse("log(pi(l))")).slope]
        [-0.5, -0.25, 0.75, 0.0, 0.0, 0.0]
        """
        a = self.arithmetic
        match tree:
            case ("number", number):
                return number
            case ("name", name):
                if name in self.bound:
                    return self.bound[name]
                if name in self.point.parameters:
                    return self.point.parameters[name]
                if name in self.point.data:
                    return self.point.datum(name)
                return self.value(self.definitions[name][1], Binding())
            case ("neg", inner):
                return a.neg(self.value(inner, at))
            case ("call", name, arguments):
                return self.call(name, arguments, at)
        sign, left, right = tree[0], self.value(tree[1], at), self.value(tree[2], at)
        match sign:
            case "+":
                return a.add(left, right)
            case "-":
                return a.add(left, a.neg(right))
            case "*":
                return a.mul(left, right)
            case "/":
                return a.div(left, right)
        return a.power(left, right)

    def call(self, name: str, arguments: tuple[Tree, ...], at: Binding) -> Number:
        a = self.arithmetic
        match name:
            case "log":
                return a.log(self.value(arguments[0], at))
            case "exp":
                return a.exp(self.value(arguments[0], at))
            case (
                "max"
                | "min"
                | "clip"
                | "abs"
                | "sigmoid"
                | "logsigmoid"
                | "softplus"
                | "cauchy_cdf"
            ):
                return self.function(name, [self.value(each, at) for each in arguments])
            case "sg":
                inner = self.value(arguments[0], at)
                return inner if isinstance(inner, Fraction) else Dual(inner.value)
            case "by_label":
                return self.value(arguments["wl".index(at.y or "")], at)
            case "sum_t" | "prod_t" | "mean_t":
                return self.over_tokens(name, arguments[0], at)
        label = arguments[0][1]
        label = at.y if label == "y" else label
        place = at.t if len(arguments) == 2 else None
        if name == "length":
            return Fraction(len(self.point.responses[label]))
        if name == "position":
            return Fraction(place + 1)
        if name in MODELS:
            return self.whole(name, label) if place is None else self.token(name, label, place)
        if name.startswith("kl_"):
            return self.divergence(*name.split("_")[1:], label, place)
        if name in ("entropy", "sum_of_squares"):
            return self.of_policy(name, label, place)
        if name in self.definitions:
            return self.value(self.definitions[name][1], Binding(label, place))
        if name in self.point.data:
            return self.point.datum(name, label)
        return self.point.weight(name, label, place)

    def function(self, name: str, given: list[Number]) -> Number:
        """Return a function of numbers, by the documentation's meaning of it."""
        a, (first, *rest) = self.arithmetic, given
        match name:
            case "max":
                return a.maximum(first, *rest)
            case "min":
                return a.neg(a.maximum(a.neg(first), *map(a.neg, rest)))
            case "clip":
                low, high = rest
                return a.maximum(low, self.function("min", [first, high]))
            case "abs":
                return a.maximum(first, a.neg(first))
            case "sigmoid":
                return a.sigmoid(first)
            case "softplus":
                return a.softplus(first)
            case "cauchy_cdf":
                return a.cauchy_cdf(first)
        return a.neg(a.softplus(a.neg(first)))

    def over_tokens(self, name: str, body: Tree, at: Binding) -> Number:
        labels = {
            at.y if each[2][0][1] == "y" else each[2][0][1]
            for each in _calls(body)
            if each[2][0] in [("name", response) for response in "ywlo"]
        }
        (label,) = labels or {at.y}
        a, length = self.arithmetic, len(self.point.responses[label])
        join, total = (a.mul, ONE) if name == "prod_t" else (a.add, ZERO)
        for place in range(length):
            total = join(total, self.value(body, Binding(at.y, place)))
        return a.mul(Fraction(1, length), total) if name == "mean_t" else total


def _calls(tree: Tree) -> list[Tree]:
    if tree[0] == "call":
        return [tree, *(found for each in tree[2] for found in _calls(each))]
    if tree[0] in ("number", "name"):
        return []
    return [found for each in tree[1:] for found in _calls(each)]
