"""The links as torch: what their expressions say, or what keeps its digits where that does not."""

from __future__ import annotations

from dataclasses import dataclass

from midpo_sym.language.links import LINKS
from midpo_sym.plan.lower import lower_link
from midpo_sym.targets.torch.names import Names
from midpo_sym.targets.torch.printer import Printer, functions

# Losses of the tensor `argument` that do not overflow where the exponential of it does.
STABLE = {"logsigmoid": "-logsigmoid(argument)", "sigmoid": "torch.sigmoid(-argument)"}


@dataclass(frozen=True, slots=True)
class TorchLink:
    """A link in generated code.

    Attributes:
        code: the losses, as an expression of the tensor `argument`.
        formula: the loss, in Unicode mathematics.
        name: what people call it, after "the".
        uses_torch: whether its code calls functions of the module `torch`.
    """

    code: str
    formula: str
    name: str
    uses_torch: bool = False


def torch_link(name: str) -> TorchLink:
    """Return a row of `LINKS` in generated code."""
    link = LINKS[name]
    if name in STABLE:
        stable = STABLE[name]
        return TorchLink(stable, link.formula, link.said, uses_torch="torch." in stable)
    operation = lower_link(link)
    called = {each.module for node in operation.walk() for each in functions(node)}
    code = Printer(Names({})).text(operation)
    return TorchLink(code, link.formula, link.said, uses_torch="torch" in called)
