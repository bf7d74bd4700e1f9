"""The links as torch: what their expressions say, or what keeps its digits where that does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from midpo_sym.language import tree
from midpo_sym.language.links import Link
from midpo_sym.language.printing.mathematics import to_unicode
from midpo_sym.language.printing.printer import Symbol
from midpo_sym.language.tree import Expression
from midpo_sym.plan.lower import lower_link
from midpo_sym.plan.operations import Parameter, Shape
from midpo_sym.targets.torch.names import Names
from midpo_sym.targets.torch.printer import Function, Printer, functions


class Stable(NamedTuple):
    """The code of a link that is written by hand, and what it calls."""

    code: str
    functions: frozenset[Function]


@dataclass(frozen=True, slots=True)
class TorchLink:
    """A link in generated code.

    Attributes:
        code: the losses, as an expression of the tensor `argument`.
        formula: the loss, in Unicode mathematics.
        name: what people call it, after "the".
        functions: what its code calls.
        numbers: the hyper-parameters in it, by their names in Python.
    """

    code: str
    formula: str
    name: str
    functions: frozenset[Function] = frozenset()
    numbers: tuple[str, ...] = ()


# Losses of the tensor `argument` that do not overflow where the exponential of it does.
STABLE = {
    "logsigmoid": Stable("-logsigmoid(argument)", frozenset({Function("", "logsigmoid")})),
    "sigmoid": Stable("torch.sigmoid(-argument)", frozenset({Function("torch", "sigmoid")})),
}


def torch_link(link: Link, names: Names, symbols: Mapping[str, Symbol]) -> TorchLink:
    """Return a link in generated code.

    Args:
        link: the link.
        names: of the hyper-parameters in it.
        symbols: how these are printed in a formula.
    """
    formula = link.formula or to_unicode(_of_argument(link), symbols)
    if link.name in STABLE:
        stable = STABLE[link.name]
        return TorchLink(stable.code, formula, link.said, stable.functions)
    operation = lower_link(link)
    used = [node.name for node in operation.walk() if isinstance(node, Parameter)]
    called = {each for node in operation.walk() for each in functions(node)}
    code = Printer(names).text(operation)
    flat = operation.shape is Shape.NUMBER  # its variable cancels, as in a - a
    return TorchLink(
        f"torch.full_like(argument, {code})" if flat else code,
        formula,
        link.said,
        frozenset(called | {Function("torch", "full_like")} if flat else called),
        numbers=tuple(names.declared[each] for each in dict.fromkeys(used)),
    )


def _of_argument(link: Link) -> Expression:
    """Return a link that is typed, of what is called the argument."""
    return link.of(tree.Defined("argument", "", token=False, body=tree.Number(0)))
