"""A derivation for people: from the framework down to a normal form, and up to the target.

Every step is checked by the kernel when it is made, on its own, whatever rule proposed it. What the
kernel does not confirm is no step: the line stays as it was. Where the lines do not meet, the
kernel's own theorem about the two ends is the step, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.theorem import Theorem, decide, normal_form
from midpo_sym.language import tree
from midpo_sym.language.tree import Expression
from midpo_sym.prover.derivation.rebuild import NotReadableError, rebuild
from midpo_sym.prover.framework import (
    FRAMEWORK_LINK,
    framework_argument,
    implicit_reward,
    log_ratio,
    sides,
)
from midpo_sym.prover.verdict import DisagreementError
from midpo_sym.rules.table import (
    CANCELLATION,
    CHAIN,
    COLLECTION,
    LINEARITY,
    NORMAL_FORMS,
    RULES,
    SUBSTITUTION,
    Rule,
)
from midpo_sym.spec.model import Statement


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a derivation: before = after.

    Attributes:
        rule: the rule, with its name and law.
        before: the expression the line starts from.
        after: the expression it arrives at.
        backwards: whether the rule is read from right to left, as when a definition is folded.
        theorem: the kernel's theorem that the two are equal.
    """

    rule: Rule
    before: Expression
    after: Expression
    backwards: bool
    theorem: Theorem


@dataclass(frozen=True, slots=True)
class Steps:
    """The derivation of a statement.

    Attributes:
        reward: α log π/ζ simplified; once at any response y, or at y_w and then at y_l if the
            prior goes by the label.
        framework: from the framework's argument down to its simplest form.
        target: from the simplest form up to the target's argument, if the statement is proved;
            from the target's argument down to its simplest form, if it is not.
        of_losses: whether `framework` goes from loss to loss, and not from argument to argument.
    """

    reward: tuple[Step, ...]
    framework: tuple[Step, ...]
    target: tuple[Step, ...]
    of_losses: bool = False


def derive(statement: Statement, *, proved: bool) -> Steps:
    """Return the derivation of a statement, or of both its sides if they differ.

    Raises:
        DisagreementError: the statement is said to be proved, and the kernel has no theorem of it.
    """
    term = statement.target.as_term()
    framework, target = framework_argument(statement), term.argument
    by_token = any(
        isinstance(node, tree.TokenProbability)
        for side in (statement.zeta, target)
        for node in side.walk()
    )
    rewards, chains = _rewards(statement, by_token=by_token)
    if proved and term.link.name != FRAMEWORK_LINK:
        return Steps(chains, (_whole(*sides(statement)),), (), of_losses=True)
    there: Expression = tree.add(rewards["w"], tree.Neg(rewards["l"]))
    if statement.score_of:
        there = rewards[statement.score_of]
    first = _step(SUBSTITUTION, framework, there)
    if first is None:
        return Steps(chains, (_whole(framework, target),) if proved else (), ())
    down = [first]
    there = _extended(down, CANCELLATION, there)
    end = _collected(there, down)
    other = _simplify(target, by_token=by_token)
    if not proved:
        return Steps(chains, tuple(down), tuple(other))
    up = _met(down, end, target, other)
    if up is None:
        return Steps(chains, (_whole(framework, target),), ())
    return Steps(chains, tuple(down), up)


@dataclass(frozen=True, slots=True)
class Bridge:
    """Lines from one expression to another.

    Attributes:
        down: from the first one to where the two meet.
        up: from there to the second one.
    """

    down: tuple[Step, ...]
    up: tuple[Step, ...]


def bridge(start: Expression, target: Expression) -> Bridge:
    """Return lines from an expression to another one that the kernel proves equal to it.

    Raises:
        DisagreementError: the kernel has no theorem of it.
    """
    if _blocks(start) == _blocks(target) and (step := _step(COLLECTION, start, target)):
        return Bridge((step,), ())
    by_token = any(
        isinstance(node, tree.TokenProbability) for side in (start, target) for node in side.walk()
    )
    down = _simplify(start, by_token=by_token)
    if down and _blocks(target) <= _blocks(down[-1].before):
        last = down.pop().before if down[-1].rule is COLLECTION else down[-1].after
        return Bridge((*down, _step(COLLECTION, last, target) or _whole(last, target)), ())
    end = down[-1].after if down else start
    up = _met(down, end, target, _simplify(target, by_token=by_token))
    if up is None:
        return Bridge((_whole(start, target),), ())
    back = next((k for k, step in reversed([*enumerate(down, 1)]) if step.after == start), 0)
    return Bridge(tuple(down[back:]), up)  # what comes back to the start was a detour


