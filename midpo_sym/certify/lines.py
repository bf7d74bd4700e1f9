"""The lines of a derivation, as one theorem: each equals the next."""

from __future__ import annotations

from collections.abc import Iterator

from midpo_sym.certify.printer import to_coq
from midpo_sym.certify.wording import Wording, wrap
from midpo_sym.language import tree
from midpo_sym.language.tree import Expression
from midpo_sym.prover.steps import Step, Steps


def lines(said: Wording, steps: Steps) -> str:
    """Return the theorem that every line of a statement's derivation equals the next, or "".

    The lines are those that pages and terminal show: the implicit reward, then from MI-DPO's
    argument to the loss's. What is shown for any response is stated for the chosen one.
    """
    equations = list(_equations((*steps.reward, *steps.framework, *steps.target)))
    if not equations:
        return ""
    rows = " /\\\n".join(equations)
    return (
        f"Theorem each_line_equals_the_next :\n{said.premises},\n"
        f"  every D (fun x w l =>\n{rows}).\n"
        "Proof. midpo_lines. Qed."
    )


def _equations(steps: tuple[Step, ...]) -> Iterator[str]:
    for step in steps:
        before, after = (to_coq(_chosen(each)) for each in (step.before, step.after))
        if before != after:  # folding a definition, say, is nothing in Coq
            yield "\n".join([wrap(before, "    ", "      "), wrap(f"= {after}", "    ", "      ")])


def _chosen(line: Expression) -> Expression:
    return tree.at_responses(line, {"y": "w"})
