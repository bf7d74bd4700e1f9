"""The outer functions of losses: each an expression in one bound variable.

The loss of an argument is the expression with the argument in the place of the variable. The common
ones are rows of a table; any other is typed in a specification, and named by its own text. What a
target writes better than the expression says, such as a logarithm of a sigmoid that does not
overflow, is that target's own.
"""

from __future__ import annotations

from dataclasses import dataclass

from midpo_sym.language import tree
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.substitute import substitute
from midpo_sym.language.tree import Expression

VARIABLE = tree.Parameter("a")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An outer function.

    What is left empty of a link that is typed is printed from its body.

    Attributes:
        name: its word in a specification; the expression itself if it is typed.
        body: the loss of one pair, in `VARIABLE`.
        said: what people call it, after "the".
        text: the loss, in the words of the language and `sigmoid`.
        formula: the loss, in Unicode mathematics, of the `argument`.
        latex: the loss, in LaTeX, of the argument m.
        slope: its derivative in m, in LaTeX.
    """

    name: str
    body: Expression
    said: str = "link"
    text: str
    formula: str = ""
    latex: str = ""
    slope: str = ""

    @property
    def is_named(self) -> bool:
        """Return whether it is a row of `LINKS`, or stands for every one."""
        return self.name in LINKS or self.is_any

    @property
    def is_any(self) -> bool:
        """Return whether it stands for every outer function; it has no loss then."""
        return self.name == ANY.name

    def of(self, argument: Expression) -> Expression:
        """Return the loss of an argument."""
        return substitute(self.body, {VARIABLE.name: argument})


_ONE_LESS = tree.Add((tree.Number(1), tree.Neg(VARIABLE)))

LINKS = {
    row.name: row
    for row in (
        Link(
            name="logsigmoid",
            body=tree.Log(tree.Add((tree.Number(1), tree.Exp(tree.Neg(VARIABLE))))),
            said="log-sigmoid",
            text="-log(sigmoid(a))",
            formula="−log σ(argument)",
            latex=r"-\log\sigma(m)",
            slope=r"-\sigma(-m)",
        ),
        Link(
            name="identity",
            body=tree.Neg(VARIABLE),
            said="identity link",
            text="-a",
            formula="−argument",
            latex="-m",
            slope="-1",
        ),
        Link(
            name="hinge",
            body=tree.Max(tree.Number(0), _ONE_LESS),
            said="hinge loss",
            text="max(0, 1 - a)",
            formula="max(0, 1 − argument)",
            latex=r"\max(0,\, 1 - m)",
            slope=r"-\mathbf{1}[m < 1]",
        ),
        Link(
            name="square",
            body=tree.Pow(_ONE_LESS, tree.Number(2)),
            said="square loss",
            text="(1 - a)^2",
            formula="(1 − argument)²",
            latex="(1 - m)^2",
            slope="-2(1 - m)",
        ),
        Link(
            name="sigmoid",
            body=tree.Div(tree.Number(1), tree.Add((tree.Number(1), tree.Exp(VARIABLE)))),
            said="sigmoid loss",
            text="1 - sigmoid(a)",
            formula="1 − σ(argument)",
            latex=r"1 - \sigma(m)",
            slope=r"-\sigma(m)\,\sigma(-m)",
        ),
    )
}

# Stands for every outer function: what is proved of it is proved of the argument alone.
ANY = Link(name="any", body=VARIABLE, said="link", text="f(a)", formula="f(argument)", latex="f(m)")


def typed(body: Expression) -> Link:
    """Return the link of an expression in `VARIABLE`: the row that says the same, or a link of it.

    Raises:
        ValueError: the variable is not in the expression.
    """
    if VARIABLE not in set(body.walk()):
        message = f"a link is an expression in {VARIABLE.name}"
        raise ValueError(message)
    for row in LINKS.values():
        if row.body == body:
            return row
    text = to_text(body)
    return Link(name=text, body=body, text=text)