def _met(
    down: list[Step], end: Expression, target: Expression, other: list[Step]
) -> tuple[Step, ...] | None:
    """Return the lines up to a target; those down to where they meet are continued in place.

    Args:
        down: the lines from the start on.
        end: where they have arrived.
        target: what is to be arrived at.
        other: the lines from the target down to its simplest form.
    """
    other = _shortened(target, other, end)
    joint = other[-1].after if other else target
    if end != joint:
        if down and down[-1].rule is COLLECTION:
            end = down.pop().before
        if end != joint:
            down.append(_step(COLLECTION, end, joint) or _whole(end, joint))
    up = [_step(step.rule, step.after, step.before, backwards=True) for step in reversed(other)]
    return None if None in up else tuple(step for step in up if step)


def _shortened(target: Expression, other: list[Step], end: Expression) -> list[Step]:
    """Return a derivation down to the first line that has the same logarithms and sums as an end.

    From there only like terms are left, once factors stand before their sums over tokens: what was
    multiplied out and taken apart below it would have to be put together again.
    """
    points = [target, *(step.after for step in other)]
    for place, point in enumerate(points):
        if _blocks(point) == _blocks(end):
            return other[:place]
        step = _step(LINEARITY, point, LINEARITY.apply(point))
        if step is not None and step.before != step.after and _blocks(step.after) == _blocks(end):
            return [*other[:place], step]
    return other


def _whole(before: Expression, after: Expression) -> Step:
    """Return the step that the kernel alone sees, by comparing the normal forms of both ends."""
    step = _step(NORMAL_FORMS, before, after)
    if step is None:
        message = "the kernel has no theorem of what it is said to have proved"
        raise DisagreementError(message)
    return step


def _rewards(
    statement: Statement, *, by_token: bool
) -> tuple[dict[str, Expression], tuple[Step, ...]]:
    """Return α log π/ζ of both responses, simplified, and how."""
    by_label = any(isinstance(node, tree.ByLabel) for node in statement.zeta.walk())
    steps: list[Step] = []
    found: dict[str, Expression] = {}
    for response in ("w", "l") if by_label else ("y",):
        start = (
            implicit_reward(statement, response)
            if statement.score_of  # ζ is exact, and there is no Z(x)
            else tree.mul(statement.scale, log_ratio(statement, response))
        )
        chain = _simplify(start, by_token=by_token)
        steps += chain
        found[response] = chain[-1].after if chain else start
    if not by_label:
        found = {s: tree.at_responses(found["y"], {"y": s}) for s in ("w", "l")}
    return found, tuple(steps)


def _blocks(node: Expression) -> frozenset[Expression]:
    """Return the outermost nodes that are more than sums, products and quotients."""
    if isinstance(node, (tree.Add, tree.Mul, tree.Div, tree.Neg)):
        return frozenset(block for child in node.children() for block in _blocks(child))
    plain = isinstance(node, (tree.Number, tree.Parameter, tree.Length, tree.Datum))
    return frozenset() if plain else frozenset({node})


def _simplify(start: Expression, *, by_token: bool) -> list[Step]:
    steps: list[Step] = []
    here = start
    rules = (*RULES, CHAIN) if by_token else RULES
    changed = True
    while changed:
        changed = False
        for rule in rules:
            there = _extended(steps, rule, here)
            changed |= there != here
            here = there
    _collected(here, steps)
    return steps


def _extended(steps: list[Step], rule: Rule, here: Expression) -> Expression:
    try:
        there = rule.apply(here)
    except ValueError:  # a tree too deep, or too large
        return here
    step = _step(rule, here, there) if there != here else None
    if step is None:
        return here
    steps.append(step)
    return there


def _collected(here: Expression, steps: list[Step]) -> Expression:
    try:
        there = rebuild(normal_form(here), by_response=True)
    except (NotReadableError, OutsideClassError, ZeroDenominatorError, ValueError):
        return here
    step = _step(COLLECTION, here, there) if there != here else None
    if step is None:
        return here
    steps.append(step)
    return there


def _step(
    rule: Rule, before: Expression, after: Expression, *, backwards: bool = False
) -> Step | None:
    """Return a step, if the kernel has a theorem of it."""
    try:
        theorem = decide(before, after).theorem
    except (OutsideClassError, ZeroDenominatorError):
        return None
    return None if theorem is None else Step(rule, before, after, backwards, theorem)
