"""The top level of a derivation: a few lines, as a person would write them, over the full one.

A line of the top level stands for the steps below it. That its two ends are equal is a theorem of
the kernel's own, not only the sum of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.theorem import Theorem, decide
from midpo_sym.language import tree
from midpo_sym.language.tree import Expression
from midpo_sym.prover.derivation.steps import Bridge, Step, Steps
from midpo_sym.rules.table import CANCELLATION, NORMAL_FORMS, SUBSTITUTION

DEFINITIONS = (
    "definition of the prior",
    "definition",
    "label of the response",
    "value of a stop-gradient",
)
LOGARITHMS = (
    "logarithm of a product over tokens",
    "logarithm of a quotient",
    "logarithm of a product",
    "logarithm of a power",
    "logarithm of an exponential",
    "chain rule of probability",
)


@dataclass(frozen=True, slots=True)
class Stage:
    """One line of the top level: before = after.

    Attributes:
        said: what is done, in a few words.
        steps: the lines of the full derivation that it stands for.
        theorem: the kernel's theorem that the two ends are equal.
    """

    said: str
    steps: tuple[Step, ...]
    theorem: Theorem

    @property
    def before(self) -> Expression:
        """Return the line that it starts from."""
        return self.theorem.left

    @property
    def after(self) -> Expression:
        """Return the line that it arrives at."""
        return self.theorem.right


@dataclass(frozen=True, slots=True)
class Outline:
    """The top level of a derivation, in the parts that it has.

    Attributes:
        reward: of the implicit reward.
        framework: from MI-DPO's side to the simplest form; to the target if that is proved.
        target: from the target to its simplest form, if it is not.
    """

    reward: tuple[Stage, ...]
    framework: tuple[Stage, ...]
    target: tuple[Stage, ...] = ()

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Return all lines."""
        return (*self.reward, *self.framework, *self.target)


def outline(steps: Steps, *, proved: bool) -> Outline:
    """Return the top level of a derivation.

    Args:
        steps: the full derivation.
        proved: whether its target continues its framework's side.
    """
    reward = _rewards(steps.reward)
    if proved:
        return Outline(reward, _sides((*steps.framework, *steps.target)))
    return Outline(reward, _sides(steps.framework), _target(steps.target))


def bridge_outline(bridge: Bridge) -> tuple[Stage, ...]:
    """Return the top level of the lines from one expression to another."""
    down = bridge.down
    last = max((k for k, each in enumerate(down) if each.rule.name in LOGARITHMS), default=-1)
    logs, rest = down[: last + 1], down[last + 1 :]
    parts = [("take the logarithms apart", logs), (_end(rest), rest), (_end(bridge.up), bridge.up)]
    return tuple(_stages(parts))


def _rewards(steps: Sequence[Step]) -> tuple[Stage, ...]:
    """Return the lines of α log π/ζ: of any response, or of y_w in full and of y_l in one."""
    chains: list[list[Step]] = []
    for step in steps:
        if chains and chains[-1][-1].after == step.before:
            chains[-1].append(step)
        else:
            chains.append([step])
    found: list[Stage] = []
    for number, chain in enumerate(chains):
        if number:
            found += _stages([(f"y_{_response(chain[0].before)} likewise", chain)])
            continue
        last = max((k for k, each in enumerate(chain) if each.rule.name in LOGARITHMS), default=-1)
        logs, rest = chain[: last + 1], chain[last + 1 :]
        found += _stages([("take the logarithm of ζ", logs), (_arithmetic(rest), rest)])
    return tuple(found)


def _response(node: Expression) -> str:
    return next(iter(sorted(tree.responses(node))), "l")


def _arithmetic(steps: Sequence[Step]) -> str:
    """Return what is done in steps that take no logarithm."""
    if any(each.rule.name in DEFINITIONS for each in steps):
        return "put ζ in"
    return "collect like terms"


def _sides(steps: Sequence[Step]) -> tuple[Stage, ...]:
    """Return the lines from MI-DPO's side on."""
    names = (SUBSTITUTION.name, CANCELLATION.name)
    first = [each for each in steps if each.rule.name in names]
    rest = [each for each in steps if each.rule.name not in names]
    cancels = any(each.rule is CANCELLATION for each in first)
    said = "subtract the rewards; Z(x) cancels" if cancels else "put the rewards in"
    return tuple(_stages([(said, first), (_end(rest), rest)]))


def _end(steps: Sequence[Step]) -> str:
    """Return what the last line does, whose steps may run backwards from the target."""
    if any(each.rule is NORMAL_FORMS for each in steps):
        return "both sides have one normal form"
    if any(each.backwards and each.rule.name in DEFINITIONS for each in steps):
        return "collect like terms, in the names of the loss"
    if any(each.backwards and each.rule.name in LOGARITHMS for each in steps):
        return "put the logarithms together"
    return "collect like terms"


def _target(steps: Sequence[Step]) -> tuple[Stage, ...]:
    """Return the line of a target that is not MI-DPO's."""
    return tuple(_stages([("write the names of the loss out, and collect like terms", steps)]))


def _stages(parts: Sequence[tuple[str, Sequence[Step]]]) -> list[Stage]:
    """Return a line for each part that has steps; its steps, if the kernel sees only those."""
    found: list[Stage] = []
    for said, steps in parts:
        theorem = _joined(steps)
        if theorem is not None:
            found.append(Stage(said, tuple(steps), theorem))
        else:
            found += [Stage(each.rule.name, (each,), each.theorem) for each in steps]
    return found


def _joined(steps: Sequence[Step]) -> Theorem | None:
    """Return the kernel's theorem that the first line of some steps equals the last."""
    if len(steps) == 1:
        return steps[0].theorem
    try:
        return decide(steps[0].before, steps[-1].after).theorem if steps else None
    except (OutsideClassError, ZeroDenominatorError):
        return None
