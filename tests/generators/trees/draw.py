"""Random expressions, hypotheses and rewritings of the theory, most of them nearly true.

The rules forget their side conditions: indices are captured, factors pulled out of sums that bind
them, least values scaled by what may be negative.
"""

from __future__ import annotations

import random
from dataclasses import replace

from generators.trees.mutants import paths, put

from midpo_sym.kernel.finite_derivative import differential
from midpo_sym.kernel.forms import OutsideClassError
from midpo_sym.kernel.hypotheses import Hypothesis
from midpo_sym.language import tree
from midpo_sym.language.indexed import Applied, Differential, Indexed, IndexSum, Least, free_indices
from midpo_sym.language.tree import Add, Div, Exp, Log, Mul, Neg, Number, Parameter, Pow

FUNCTIONS = {  # name: sets and domain
    "f": ("xy", "positive"),
    "p": ("x", "positive"),
    "q": ("y", "positive"),
    "k": ("yy", "positive"),
    "m": ("y", "positive"),
    "c": ("", "positive"),
    "r": ("xy", "real"),
    "s": ("y", "real"),
    "h": ("y", "real"),
    "w": ("x", "real"),
    "n": ("y", "nonnegative"),
    "u": ("y", "unit"),
    "v": ("a", "real"),
    "l": ("ay", "real"),
    "e": ("a", "positive"),
}
NAMES = "".join(FUNCTIONS)
PARAMETERS = {"beta": "positive", "gamma": "real", "nu": "nonnegative"}
ONE = Number(1)


