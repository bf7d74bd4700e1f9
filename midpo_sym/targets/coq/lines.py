"""The lines of a derivation, as one theorem: each equals the next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from midpo_sym.language import tree
from midpo_sym.language.tree import Expression
from midpo_sym.prover.derivation.steps import Step, Steps
from midpo_sym.targets.coq import names
from midpo_sym.targets.coq.printer import to_coq
from midpo_sym.targets.coq.wording import Wording, wrap

_REPLAYED = "midpo: replayed line"
_TRIED = (
    'Proof. first [assert_succeeds (solve [midpo_lines]); idtac "{said} {number}." | idtac]. Abort.'
)


@dataclass(frozen=True, slots=True)
class Lines:
    """What Coq is to replay of a derivation.

    Attributes:
        premises: what every line is about, and its hypotheses.
        equations: each line with the next, in Coq.
        left_out: the numbers of the equations, from 1 on, that are not stated.
    """

    premises: str = ""
    equations: tuple[str, ...] = ()
    left_out: tuple[int, ...] = ()

    def __str__(self) -> str:
        """Return the theorem that every line equals the next; "" if there is none to state."""
        stated = [each for k, each in enumerate(self.equations, 1) if k not in self.left_out]
        parts = []
        if self.left_out:
            numbers = ", ".join(map(str, self.left_out))
            said = f"Not replayed by the procedure, and left out: lines {numbers}"
            parts.append(names.comment(f"{said} of {len(self.equations)}."))
        if stated:
            rows = " /\\\n".join(stated)
            parts.append(
                f"Theorem each_line_equals_the_next :\n{self.premises},\n"
                f"  every D (fun x w l =>\n{rows}).\n"
                "Proof. midpo_lines. Qed."
            )
        return "\n".join(parts)

    def without(self, left_out: tuple[int, ...]) -> Lines:
        """Return the lines without some, by their numbers."""
        return replace(self, left_out=left_out)

    def trial(self) -> str:
        """Return goals, one for each line, in which Coq says which of them it replays."""
        return "\n".join(
            f"Goal {self.premises.strip()},\n  every D (fun x w l =>\n{each}).\n"
            + _TRIED.format(said=_REPLAYED, number=number)
            for number, each in enumerate(self.equations, 1)
        )

    def not_replayed(self, said: str) -> tuple[int, ...]:
        """Return the numbers of the lines that Coq did not replay, from what it said of a trial."""
        replayed = set(map(int, re.findall(rf"{_REPLAYED} (\d+)\.", said)))
        return tuple(k for k in range(1, len(self.equations) + 1) if k not in replayed)


def lines(said: Wording, steps: Steps) -> Lines:
    """Return the lines of a statement's derivation.

    They are those that pages and terminal show: the implicit reward, then from MI-DPO's argument to
    the loss's. What is shown for any response is stated for the chosen one.
    """
    steps_ = (*steps.reward, *steps.framework, *steps.target)
    return Lines(said.premises, tuple(_equations(steps_)))


def _equations(steps: tuple[Step, ...]) -> Iterator[str]:
    for step in steps:
        before, after = (to_coq(_chosen(each)) for each in (step.before, step.after))
        if before != after:  # folding a definition, say, is nothing in Coq
            yield "\n".join([wrap(before, "    ", "      "), wrap(f"= {after}", "    ", "      ")])


def _chosen(line: Expression) -> Expression:
    return tree.at_responses(line, {"y": "w"})
