"""What is said of a result: its verdicts, the priors found, special cases, where it is printed."""

from __future__ import annotations

from midpo_sym.language.links import LINKS
from midpo_sym.language.printing.mathematics import to_unicode
from midpo_sym.language.tree import Expression
from midpo_sym.prover.framework import FRAMEWORK_LINK
from midpo_sym.prover.priors.solve import Solution
from midpo_sym.prover.prove import Result
from midpo_sym.prover.special_cases import Specialisation
from midpo_sym.prover.verdict import Condition, Cure, Proved, Undecided
from midpo_sym.spec import library
from midpo_sym.spec.model import Citation
from midpo_sym.targets.wording.notation import Symbols

SIGNS = {"proved": "✓", "refuted": "✗", "undecided": "?", "not checked": "–"}


def cited(citation: Citation) -> str:
    """Return a place in a work."""
    return f"{library.cited(citation.work)}, {citation.place}"


def symbol(name: str, symbols: Symbols) -> str:
    """Return the symbol of a name, or the name where it has none."""
    return symbols[name].unicode if name in symbols else name


def special_case(found: Specialisation, symbols: Symbols) -> str:
    """Return what an algorithm becomes, and at which values."""
    at = ", ".join(
        f"{symbol(name, symbols)} = {to_unicode(value)}" for name, value in found.values.items()
    )
    return f"{found.id} at {at}{'' if found.gradient else ' (value only)'}"


def gradient_conditions(result: Result) -> tuple[Condition, ...]:
    """Return the conditions of a proved gradient that the value does not have."""
    if not isinstance(result.gradient, Proved):
        return ()
    own = result.verdict.conditions if isinstance(result.verdict, Proved) else ()
    return tuple(each for each in result.gradient.conditions if each not in own)


def gradient_reason(result: Result) -> str:
    """Return why the gradient is undecided, if the value is not for the same reason."""
    gradient = result.gradient
    undecided = isinstance(gradient, Undecided) and gradient != result.verdict
    return gradient.reason if undecided and isinstance(gradient, Undecided) else ""


def of_the_value(result: Result) -> str:
    """Return that a derivation is not one of the gradient."""
    return f"This is about the value; the gradient is {result.gradient.status.value}."


def open_conditions(cure: Cure) -> tuple[Expression, ...]:
    """Return what has to be assumed different from zero at a value that cures."""
    return tuple(each.expression for each in cure.conditions if not each.given_by)


def prior_of(found: Solution) -> str:
    """Return what MI-DPO has with a prior that was looked for: that of one loss may be several."""
    if found.gives_loss:
        return "this loss"
    if found.of_whole:
        return "minus this loss as its argument"
    minus = "minus " if found.minus else ""
    if found.term is None:
        return f"{minus}the argument of this loss"
    return f"{minus}the argument of {f'term {found.term}' if found.term else 'a term'}"


def gives(found: Solution) -> str:
    """Return what is proved of MI-DPO with a prior that was found."""
    if found.link == FRAMEWORK_LINK:
        return "MI-DPO with it has this loss: proved of what is printed here, value and gradient."
    if found.gives_loss:
        return (
            "MI-DPO with it has this loss, which writes the log-sigmoid out under the link "
            f"{found.link}: proved of what is printed here, value and gradient."
        )
    proved = f"MI-DPO with it has {prior_of(found)}: proved of what is printed here, value and"
    if found.of_whole:
        return f"{proved} gradient. MI-DPO's own link is {FRAMEWORK_LINK}."
    formula = f", {LINKS[found.link].text}" if found.link in LINKS else ""
    what = "The loss" if found.term is None else "The term"
    argument = f"{'minus ' if found.minus else ''}that argument"
    return (
        f"{proved} gradient. {what} is {argument} under the link {found.link}"
        f"{formula}; MI-DPO's own link is {FRAMEWORK_LINK}."
    )
