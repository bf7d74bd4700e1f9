"""The outer functions of losses: each an expression in one bound variable, a row of one table.

The loss of an argument is the expression with the argument in the place of the variable. What a
target writes better than the expression says, such as a logarithm of a sigmoid that does not
overflow, is that target's own.
"""

from __future__ import annotations

from dataclasses import dataclass

from midpo_sym.language import tree
from midpo_sym.language.substitute import substitute
from midpo_sym.language.tree import Expression

VARIABLE = tree.Parameter("a")


@dataclass(frozen=True, slots=True)
class Link:
    """An outer function.

    Attributes:
        name: its word in a specification.
        body: the loss of one pair, in `VARIABLE`.
        text: the loss, in the words of the language and `sigmoid`.
        latex: the loss, in LaTeX, of the argument m.
        slope: its derivative in m, in LaTeX.
    """

    name: str
    body: Expression
    text: str
    latex: str
    slope: str

    def of(self, argument: Expression) -> Expression:
        """Return the loss of an argument."""
        return substitute(self.body, {VARIABLE.name: argument})


_ONE_LESS = tree.Add((tree.Number(1), tree.Neg(VARIABLE)))

LINKS = {
    row.name: row
    for row in (
        Link(
            "logsigmoid",
            tree.Log(tree.Add((tree.Number(1), tree.Exp(tree.Neg(VARIABLE))))),
            "-log(sigmoid(a))",
            r"-\log\sigma(m)",
            r"-\sigma(-m)",
        ),
        Link("identity", tree.Neg(VARIABLE), "-a", "-m", "-1"),
        Link(
            "hinge",
            tree.Max(tree.Number(0), _ONE_LESS),
            "max(0, 1 - a)",
            r"\max(0,\, 1 - m)",
            r"-\mathbf{1}[m < 1]",
        ),
        Link("square", tree.Pow(_ONE_LESS, tree.Number(2)), "(1 - a)^2", "(1 - m)^2", "-2(1 - m)"),
        Link(
            "sigmoid",
            tree.Div(tree.Number(1), tree.Add((tree.Number(1), tree.Exp(VARIABLE)))),
            "1 - sigmoid(a)",
            r"1 - \sigma(m)",
            r"-\sigma(m)\,\sigma(-m)",
        ),
    )
}
