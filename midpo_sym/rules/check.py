"""Whether a step of the theory is an application of the rules that it names.

The kernel decides that the step holds. Here both sides are rewritten by the laws named, and by
nothing else (see `terms` for what is silent), until they meet; and none of the laws may be left
out. What is read from right to left is rewritten on the other side.
"""

from __future__ import annotations

from collections.abc import Iterable

from midpo_sym.language.laws import LAWS
from midpo_sym.language.tree import Expression
from midpo_sym.rules.application import Application, Equation, MisfitError, line_to_line
from midpo_sym.rules.normaliser import Normaliser
from midpo_sym.rules.spelling import spelt
from midpo_sym.rules.table import TABLE
from midpo_sym.rules.terms import LimitError, Sum, UnreadableError

CITED = "cited chain"


def misfit(step: Application, *, advise: bool = True) -> str:
    """Return why a step is no application of the rules that it names, or nothing if it is.

    With `advise`, rules by which it would be one are looked for, which takes longer.
    """
    try:
        equation = _equation(step)
        apart = _apart(step, step.rules, equation)
        if apart:
            others = _fitting(step, equation) if advise else ()
            cure = f"; it would be by {', '.join(map(repr, others))}" if others else ""
            return f"{_named(step.rules)} {apart}{cure}"
        return _idle(step, equation)
    except MisfitError as error:
        return str(error)
    except LimitError:
        return f"{_named(step.rules)} could not be matched within the limit of work"
    except UnreadableError:
        return f"{_named(step.rules)} could not be matched: a line cannot be read"


def _named(rules: tuple[str, ...]) -> str:
    plural = "s" if len(rules) > 1 else ""
    return f"the rule{plural} {', '.join(map(repr, rules))}"


def _equation(step: Application) -> Equation:
    """Return what the laws have to bring together."""
    if len(set(step.rules)) != len(step.rules):
        raise MisfitError("a rule is named twice")
    checkers = dict.fromkeys(TABLE[name].checker for name in step.rules)
    own = [checker for checker in checkers if checker is not line_to_line]
    if len(own) > 1:
        raise MisfitError(f"{_named(step.rules)} do not go together in one step")
    return (own or [line_to_line])[0](step)


def _laws(rules: Iterable[str], silent: tuple[str, ...]) -> tuple[str, ...]:
    """Return the laws that rewrite, in the order of the table."""
    named = {*rules, *silent}
    return tuple(name for name, rule in TABLE.items() if name in named and rule.hooks)


def _apart(step: Application, rules: Iterable[str], equation: Equation) -> str:
    """Return in what two sides differ after all is rewritten; nothing if they meet."""
    laws = _laws(rules, equation.silent)
    left, right = (_read(step, laws, side) for side in (equation.left, equation.right))
    if left.key == right.key:
        return ""
    if CITED in laws:  # what is put in may contain what is looked for: on one side only
        others = tuple(name for name in laws if name != CITED)
        if left.key == _read(step, others, equation.right).key:
            return ""
        if right.key == _read(step, others, equation.left).key:
            return ""
    do = "does" if len(step.rules) == 1 else "do"
    said = f"{do} not lead from the line before to this one"
    return f"{said}: rewritten by nothing else, {spelt(left)} is not {spelt(right)}"


def _read(step: Application, laws: tuple[str, ...], side: Expression) -> Sum:
    hooks = [(name, TABLE[name].hooks) for name in laws]
    return Normaliser(hooks, step.given, step.cited).read(side)


def _meet(step: Application, rules: Iterable[str], equation: Equation) -> bool:
    try:
        return not _apart(step, rules, equation)
    except (LimitError, UnreadableError):
        return False


def _idle(step: Application, equation: Equation) -> str:
    """Return which rule the step does not need, or nothing."""
    for name in step.rules:
        if not TABLE[name].hooks:
            continue
        if name in equation.silent:
            return f"a bound does not name {name!r}: the gap is added term by term"
        rest = tuple(each for each in step.rules if each != name)
        if _meet(step, rest, equation):
            if rest:
                return f"the step does not need the rule {name!r}"
            return "no rule is needed: the line is the one before, but for order, signs and numbers"
    return ""


def _fitting(step: Application, equation: Equation) -> tuple[str, ...]:
    """Return rules by which the step goes, as few as are found, or nothing."""
    bounds = tuple(name for name in step.rules if not TABLE[name].hooks)
    known = [
        name
        for name, law in LAWS.items()
        if law.theory and TABLE[name].hooks and name not in equation.silent
        if (name != CITED or step.cited) and (name != "hypothesis" or step.given)
    ]
    for few in ((), *((each,) for each in known)):
        if _meet(step, few, equation):
            return (*bounds, *few)
    for without in ((), ("power as an exponential",), ("power as an exponential", "expansion")):
        found = [name for name in known if name not in without]
        if not _meet(step, found, equation):
            continue
        for name in sorted(found, key=lambda each: each in step.rules):  # those named go last
            rest = [each for each in found if each != name]
            found = rest if _meet(step, rest, equation) else found
        return (*bounds, *found)
    return ()
