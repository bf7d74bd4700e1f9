"""Random statements of the theory, most of them nearly true, to catch the kernel at a false one.

An expression is rewritten by rules that forget their side conditions: indices are captured, factors
pulled out of sums that bind them, least values scaled by what may be negative. So each statement is
true or false by accident. What the kernel proves must hold in numbers (`finite.evaluate`) wherever
the denominators that it records are not zero, on sets of one to four elements, with zeros and equal
values among the numbers.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import mpmath
from generators.trees.mutants import paths, put
from oracles.trees.finite import DIGITS, Problem, evaluate, places

from midpo_sym.kernel import theorem as kernel
from midpo_sym.kernel.finite_derivative import differential
from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
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
TINY = mpmath.mpf(10) ** -9


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
                return _put_in(body, dict(zip(formals, actuals, strict=True)))  # may capture
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
        changes = [kind(new, _put_in(body, {index: new}))]  # may capture
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
                    _put_in(known.body, dict(zip(formals, node.indices, strict=True))),
                )
        if len(node.indices) == 2 and node.name == "k":
            return replace(node, indices=node.indices[::-1])
        return Exp(Log(node)) if node.positive else None


def _terms(node):
    return node.terms if isinstance(node, Add) else (node,)


def _put_in(node, new):
    """Return a node with indices replaced wherever they are free, by hand: it may capture."""
    match node:
        case Indexed(indices=indices):
            return replace(node, indices=tuple(new.get(each, each) for each in indices))
        case Applied(actuals=actuals):
            return replace(node, actuals=tuple(new.get(each, each) for each in actuals))
        case IndexSum(index=index) | Least(index=index):
            new = {old: each for old, each in new.items() if old != index}
    children = tuple(_put_in(child, new) for child in node.children())
    return node.with_children(children) if children else node


class FalseTheoremError(AssertionError):
    """The kernel proves what is false in numbers."""


def undefined(theorem, problem) -> bool:
    """Tell whether a denominator that a theorem records is zero anywhere on a problem."""
    for each in theorem.denominators:
        for env in places(problem, free_indices(each.node)):
            try:
                if abs(evaluate(each.node, problem, env)) < TINY:
                    return True
            except ZeroDivisionError:  # has a denominator itself, which is recorded too
                return True
    return False


def problems(theorem, seed: int, count: int):
    """Yield problems on which a theorem says something."""
    for number in range(count):
        problem = Problem(seed * 100 + number, theorem.hypotheses, edges=number > 0)
        if not undefined(theorem, problem):
            yield problem


def check(theorem, seed: int, count: int = 3) -> int:
    """Check an equation or a bound in numbers; return on how many problems.

    Raises:
        FalseTheoremError: it is false, or not defined although all denominators differ from zero.
    """
    done = 0
    with mpmath.workdps(DIGITS):
        for problem in problems(theorem, seed, count):
            free = free_indices(theorem.left) | free_indices(theorem.right)
            for env in places(problem, free)[:8]:
                try:
                    one, other = (
                        evaluate(side, problem, env) for side in (theorem.left, theorem.right)
                    )
                except OverflowError:
                    continue
                except ZeroDivisionError:
                    raise FalseTheoremError(f"not defined: {theorem}") from None
                slack = mpmath.mpf(10) ** -12 * (1 + abs(one) + abs(other))
                wrong = one - other > slack
                if theorem.mode is kernel.Mode.VALUE:
                    wrong = abs(one - other) > slack
                if wrong:
                    raise FalseTheoremError(f"{one} {theorem.mode.value} {other}: {theorem}")
            done += 1
    return done


def equation(seed: int, tally: Counter) -> None:
    """Try an equation: an expression, and the same rewritten."""
    draw = Draw(seed)
    free = {each for each in ("x", "y", "y1", "a") if draw.chance.random() < 0.5}
    left = draw.pick(draw.real, draw.positive)(draw.pick(2, 3, 3), free)
    if draw.chance.random() < 0.15:
        left = Differential(left, *draw.pick(("s", "h"), ("q", "h"), ("beta", ""), ("h", "s")))
    right = draw.rewritten(left, draw.pick(1, 2, 3, 5))
    theorem = kernel.decide_indexed(left, right, draw.given).theorem
    if theorem and left != right:
        tally["equations"] += 1
        tally["checked"] += check(theorem, seed)
    elif not theorem:
        tally["equations refused"] += 1


def gap_of(draw: Draw, depth: int, free) -> tree.Expression:
    """Return what may be a gap: parts that are not negative, and some that may be."""
    kind = draw.chance.randrange(9) if depth else draw.chance.randrange(4)
    match kind:
        case 0 | 1:
            t = draw.positive(1, free)
            one = ONE if draw.chance.random() < 0.9 else Number(2)
            inside = t if draw.chance.random() < 0.9 else draw.positive(1, free)
            return tree.add(tree.add(t, Neg(one)), Neg(Log(inside)))
        case 2:
            return Pow(draw.real(1, free), draw.pick(Number(2), Number(2), Number(4), Number(3)))
        case 3:
            return draw.function(free, ("positive", "nonnegative", "unit"), FUNCTIONS) or ONE
        case 4:
            return tree.mul(gap_of(draw, depth - 1, free), gap_of(draw, depth - 1, free))
        case 5:
            return tree.add(gap_of(draw, depth - 1, free), gap_of(draw, depth - 1, free))
        case 6:
            index = draw.index(draw.pick("x", "y"))
            return IndexSum(index, gap_of(draw, depth - 1, {*free, index}))
        case 7:
            under = draw.pick(draw.positive, draw.positive, draw.real)
            return Div(gap_of(draw, depth - 1, free), under(1, free))
    return tree.mul(draw.positive(1, free), gap_of(draw, depth - 1, free))


def bound(seed: int, tally: Counter) -> None:
    """Try a bound by its gap, its generalisation, and both joined with an equation."""
    draw = Draw(seed)
    free = {each for each in ("x", "y", "a") if draw.chance.random() < 0.6}
    left = draw.real(1, {each for each in free if draw.chance.random() < 0.6})
    gap = gap_of(draw, 2, free)
    right = draw.rewritten(tree.add(left, gap), draw.pick(0, 1, 2))
    theorem = kernel.prove_at_most(left, right, gap, draw.given)
    if theorem is None:
        tally["bounds refused"] += 1
        return
    tally["bounds"] += 1
    tally["checked"] += check(theorem, seed)
    for index in sorted(free_indices(right)):
        least = kernel.generalise(theorem, index)
        if least:
            tally["generalised"] += 1
            tally["checked"] += check(least, seed)
    same = kernel.decide_indexed(right, draw.rewritten(right, 1), draw.given).theorem
    joined = kernel.join(theorem, same) if same else None
    if joined:
        tally["joined"] += 1
        tally["checked"] += check(joined, seed)


def only_if(seed: int, tally: Counter) -> None:
    """Try where the sides of a bound are equal: elsewhere they have to differ in numbers."""
    draw = Draw(seed)
    free = {each for each in ("x", "y") if draw.chance.random() < 0.5}
    inner = {*free, *draw.pick(("y1",), ("x", "y"), ("y",))}
    one, other = draw.positive(1, inner), draw.positive(1, inner)
    t = draw.rewritten(Div(*draw.pick((one, other), (other, one))), draw.pick(0, 1, 2))
    excess = t if draw.chance.random() < 0.8 else draw.positive(1, inner)
    if not excess.positive:  # what it was rewritten to is not so by its form
        return
    gap: tree.Expression = tree.add(tree.add(t, Neg(ONE)), Neg(Log(excess)))
    for index in sorted(inner - free):
        weight = draw.pick(draw.positive, draw.positive, draw.real)(1, inner)
        gap = draw.pick(tree.mul(weight, gap), Div(gap, weight), gap, tree.add(gap, weight))
        gap = IndexSum(index, gap)
    left = draw.real(1, free)
    right = tree.add(left, gap)
    try:
        first = kernel.prove_at_most(left, right, gap, draw.given)
    except ZeroDenominatorError:
        return
    theorem = kernel.prove_only_if(first, gap, one, other, draw.given) if first else None
    if theorem is None:
        tally["only if refused"] += 1
        return
    tally["only if"] += 1
    with mpmath.workdps(DIGITS):
        for problem in problems(theorem, seed, 3):
            sides = theorem.left, theorem.right
            around = free_indices(left) | free_indices(right)
            for env in places(problem, around):
                within = set().union(*map(free_indices, sides)) - around
                differ = any(
                    abs(evaluate(sides[0], problem, at) - evaluate(sides[1], problem, at)) > TINY
                    for each in places(problem, within)
                    for at in [{**env, **each}]
                )
                apart = evaluate(gap, problem, env)
                if differ and apart < mpmath.mpf(10) ** -40:
                    raise FalseTheoremError(f"equal elsewhere: {theorem}")
            tally["checked"] += 1


def just_where(seed: int, tally: Counter) -> None:
    """Try where a difference is zero: it has to have the sign of the difference of the sides."""
    draw = Draw(seed)
    free = {each for each in ("x", "y") if draw.chance.random() < 0.6}
    one, other = draw.positive(2, free), draw.positive(2, free)
    factor = draw.pick(draw.positive, draw.positive, draw.real)(1, free)
    base = draw.real(1, free)
    logs = tree.add(Log(one), Neg(Log(other)))
    top = draw.rewritten(tree.add(base, tree.mul(factor, logs)), draw.pick(0, 1, 2))
    theorem = kernel.prove_just_where((top, base), factor, (one, other), draw.given)
    if theorem is None:
        tally["just where refused"] += 1
        return
    tally["just where"] += 1
    with mpmath.workdps(DIGITS):
        for problem in problems(theorem, seed, 3):
            nodes = (top, base, one, other, factor)
            for env in places(problem, set().union(*map(free_indices, nodes)))[:8]:
                a, b, c, d, k = (evaluate(each, problem, env) for each in nodes)
                if 0 < k < TINY or k > 1 / TINY:  # exp of a large number: no digits are left
                    continue
                near = abs(a - b) < mpmath.mpf(10) ** -30 * (1 + abs(a))
                if (abs(c - d) > TINY * (c + d) and (near or (a > b) != (c > d))) or (
                    abs(c - d) < mpmath.mpf(10) ** -60 * c and not near
                ):
                    raise FalseTheoremError(f"not just where: {theorem}")
            tally["checked"] += 1


def instance(seed: int, tally: Counter) -> None:
    """Try that a least value is at most one of the values; the index put in by hand, capturing."""
    draw = Draw(seed)
    free = {each for each in ("x", "y", "y1", "a") if draw.chance.random() < 0.5}
    index = draw.index(draw.pick("a", "y"))
    body = draw.real(2, {*free, index})
    at = draw.index(index[0])
    value = draw.rewritten(_put_in(body, {index: at}), draw.pick(0, 0, 1))
    theorem = kernel.prove_instance(Least(index, body), value, at, draw.given)
    if theorem is None:
        tally["instances refused"] += 1
        return
    tally["instances"] += 1
    tally["checked"] += check(theorem, seed)


def scaled(seed: int, tally: Counter) -> None:
    """Try to take a factor and a term out of a least value; the factor may be negative."""
    draw = Draw(seed)
    free = {each for each in ("x", "y") if draw.chance.random() < 0.5}
    index = draw.index(draw.pick("a", "a", "y"))
    inside = {*free, index} if draw.chance.random() < 0.2 else free
    factor, term = draw.pick(draw.positive, draw.real)(1, inside), draw.real(1, inside)
    body = draw.real(1, {*free, index})
    left = Least(index, tree.add(tree.mul(factor, body), term))
    right = tree.add(tree.mul(factor, Least(index, body)), term)
    theorem = kernel.decide_indexed(
        draw.rewritten(left, draw.pick(0, 1)), right, draw.given
    ).theorem
    if theorem is None:
        tally["scaled refused"] += 1
        return
    tally["scaled"] += 1
    tally["checked"] += check(theorem, seed)


def assumed(seed: int, tally: Counter) -> None:
    """Try to leave a factor out of a sum, as if it summed to one: over these indices, or others."""
    draw = Draw(seed)
    sums = [each for each in draw.given if each.over]
    if not sums:
        return
    known = draw.chance.choice(sums)
    free = {each for each in ("x", "y2") if draw.chance.random() < 0.5}
    bound = draw.pick(("y",), ("y",), ("x", "y"), ("y", "y1"), ("y",), ("x", "y", "y1"), ("x",))
    at = draw.indices("".join(each[0] for each in known.function.indices), {*free, *bound})
    if at is None:
        return
    gone = set(at) & set(bound) if draw.chance.random() < 0.8 else set(bound)
    factor: tree.Expression = replace(known.function, indices=at)
    if draw.chance.random() < 0.15:
        factor = Pow(factor, draw.pick(Number(2), Neg(ONE)))
    within = {*free, *bound} if draw.chance.random() < 0.3 else {*free, *bound} - gone
    weight = draw.real(1, within)
    left, right = tree.mul(factor, weight), weight
    for each in bound:
        left = IndexSum(each, left)
        right = right if each in gone else IndexSum(each, right)
    theorem = kernel.decide_indexed(
        draw.rewritten(left, draw.pick(0, 1)), right, draw.given
    ).theorem
    if theorem is None:
        tally["assumed refused"] += 1
        return
    tally["assumed"] += 1
    tally["checked"] += check(theorem, seed)


KINDS = (equation, equation, equation, bound, bound, only_if, just_where, instance, scaled, assumed)


def attempt(seed: int, tally: Counter) -> None:
    """Try one statement.

    Raises:
        FalseTheoremError: the kernel proves something false.
    """
    kind = KINDS[seed % len(KINDS)]
    try:
        kind(seed, tally)
    except ZeroDivisionError:
        raise FalseTheoremError(f"not defined, although no denominator is zero: {seed}") from None
    except OverflowError:
        tally["too large a number"] += 1
    except (OutsideClassError, ZeroDenominatorError):
        tally["outside the class"] += 1
    except ValueError as error:
        if "an expression of more than" not in str(error):
            raise
        tally["too large"] += 1
