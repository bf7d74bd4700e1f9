"""Tree to Coq, node by node, in the words of the library `MidpoCore`.

Trusted: a certificate is about what this module prints. Three things guard it: the words are those
of the specification (`sum_t`, `kl`, `sg`, ...), whatever is not plainly safe is bracketed, and the
kernel computes the values of what was printed at tiny language models, which have to be those that
the specification has there (`instance`).
"""

from __future__ import annotations

from midpo_sym.language import tree
from midpo_sym.language.constants import constant
from midpo_sym.language.printing.printer import POWER, SIGN, SUM, TERM, Printer
from midpo_sym.language.quantities.statistics import Statistic
from midpo_sym.language.quantities.summands import summand
from midpo_sym.language.tree import Expression
from midpo_sym.targets.coq import names

CALL, LEAF = 5, 6  # a function and its arguments; what can be an argument as it stands

_LEVELS: dict[type[Expression], int] = {
    tree.Add: SUM,
    tree.Mul: TERM,
    tree.Div: TERM,
    tree.Neg: SIGN,
    tree.Number: LEAF,
    tree.Parameter: LEAF,
    tree.ByLabel: LEAF,
}
LABELS = {"y": "(label x y)", "w": "true", "l": "false"}


class CoqPrinter(Printer):
    """The spelling of MidpoCore; responses are called what they are called in the tree."""

    def level(self, node: Expression) -> int:
        if isinstance(node, (tree.Defined, tree.Call)):
            return self.level(node.body)
        if isinstance(node, tree.Datum):
            return CALL if node.of else LEAF
        if isinstance(node, tree.Pow):
            return POWER if (whole_exponent(node) or 0) > 0 else CALL
        return _LEVELS.get(type(node), CALL)

    def bracket(self, string: str) -> str:
        return f"({string})"

    def call(self, function: str, *arguments: Expression) -> str:
        """Return a function with its arguments."""
        return " ".join([function, *(self.print(each, LEAF) for each in arguments)])

    def print_neg(self, node: tree.Neg) -> str:
        return f"- {self.print(node.body, POWER)}"

    def print_parameter(self, node: tree.Parameter) -> str:
        return names.parameter(node.name)

    def print_length(self, node: tree.Length) -> str:
        return f"len {node.response}"

    def print_position(self, node: tree.Position) -> str:  # noqa: ARG002 - as the others
        return "INR (S t)"  # t counts from 0

    def print_normaliser(self, node: tree.Normaliser) -> str:  # noqa: ARG002 - as the others
        return "Z x"

    def print_probability(self, node: tree.Probability) -> str:
        return f"seq {names.model(node.model)} x {node.response}"

    def print_tokenprobability(self, node: tree.TokenProbability) -> str:
        return f"tok {names.model(node.model)} x {node.response} t"

    def print_statistic(self, node: tree.Statistic) -> str:
        models = " ".join(map(names.model, node.row.models))
        return f"{names.statistic(node.row)} {models} x {node.response} t"

    def print_weight(self, node: tree.Weight) -> str:
        label = f" {LABELS[node.response]}" if node.by_label else ""
        return f"{names.weight(node.name)}{label} x {node.response} t"

    def print_datum(self, node: tree.Datum) -> str:
        if not node.of:
            return names.datum(node.name)
        label = f" {LABELS[node.of[0]]}" if node.by_label else ""
        return f"{names.datum(node.name)}{label} x {' '.join(node.of)}"

    def print_mul(self, node: tree.Mul) -> str:
        first = self.print(node.factors[0], TERM)
        return " * ".join([first, *(self.print(each, POWER) for each in node.factors[1:])])

    def print_div(self, node: tree.Div) -> str:
        return f"{self.print(node.numerator, TERM)} / {self.print(node.denominator, POWER)}"

    def print_pow(self, node: tree.Pow) -> str:
        """Return a power of natural exponent, the inverse of one, or a real power."""
        exponent = whole_exponent(node)
        if exponent is None:
            return self.call("Rpower", node.base, node.exponent)
        base = self.print(node.base, LEAF)
        return f"{base} ^ {exponent}" if exponent > 0 else f"Rinv ({base} ^ {-exponent})"

    def print_log(self, node: tree.Log) -> str:
        return self.call("ln", node.body)

    def print_exp(self, node: tree.Exp) -> str:
        return self.call("exp", node.body)

    def print_max(self, node: tree.Max) -> str:
        return self.call("Rmax", node.left, node.right)

    def print_tokensum(self, node: tree.TokenSum) -> str:
        return f"sum_t (length {node.response}) (fun t => {self.print(node.body)})"

    def print_tokenproduct(self, node: tree.TokenProduct) -> str:
        return f"prod_t (length {node.response}) (fun t => {self.print(node.body)})"

    def print_bylabel(self, node: tree.ByLabel) -> str:
        chosen, rejected = self.print(node.chosen), self.print(node.rejected)
        return f"(if {LABELS[node.response]} then {chosen} else {rejected})"

    def print_stopgradient(self, node: tree.StopGradient) -> str:
        return self.call("sg", node.body)

    def print_defined(self, node: tree.Defined) -> str:
        return self.print(node.body)

    def print_call(self, node: tree.Call) -> str:
        return self.print(node.body)


class SummandPrinter(CoqPrinter):
    """The summand of a statistic: a model is its probability of the token v after the context."""

    def level(self, node: Expression) -> int:
        return CALL if isinstance(node, tree.Parameter) else super().level(node)

    def print_parameter(self, node: tree.Parameter) -> str:
        return f"{names.model(node.name)} context v"


def definition(row: Statistic) -> str:
    """Return the definition of a statistic that `MidpoCore` has none of."""
    models = " ".join(map(names.model, row.models))
    return (
        f"Definition {names.statistic(row)} {{V : vocab}} ({models} : policy V) (x y : list V) "
        "(t : nat) : R :=\n"
        "  let context := x ++ firstn t y in\n"
        f"  sum_over (tokens V) (fun v => {SummandPrinter().print(summand(row.name))})."
    )


def whole_exponent(node: tree.Pow) -> int | None:
    """Return the exponent of a power, if it is a whole number."""
    value = constant(node.exponent)
    return int(value) if value is not None and value.denominator == 1 else None


def to_coq(node: Expression) -> str:
    """Return a tree as a Coq term of type R."""
    return CoqPrinter().print(node)