class Draw:
    """Random expressions, hypotheses and rewritings."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(f"falsifier {seed}")
        self.given: tuple[Hypothesis, ...] = ()
        self.given = tuple(self.hypotheses())

    def pick(self, *values):
        return self.chance.choice(values)

    def index(self, letter: str) -> str:
        return letter + self.pick("", "", "1", "2")

    def indices(self, letters: str, free) -> tuple[str, ...] | None:
        """Return indices of some sets among those that are free here, if there are any."""
        choices = [[each for each in sorted(free) if each[0] == letter] for letter in letters]
        return tuple(map(self.chance.choice, choices)) if all(choices) else None

    def hypotheses(self):
        sums = {
            "f": [("x", "y"), ("y",)],
            "p": [("x",), ("x",)],
            "q": [("y",), ("y",)],
            "k": [("y", "y1"), ("y1",)],
        }
        for name, (formals, over) in sums.items():
            if self.chance.random() < 0.5:
                yield Hypothesis(Indexed(name, formals, "positive"), over)
        if self.chance.random() < 0.3:
            yield Hypothesis(Indexed("m", ("y",), "positive"), body=self.positive(2, {"y"}, "fpqk"))
        if self.chance.random() < 0.3:
            yield Hypothesis(Indexed("w", ("x",), "real"), body=self.real(2, {"x"}, "fpqkrs"))

    def function(self, free, domains, names) -> tree.Expression | None:
        fitting = []
        for name in names:
            letters, domain = FUNCTIONS[name]
            at = self.indices(letters, free)
            if domain in domains and at is not None:
                fitting.append(Indexed(name, at, domain))
        return self.chance.choice(fitting) if fitting else None

    def positive(self, depth: int, free, names=NAMES) -> tree.Expression:
        kind = self.chance.randrange(12) if depth else self.chance.randrange(4)
        match kind:
            case 0:
                return Number(self.pick(1, 1, 2, 3, 4, 6))
            case 1:
                return Parameter("beta", "positive")
            case 2 | 3:
                return self.function(free, ("positive",), names) or Number(2)
            case 4:
                return tree.mul(
                    self.positive(depth - 1, free, names), self.positive(depth - 1, free, names)
                )
            case 5:
                return Div(
                    self.positive(depth - 1, free, names), self.positive(depth - 1, free, names)
                )
            case 6:
                return tree.add(
                    self.positive(depth - 1, free, names), self.positive(depth - 1, free, names)
                )
            case 7:
                return Exp(self.real(depth - 1, free, names))
            case 8:
                power = self.pick(
                    Number(2),
                    Neg(ONE),
                    Div(ONE, Number(2)),
                    Parameter("gamma"),
                    Neg(Number(3)),
                    Number(0),
                )
                return Pow(self.positive(depth - 1, free, names), power)
            case 9 | 10:
                index = self.index(self.pick("x", "y", "y"))
                return IndexSum(index, self.positive(depth - 1, {*free, index}, names))
        return self.applied(depth, free, names, self.positive)

    def real(self, depth: int, free, names=NAMES) -> tree.Expression:
        kind = self.chance.randrange(15) if depth else self.chance.randrange(4)
        match kind:
            case 0:
                return self.positive(depth, free, names)
            case 1:
                name = self.pick(*PARAMETERS)
                return Parameter(name, PARAMETERS[name])
            case 2 | 3:
                domains = ("real", "nonnegative", "unit")
                return self.function(free, domains, names) or Parameter("gamma")
            case 4:
                return Neg(self.real(depth - 1, free, names))
            case 5 | 6:
                return tree.add(
                    self.real(depth - 1, free, names), self.real(depth - 1, free, names)
                )
            case 7:
                return tree.mul(
                    self.real(depth - 1, free, names), self.real(depth - 1, free, names)
                )
            case 8:
                under = self.pick(self.positive, self.positive, self.real)
                return Div(self.real(depth - 1, free, names), under(depth - 1, free, names))
            case 9:
                return Log(self.positive(depth - 1, free, names))
            case 10:
                return Pow(
                    self.real(depth - 1, free, names), self.pick(Number(2), Number(3), Neg(ONE))
                )
            case 11 | 12:
                index = self.index(self.pick("x", "y", "y"))
                return IndexSum(index, self.real(depth - 1, {*free, index}, names))
            case 13:
                index = self.index(self.pick("a", "a", "y"))
                return Least(index, self.real(depth - 1, {*free, index}, names))
        return self.applied(depth, free, names, self.real)

    def applied(self, depth, free, names, kind) -> tree.Expression:
        actuals = tuple(each for each in sorted(free) if self.chance.random() < 0.7)
        formals: list[str] = []
        for each in actuals:
            wanted = [each[0] + digit for digit in ("", "1", "2", "3")]
            formals.append(self.chance.choice([name for name in wanted if name not in formals]))
        return Applied("D", tuple(formals), actuals, kind(depth - 1, set(formals), names))

    def rewritten(self, node: tree.Expression, times: int) -> tree.Expression:
        """Return a node after some steps at random places; what does not fit changes nothing."""
        done = tries = 0
        while done < times and tries < 30 * times:
            tries += 1
            path, inner = self.chance.choice(list(paths(node)))
            try:
                new = self.step(inner)
                if new is not None and new != inner:
                    node = put(node, path, new)
                    done += 1
            except ValueError:  # a logarithm of something that may be negative, or too large
                continue
        return node

    def step(self, node: tree.Expression) -> tree.Expression | None:
        """Return a node rewritten by a rule for nodes of its kind, true or not."""
        if self.chance.random() < 0.15:
            return self.anywhere(node)
        match node:
            case Add(terms=terms):
                return self.add(terms)
            case Mul(factors=factors):
                return self.mul(factors)
            case Div(numerator=over, denominator=under):
                return self.pick(
                    tree.mul(over, Pow(under, Neg(ONE))),
                    tree.total([Div(each, under) for each in _terms(over)]),
                    Div(tree.mul(over, under), tree.mul(under, under)),
                    tree.mul(over, Div(ONE, under)),
                )
            case Log(body=body):
                return self.log(body)
            case Exp(body=body):
                return self.exp(body)
            case Pow(base=base, exponent=exponent):
                return self.power(base, exponent)
            case IndexSum() | Least():
                return self.binder(node)
            case Applied(formals=formals, actuals=actuals, body=body):
                return put_in(body, dict(zip(formals, actuals, strict=True)))  # may capture
            case Differential():
                try:
                    return differential(node)
                except OutsideClassError:
                    return None
            case Neg(body=body):
                return self.pick(
                    tree.mul(Neg(ONE), body), tree.total([Neg(each) for each in _terms(body)])
                )
            case Indexed():
                return self.leaf(node)
            case Number(value=value):
                return self.pick(
                    Number(value + 1), Div(Number(2 * value), Number(2)), Pow(node, ONE)
                )
        return None

    def anywhere(self, node: tree.Expression) -> tree.Expression:
        free = free_indices(node)
        other = self.real(1, free)
        index = self.index(self.pick("x", "y"))
        around = tuple(sorted(free))
        turned = list(around)
        self.chance.shuffle(turned)
        changes: list[tree.Expression] = [
            tree.add(tree.add(node, other), Neg(other)),
            Div(tree.mul(node, other), other),
            Exp(Log(node)) if node.positive else Pow(node, ONE),
            Log(Exp(node)),
            Applied("E", around, around, node),
            Div(IndexSum(index, node), IndexSum(index, ONE)),
            tree.mul(node, Pow(other, Number(0))),
        ]
        if [each[0] for each in turned] == [each[0] for each in around]:
            changes.append(Applied("T", around, tuple(turned), node))
        sums = [each for each in self.given if each.over]
        if sums:
            known = self.chance.choice(sums)
            at = self.indices(
                "".join(i[0] for i in known.function.indices), {*free, *known.function.indices}
            )
            one: tree.Expression = replace(known.function, indices=at or known.function.indices)
            for each in at or known.over:
                one = IndexSum(each, one)
            changes.append(tree.mul(node, one))
        return self.chance.choice(changes)

    def add(self, terms) -> tree.Expression:
        shuffled = list(terms)
        self.chance.shuffle(shuffled)
        one, other = shuffled[:2]
        if isinstance(one, IndexSum) and isinstance(other, IndexSum) and self.chance.random() < 0.8:
            joined = IndexSum(one.index, tree.add(one.body, other.body))
            return tree.total([joined, *shuffled[2:]])
        if isinstance(one, Log) and isinstance(other, Log) and self.chance.random() < 0.8:
            return tree.total([Log(tree.mul(one.body, other.body)), *shuffled[2:]])
        return tree.total(shuffled)

    def mul(self, factors) -> tree.Expression:
        shuffled = list(factors)
        self.chance.shuffle(shuffled)
        one, *rest = shuffled
        if isinstance(one, Add) and self.chance.random() < 0.8:
            return tree.total([tree.product([each, *rest]) for each in one.terms])
        if isinstance(one, IndexSum) and self.chance.random() < 0.8:  # may capture
            return IndexSum(one.index, tree.product([one.body, *rest]))
        if isinstance(one, Least) and self.chance.random() < 0.8:  # factors may be negative
            return Least(one.index, tree.product([one.body, *rest]))
        if isinstance(one, Exp) and isinstance(rest[0], Exp):
            return tree.product([Exp(tree.add(one.body, rest[0].body)), *rest[1:]])
        return tree.product(shuffled)

    def log(self, body) -> tree.Expression | None:
        match body:
            case Mul(factors=factors):
                return tree.total([Log(each) for each in factors])
            case Div(numerator=over, denominator=under):
                return tree.add(Log(over), Neg(Log(under)))
            case Pow(base=base, exponent=exponent):
                return tree.mul(exponent, Log(base))
            case Exp(body=inner):
                return inner
            case Add(terms=terms) if self.chance.random() < 0.2:
                return tree.total([Log(each) for each in terms])
            case IndexSum(index=index, body=inner) if self.chance.random() < 0.3:
                return IndexSum(index, Log(inner))
        return None

    def exp(self, body) -> tree.Expression | None:
        match body:
            case Add(terms=terms):
                return tree.product([Exp(each) for each in terms])
            case Log(body=inner):
                return inner
            case Neg(body=inner):
                return Div(ONE, Exp(inner))
            case Mul(factors=(Log(body=inner), *rest)):
                return Pow(inner, tree.product(rest))
            case Mul(factors=(first, *rest)):
                return Pow(Exp(first), tree.product(rest))
        return Pow(Exp(tree.mul(Number(2), body)), Div(ONE, Number(2)))

    def power(self, base, exponent) -> tree.Expression | None:
        match base:
            case Mul(factors=factors):
                return tree.product([Pow(each, exponent) for each in factors])
            case Div(numerator=over, denominator=under):
                return Div(Pow(over, exponent), Pow(under, exponent))
            case Pow(base=inner, exponent=other):  # of a negative number, a root loses its sign
                return Pow(inner, tree.mul(other, exponent))
        if exponent == Number(2):
            return tree.mul(base, base)
        return Exp(tree.mul(exponent, Log(base))) if base.positive else None

    def binder(self, node) -> tree.Expression | None:
        index, body, kind = node.index, node.body, type(node)
        new = self.index(index[0])
        changes = [kind(new, put_in(body, {index: new}))]  # may capture
        match body:
            case Add(terms=terms) if kind is IndexSum:
                changes += [tree.total([IndexSum(index, each) for each in terms])] * 2
            case Add(terms=(first, *rest)):  # a least value of what may depend on it
                changes += [tree.add(Least(index, tree.total(rest)), first)] * 2
            case Mul(factors=factors):  # what is pulled out may depend on the index
                shuffled = list(factors)
                self.chance.shuffle(shuffled)
                changes += [tree.mul(kind(index, tree.product(shuffled[1:])), shuffled[0])] * 2
            case Div(numerator=over, denominator=under):
                changes += [Div(kind(index, over), under)]
            case Neg(body=inner):
                changes += [Neg(kind(index, inner))]
            case IndexSum(index=other, body=inner) | Least(index=other, body=inner):
                if type(body) is kind:
                    changes += [kind(other, kind(index, inner))] * 2
        for known in self.given:
            if known.over and isinstance(body, Indexed) and body.name == known.function.name:
                changes.append(ONE)
        if kind is IndexSum and index not in free_indices(body):
            changes.append(tree.mul(IndexSum(index, ONE), body))
        return self.chance.choice(changes)

    def leaf(self, node: Indexed) -> tree.Expression | None:
        for known in self.given:
            if known.body is not None and known.function.name == node.name:
                formals = known.function.indices
                return self.pick(
                    Applied("m", formals, node.indices, known.body),
                    put_in(known.body, dict(zip(formals, node.indices, strict=True))),
                )
        if len(node.indices) == 2 and node.name == "k":
            return replace(node, indices=node.indices[::-1])
        return Exp(Log(node)) if node.positive else None


def _terms(node):
    return node.terms if isinstance(node, Add) else (node,)


def put_in(node, new):
    """Return a node with indices replaced wherever they are free, by hand: it may capture."""
    match node:
        case Indexed(indices=indices):
            return replace(node, indices=tuple(new.get(each, each) for each in indices))
        case Applied(actuals=actuals):
            return replace(node, actuals=tuple(new.get(each, each) for each in actuals))
        case IndexSum(index=index) | Least(index=index):
            new = {old: each for old, each in new.items() if old != index}
    children = tuple(put_in(child, new) for child in node.children())
    return node.with_children(children) if children else node
