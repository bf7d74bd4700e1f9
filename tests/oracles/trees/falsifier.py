"""Random statements of the theory, most of them nearly true, to catch the kernel at a false one.

An expression is rewritten by rules that forget their side conditions (`generators.trees.draw`), so
each statement is true or false by accident. What the kernel proves must hold in numbers
(`finite.evaluate`) wherever the denominators that it records are not zero, on sets of one to four
elements, with zeros and equal values among the numbers.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import mpmath
from generators.trees.draw import FUNCTIONS, ONE, Draw, put_in
from oracles.trees.finite import DIGITS, Problem, evaluate, places

from midpo_sym.kernel import theorem as kernel
from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.language import tree
from midpo_sym.language.indexed import Differential, IndexSum, Least, free_indices
from midpo_sym.language.tree import Div, Log, Neg, Number, Pow

TINY = mpmath.mpf(10) ** -9


class FalseTheoremError(AssertionError):
    """The kernel proves what is false in numbers."""


def undefined(theorem, problem) -> bool:
    """Return whether a denominator that a theorem records is zero anywhere on a problem."""
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
    theorem = kernel.prove_if_and_only_if((top, base), factor, (one, other), draw.given)
    if theorem is None:
        tally["if and only if refused"] += 1
        return
    tally["if and only if"] += 1
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
                    raise FalseTheoremError(f"not if and only if: {theorem}")
            tally["checked"] += 1


def instance(seed: int, tally: Counter) -> None:
    """Try that a least value is at most one of the values; the index put in by hand, capturing."""
    draw = Draw(seed)
    free = {each for each in ("x", "y", "y1", "a") if draw.chance.random() < 0.5}
    index = draw.index(draw.pick("a", "y"))
    body = draw.real(2, {*free, index})
    at = draw.index(index[0])
    value = draw.rewritten(put_in(body, {index: at}), draw.pick(0, 0, 1))
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
