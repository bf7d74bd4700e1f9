"""Statistics of next-token distributions as Python: what measures them from log-probabilities.

The kernels of `midpo_sym.tensor` measure the divergences of `FUSED`. Any other statistic gets a
function of its own in the generated file, printed from its row: probabilities are given by their
logarithms, and what is multiplied by one is 0 where that is 0.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from midpo_sym.language import tree
from midpo_sym.language.printing.mathematics import of_models
from midpo_sym.language.printing.printer import ATOM, POWER, SIGN, SUM, TERM
from midpo_sym.language.quantities.statistics import STATISTICS
from midpo_sym.language.quantities.summands import exponent, summand
from midpo_sym.language.tree import Expression
from midpo_sym.targets.torch.printer import Code

# What `Needs.kl` calls the divergences that kernels measure, by the names of their rows.
FUSED = {"kl_ref_pi": "ref_pi", "kl_pi_ref": "pi_ref"}


@dataclass(frozen=True, slots=True)
class Measure:
    """A function that measures a statistic.

    Attributes:
        name: of the row.
        models: whose log-probabilities it takes.
        doc: what it returns.
        code: the sum over the vocabulary.
    """

    name: str
    models: tuple[str, ...]
    doc: str
    code: str

    @property
    def function(self) -> str:
        """Return the name of the function."""
        return f"_{self.name}"

    @property
    def arguments(self) -> tuple[str, ...]:
        """Return the names of its arguments."""
        return tuple(map(_logarithm, self.models))


def measures(vocabulary: Collection[str]) -> Iterator[Measure]:
    """Yield the functions that a loss with these statistics needs."""
    for name in vocabulary:
        if name in FUSED:
            continue
        row = STATISTICS[name]
        yield Measure(
            name,
            row.models,
            f"{of_models(row)}, {row.operator.noun}, from log-probabilities (..., vocabulary)",
            f"{_print(summand(name)).at(ATOM)}.sum(-1)",
        )


def _print(node: Expression) -> Code:  # noqa: PLR0911 - one case for each kind of node
    match node:
        case tree.Number(value=value):
            return Code(str(value))
        case tree.Parameter(name=name):
            return Code(f"{_logarithm(name)}.exp()")
        case tree.Log(body=tree.Parameter(name=name)):
            return Code(_logarithm(name))
        case tree.Log(body=body):
            return Code(f"{_print(body).at(ATOM)}.log()")
        case tree.Neg(body=body):
            return Code(f"-{_print(body).at(POWER)}", SIGN)
        case tree.Add(terms=(first, *rest)):
            texts = [_print(first).at(SUM)]
            for each in rest:
                negative = isinstance(each, tree.Neg)
                inner = each.body if isinstance(each, tree.Neg) else each
                texts.append(f"{'-' if negative else '+'} {_print(inner).at(TERM)}")
            return Code(" ".join(texts), SUM)
        case tree.Mul(factors=factors):
            return _product([*factors])
        case tree.Div(numerator=numerator, denominator=denominator):
            return Code(f"{_print(numerator).at(TERM)} / {_print(denominator).at(POWER)}", TERM)
        case tree.Pow(base=tree.Parameter(name=name)) if (power := exponent(node)) is not None:
            return Code(f"({power} * {_logarithm(name)}).exp()")
        case tree.Pow(base=base) if (power := exponent(node)) is not None:
            return Code(f"{_print(base).at(ATOM)} ** {power}", POWER)
    message = f"a statistic sums what is made of +, -, *, /, whole powers and log, not {node}"
    raise ValueError(message)


def _product(factors: list[Expression]) -> Code:
    """Return a product: of a probability and what it weighs, if it has one."""
    for each in factors:
        if isinstance(each, tree.Parameter):
            rest = [*factors]
            rest.remove(each)
            inner = _product(rest) if len(rest) > 1 else _print(rest[0])
            return Code(f"weigh({_logarithm(each.name)}, {inner.text})")
    first, *rest = factors
    texts = [_print(first).at(TERM), *(_print(each).at(POWER) for each in rest)]
    return Code(" * ".join(texts), TERM)


def _logarithm(model: str) -> str:
    return f"log_{model}"
