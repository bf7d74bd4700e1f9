"""Tree to text: the canonical spelling of an expression in a specification.

`parse(to_text(tree))` is the tree again, for every tree that a specification can hold.
"""

from __future__ import annotations

from midpo_sym.language import indexed, tree
from midpo_sym.language.printing.printer import ATOM, POWER, TERM, Printer
from midpo_sym.language.tree import Expression


class TextPrinter(Printer):
    """The spelling of the specification language."""

    def bracket(self, string: str) -> str:
        return f"({string})"

    def print_parameter(self, node: tree.Parameter) -> str:
        return node.name

    def print_length(self, node: tree.Length) -> str:
        return f"length({node.response})"

    def print_probability(self, node: tree.Probability) -> str:
        return f"{node.model}({node.response})"

    def print_tokenprobability(self, node: tree.TokenProbability) -> str:
        return f"{node.model}({node.response}, t)"

    def print_statistic(self, node: tree.Statistic) -> str:
        return f"{node.name}({node.response}, t)"

    def print_weight(self, node: tree.Weight) -> str:
        return f"{node.name}({node.response}, t)"

    def print_position(self, node: tree.Position) -> str:
        return f"position({node.response}, t)"

    def print_datum(self, node: tree.Datum) -> str:
        return f"{node.name}({node.of[0]})" if len(node.of) == 1 else node.name

    def print_normaliser(self, _: tree.Normaliser) -> str:
        return "Z(x)"

    def print_mul(self, node: tree.Mul) -> str:
        first = self.print(node.factors[0], TERM)
        return "*".join([first, *(self.print(each, POWER) for each in node.factors[1:])])

    def print_div(self, node: tree.Div) -> str:
        return f"{self.print(node.numerator, TERM)}/{self.print(node.denominator, POWER)}"

    def print_pow(self, node: tree.Pow) -> str:
        return f"{self.print(node.base, ATOM)}**{self.print(node.exponent, ATOM)}"

    def print_log(self, node: tree.Log) -> str:
        return f"log({self.print(node.body)})"

    def print_exp(self, node: tree.Exp) -> str:
        return f"exp({self.print(node.body)})"

    def print_max(self, node: tree.Max) -> str:
        return f"max({self.print(node.left)}, {self.print(node.right)})"

    def print_cauchycdf(self, node: tree.CauchyCdf) -> str:
        return f"cauchy_cdf({self.print(node.body)})"

    def print_tokensum(self, node: tree.TokenSum) -> str:
        return f"sum_t({self.print(node.body)})"

    def print_tokenproduct(self, node: tree.TokenProduct) -> str:
        return f"prod_t({self.print(node.body)})"

    def print_bylabel(self, node: tree.ByLabel) -> str:
        return f"by_label({self.print(node.chosen)}, {self.print(node.rejected)})"

    def print_stopgradient(self, node: tree.StopGradient) -> str:
        return f"sg({self.print(node.body)})"

    def print_defined(self, node: tree.Defined) -> str:
        position = ", t" if node.token else ""
        return f"{node.name}({node.response}{position})" if node.response else node.name

    def print_call(self, node: tree.Call) -> str:
        return f"{node.function.name}({', '.join(map(self.print, node.arguments))})"

    def print_variable(self, node: tree.Variable) -> str:
        return node.name

    def print_indexed(self, node: indexed.Indexed) -> str:
        return f"{node.name}({', '.join(node.indices)})"

    def print_indexsum(self, node: indexed.IndexSum) -> str:
        return f"sum({node.index}, {self.print(node.body)})"

    def print_least(self, node: indexed.Least) -> str:
        return f"least({node.index}, {self.print(node.body)})"

    def print_applied(self, node: indexed.Applied) -> str:
        return f"{node.name}({', '.join(node.actuals)})" if node.actuals else node.name

    def print_differential(self, node: indexed.Differential) -> str:
        by = f"{node.name}, {node.along}" if node.along else node.name
        return f"derivative({self.print(node.body)}, {by})"


def to_text(node: Expression) -> str:
    """Return a tree in the words of the specification language."""
    return TextPrinter().print(node)
