"""What a target is: a form that losses are printed in, from their plans.

How to add one, in six steps; `tests/targets/test_adding_a_target.py` takes them for a toy:

1. Make a folder `targets/<name>/`, with a printer: one `match` over the classes of
   `plan.operations`, a line for each. What you cannot print, raise on: never leave it out.
2. Choose names for statistics and hyper-parameters: `plan.uses` lists what the formulas need, and
   `plan.shared` the sums over tokens that are worth a variable of their own.
3. Write a class with the members of `Target` below: `name`, `refusal`, `print`.
4. Refuse in `refusal` each shape of plan that you cannot print (links, losses per token, both
   divergences, ...), with a sentence that says which loss, what is missing, and what would help.
5. Give the target a command or an option in `cli/`, which asks for the refusal before it prints.
6. Test it where its numbers are known: formulas worked out by hand, or the specification taken
   literally, as `targets/torch/check` does.

A target reads operations, never text that it has printed.
"""

from __future__ import annotations

from typing import Protocol

from midpo_sym.plan.losses import Plan


class Target(Protocol):
    """Prints plans in one form."""

    @property
    def name(self) -> str:
        """What it is called, in a command and in messages."""

    def refusal(self, plan: Plan) -> str:
        """Return why a plan cannot be printed, in a sentence for the user; "" if it can."""

    def print(self, plan: Plan) -> str:
        """Return the text of a plan that is not refused."""
