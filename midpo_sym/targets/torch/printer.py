"""Operations as Python: expressions of torch, or of `math` where they are of numbers alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from midpo_sym.language.printing.printer import ATOM, POWER, SIGN, SUM, TERM
from midpo_sym.plan import operations
from midpo_sym.plan.operations import Operation, Shape, Term
from midpo_sym.targets.torch.names import Names


class Function(NamedTuple):
    """A function that generated code calls: of which module, "" for one that has its own name."""

    module: str
    name: str

    def __str__(self) -> str:
        """Return the text by which it is called."""
        return f"{self.module}.{self.name}" if self.module else self.name


@dataclass(frozen=True, slots=True)
class Code:
    """A Python expression: its text, and how tightly it binds."""

    text: str
    level: int = ATOM

    def at(self, level: int) -> str:
        """Return the text, in brackets if it binds looser than `level`."""
        return f"({self.text})" if self.level < level else self.text


# What computes an operation: of numbers, and of tensors; functions without a module are Python's
# own or imported by name.
_FUNCTIONS: dict[type[Operation], tuple[Function | None, Function]] = {
    operations.Abs: (Function("", "abs"), Function("torch", "abs")),
    operations.CauchyCdf: (Function("", "cauchy_cdf"), Function("", "cauchy_cdf")),
    operations.Exp: (Function("math", "exp"), Function("torch", "exp")),
    operations.Expm1: (Function("math", "expm1"), Function("torch", "expm1")),
    operations.Log: (Function("math", "log"), Function("torch", "log")),
    operations.LogCauchyCdf: (Function("", "log_cauchy_cdf"), Function("", "log_cauchy_cdf")),
    operations.LogSigmoid: (None, Function("", "logsigmoid")),
    operations.LogSumExp: (None, Function("", "log_sum_exp")),
    operations.Max: (Function("", "max"), Function("torch", "maximum")),
    operations.Min: (Function("", "min"), Function("torch", "minimum")),
    operations.Sigmoid: (None, Function("torch", "sigmoid")),
}


def functions(operation: Operation) -> Iterator[Function]:
    """Yield the functions that the code of one operation calls, that of its operands left out."""
    of_numbers, of_tensors = _FUNCTIONS.get(type(operation), (None, None))
    match operation:
        case operations.Sum(masked=True):
            yield Function("torch", "where")
        case operations.LogSumExp() if operation.shape is Shape.NUMBER:
            yield from (Function("math", "log"), Function("math", "exp"))
        case _ if of_numbers and operation.shape is Shape.NUMBER:
            yield of_numbers
        case operations.Max() | operations.Min() if _has_number(operation):
            yield Function("torch", "clamp")
        case _ if of_tensors:
            yield of_tensors


def _has_number(operation: Operation) -> bool:
    return any(each.shape is Shape.NUMBER for each in operation.operands())


@dataclass(frozen=True, slots=True)
class Printer:
    """Prints the operations of one loss under the names of its file."""

    names: Names

    def print(self, operation: Operation) -> Code:
        """Return the code of an operation; of a sum that has a name, the name."""
        if isinstance(operation, operations.Sum) and operation in self.names.shared:
            return Code(self.names.shared[operation])
        return self.whole(operation)

    def whole(self, operation: Operation) -> Code:  # noqa: C901, PLR0911, PLR0912 - one case for each kind of node
        """Return the code of an operation itself."""
        match operation:
            case operations.Number(value=value):
                return Code(str(value))
            case operations.Parameter(name=name):
                return Code(self.names.declared[name])
            case operations.Argument():
                return Code("argument")
            case operations.Statistic():
                return Code(self.names.statistic(operation))
            case operations.Filled(statistic=statistic):
                return Code(self.names.filled(statistic))
            case operations.Column(body=body):
                return Code(f"{self.print(body).at(ATOM)}[:, None]")
            case operations.Add(terms=terms):
                return self.sum(terms)
            case operations.Mul(factors=(first, *rest)):
                texts = [self.print(first).at(TERM), *(self.print(each).at(POWER) for each in rest)]
                return Code(" * ".join(texts), TERM)
            case operations.Div(numerator=over, denominator=under):
                return Code(f"{self.print(over).at(TERM)} / {self.print(under).at(POWER)}", TERM)
            case operations.Pow(base=base, exponent=exponent):
                return Code(
                    f"{self.print(base).at(ATOM)} ** {self.print(exponent).at(ATOM)}", POWER
                )
            case operations.Sum(response=response, body=body, masked=masked):
                if not masked:
                    return Code(f"{self.print(body).at(ATOM)}.sum(-1)")
                mask = self.names.mask(response)
                return Code(f"{self.call(operation, mask, self.text(body), '0.0')}.sum(-1)")
            case operations.Detached(body=body):
                return Code(f"{self.print(body).at(ATOM)}.detach()")
            case (
                operations.Max(left=left, right=right) | operations.Min(left=left, right=right)
            ) if operation.shape is not Shape.NUMBER:
                number, tensor = sorted((left, right), key=lambda each: each.shape)
                if number.shape is Shape.NUMBER:
                    side = "min" if isinstance(operation, operations.Max) else "max"
                    bound = f"{side}={self.text(number)}"
                    return Code(self.call(operation, self.text(tensor), bound))
            case operations.LogSumExp(logs=logs) if operation.shape is Shape.NUMBER:
                log, exp = functions(operation)
                inner = " + ".join(f"{exp}({self.text(each)})" for each in logs)
                return Code(f"{log}({inner})")
        return Code(self.call(operation, *map(self.text, operation.operands())))

    def text(self, operation: Operation) -> str:
        """Return the text of an operation where anything may stand."""
        return self.print(operation).text

    def call(self, operation: Operation, *arguments: str) -> str:
        """Return a call of the function that computes an operation."""
        (function,) = functions(operation)
        return f"{function}({', '.join(arguments)})"

    def sum(self, terms: tuple[Term, ...]) -> Code:
        """Return a sum on one line."""
        (sign, first), *rest = terms
        start = self.print(first)
        if not rest:
            return Code(_negative(start), min(start.level, SIGN))
        text = start.at(SUM) if sign > 0 else _negative(start)
        return Code(" ".join([text, *map(self.term, rest)]), SUM)

    def lines(self, terms: tuple[Term, ...]) -> tuple[str, ...]:
        """Return a sum, a term to a line."""
        (sign, first), *rest = terms
        start = self.print(first)
        return (start.at(TERM) if sign > 0 else _negative(start), *map(self.term, rest))

    def term(self, term: Term) -> str:
        """Return a term with its sign before it."""
        sign, operation = term
        return f"{'+' if sign > 0 else '-'} {self.print(operation).at(TERM)}"


def _negative(code: Code) -> str:
    """Return the negative of a product; that of -a / b is a / b, for Python has no `--`."""
    text = code.at(TERM)
    return text.removeprefix("-") if text.startswith("-") else f"-{text}"
