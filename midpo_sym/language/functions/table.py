"""The functions that stand for their definitions: rows of one table.

A row is all that a function needs to be read, printed, proved with and evaluated. What a target
computes better than the definition says, such as a sigmoid whose exponential overflows, is a row of
that target's own (`plan.functions`).
"""

from __future__ import annotations

from midpo_sym.language import tree
from midpo_sym.language.tree import Call, Exp, Function, Log, Max, Neg, Number, Variable

_A, _B = Variable("a"), Variable("b")
_LOW, _HIGH = Variable("low"), Variable("high")

_SIGMOID = Function(
    name="sigmoid",
    variables=("a",),
    meaning="the logistic function",
    definition=1 / (1 + Exp(-_A)),
    latex=(r"\sigma\!\left(", r"\right)"),
    unicode=("σ(", ")"),
)
_MIN = Function(
    name="min",
    variables=("a", "b"),
    meaning="the smaller of a and b",
    definition=Neg(Max(Neg(_A), Neg(_B))),
    if_positive=_A * _B / Max(_A, _B),
    latex=(r"\min\!\left(", r"\right)"),
    unicode=("min(", ")"),
)

DERIVED = {
    row.name: row
    for row in (
        _MIN,
        Function(
            name="clip",
            variables=("a", "low", "high"),
            meaning="a kept between low and high; low where it is above high",
            definition=Max(_LOW, Call(_MIN, (_A, _HIGH))),
            latex=(r"\operatorname{clip}\!\left(", r"\right)"),
            unicode=("clip(", ")"),
        ),
        Function(
            name="abs",
            variables=("a",),
            meaning="the size of a",
            definition=Max(_A, Neg(_A)),
            latex=(r"\left|", r"\right|"),
            unicode=("|", "|"),
        ),
        _SIGMOID,
        Function(
            name="logsigmoid",
            variables=("a",),
            meaning="the logarithm of the logistic function",
            definition=Log(Call(_SIGMOID, (_A,))),
        ),
        Function(
            name="softplus",
            variables=("a",),
            meaning="a smooth maximum of a and 0",
            definition=Log(Number(1) + Exp(_A)),
            latex=(r"\operatorname{softplus}\!\left(", r"\right)"),
            unicode=("softplus(", ")"),
        ),
        Function(
            name="mean_t",
            variables=("a",),
            meaning="mean of a over the tokens t of the one response in a",
            definition=tree.TokenSum("y", _A) / tree.Length("y"),
            of_token=True,
        ),
    )
}


def call(name: str, *arguments: tree.Expression, of: str = "") -> Call:
    """Return the call of a row of `DERIVED`.

    Raises:
        ValueError: it takes another number of arguments, or is of the tokens of a response and
            `of` says of none.
    """
    function = DERIVED[name]
    if function.of_token != bool(of):
        message = f"{name} is {'' if function.of_token else 'not '}of the tokens of a response"
        raise ValueError(message)
    return Call(function, arguments, of)
