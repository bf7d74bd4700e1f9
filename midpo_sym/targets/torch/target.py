"""The target: a plan to the text of a file, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass, fields

from jinja2 import Environment, PackageLoader, StrictUndefined

from midpo_sym.language import tree
from midpo_sym.language.vocabulary import OTHER
from midpo_sym.plan.losses import Plan
from midpo_sym.plan.operations import Shape
from midpo_sym.session import remembered
from midpo_sym.targets.torch.check.compare import IN_TORCH
from midpo_sym.targets.torch.file import loss_file
from midpo_sym.targets.torch.names import names_of
from midpo_sym.targets.torch.printer import Printer


@dataclass(frozen=True, slots=True)
class TorchTarget:
    """Losses as functions and modules of torch.

    Attributes:
        checked: how the header of a file says that it was checked.
    """

    checked: str = IN_TORCH
    name: str = "torch"

    def refusal(self, plan: Plan) -> str:
        """Return why there is no code for a plan, in a sentence; "" if there is."""
        if any(term.link.is_any for term in plan.result.statement.target.terms):
            return f"{plan.result.derivation.id} is a loss under any link: there is none to compute"
        if OTHER in tree.responses(plan.term.argument):
            return (
                f"the loss of {plan.result.derivation.id} has a response beside the pair, of which "
                "generated code is given none: generate the loss without that part, and add it"
            )
        if plan.argument.shape is Shape.NUMBER:
            value = Printer(names_of(plan)).text(plan.argument)
            return (
                f"the argument of {plan.result.derivation.id} is {value} for every response: "
                "there is nothing to train"
            )
        if not any(each.response for each in plan.uses.statistics):
            return (
                f"the loss of {plan.result.derivation.id} depends on no response: "
                "there is nothing to train"
            )
        return ""

    def print(self, plan: Plan) -> str:
        """Return the file of a plan that is not refused.

        Raises:
            SpecError: a name of the specification cannot be used in Python.
        """
        file = loss_file(plan)
        said = {each.name: getattr(file, each.name) for each in fields(file)}
        given = {name for each in file.data for name in each.names}
        template = environment().get_template("loss.py.jinja")
        return template.render(said, checked=self.checked, given=given)


@remembered(1)  # one serves all losses
def environment() -> Environment:
    """Return where templates are found, and how they are read."""
    # Python, not HTML: nothing is to be escaped; what goes into docstrings is checked by `prose`.
    return Environment(
        loader=PackageLoader("midpo_sym.targets.torch"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701
    )
