"""A loss as a program of one variable, for the plots, and what the reader may move in it.

The program is run here, for the figure in the page, and as JavaScript in the reader's browser, for
the sliders. Every number is a pair (value, derivative), so the program of the loss gives its
gradient too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from midpo_sym.language import tree
from midpo_sym.language.quantities.statistics import STATISTICS
from midpo_sym.language.tree import Expression
from midpo_sym.plan.operations import Kind, Operation, Parameter, Statistic
from midpo_sym.spec.model import Derivation, Statement
from midpo_sym.targets.javascript import duals
from midpo_sym.targets.javascript.duals import Dual
from midpo_sym.targets.javascript.lower import lower_alike
from midpo_sym.targets.javascript.printer import script, variable

HORIZON = 12.0  # nats to either side, over which a loss is drawn
REFERENCE = -20.0  # log-probability of either response under every frozen model
LENGTH = 10.0  # tokens of a response, to begin with
VARIABLE = "logp_pi_w"

_MOST_LENGTH, _MOST_GIVEN = 40.0, 2.0


@dataclass(frozen=True, slots=True)
class Program:
    """The loss of a pair, as operations."""

    loss: Operation

    def variables(self) -> Iterator[str]:
        """Yield the names that it depends on, as often as they occur."""
        for node in self.loss.walk():
            if isinstance(node, (Parameter, Statistic)):
                yield variable(node)


@dataclass(frozen=True, slots=True)
class Slider:
    """A quantity that the reader may move.

    Attributes:
        name: of the program's variable.
        of: what it stands for, as an expression; None for the log-ratio of the rejected response.
        low: its least value.
        high: its largest value.
        value: where it starts.
        step: how finely it moves.
    """

    name: str
    of: Expression | None
    low: float
    high: float
    value: float
    step: float


def loss_program(statement: Statement) -> Program:
    """Return the loss of one pair as a program."""
    return Program(lower_alike(statement.target.loss))


def sliders(derivation: Derivation, program: Program) -> tuple[Slider, ...]:
    """Return what may be moved: whatever the loss depends on but the plot's own variable."""
    used = set(program.variables())
    found = [
        _of_parameter(each.name, each.domain, each.default)
        for each in derivation.parameters
        if each.name in used
    ]
    found += [
        Slider(name, leaf, low, high, value, step)
        for name, leaf, low, high, value, step in _quantities(derivation)
        if name in used
    ]
    return tuple(found)


def run(program: Program, point: Mapping[str, Dual]) -> Dual:
    """Return value and derivative of a program.

    Args:
        program: the program.
        point: value and derivative of each of its variables.
    """
    return duals.run(program.loss, point)


def point(program: Program, moved: Iterable[Slider], x: float) -> dict[str, Dual]:
    """Return the variables where the chosen response's log-ratio is x and sliders are at rest."""
    values = {name: (REFERENCE, 0.0) for name in program.variables() if name.startswith("logp_")}
    values |= {each.name: (each.value, 0.0) for each in moved}
    values[VARIABLE] = (REFERENCE + x, 1.0)
    if "logp_pi_l" in values:
        ratio = next((each.value for each in moved if each.name == "logp_pi_l"), 0.0)
        values["logp_pi_l"] = (REFERENCE + ratio, 0.0)
    return values


def to_javascript(program: Program, name: str, source: str) -> str:
    """Return the program as a script that files it under a name, for `midpo.js` to run.

    Args:
        program: the loss.
        name: the id of the algorithm.
        source: the file that it was made from.
    """
    return script(program.loss, name, source)


def _of_parameter(name: str, domain: str, default: Fraction | None) -> Slider:
    start = float(default) if default is not None else 0.5
    of = tree.Parameter(name, domain)
    if domain == "unit":
        return Slider(name, of, 0.0, 1.0, start, 0.01)
    if domain == "open unit":
        return Slider(name, of, 0.01, 0.99, start, 0.01)
    high = 2.0 if start <= 1 else 4 * start
    low = -high if domain == "real" else 0.0 if domain == "nonnegative" else 0.01
    return Slider(name, of, low, high, start, 0.01)


def _quantities(
    derivation: Derivation,
) -> Iterator[tuple[str, Expression | None, float, float, float, float]]:
    yield "logp_pi_l", None, -HORIZON, HORIZON, 0.0, 0.1
    for response in ("w", "l"):
        length = Statistic(Kind.LENGTH, (), response, by_token=False)
        yield variable(length), tree.Length(response), 1.0, _MOST_LENGTH, LENGTH, 1.0
    for response in ("w", "l"):
        for row in STATISTICS.values():
            leaf = tree.Statistic(row.name, response)
            name = variable(Statistic(Kind.VOCABULARY, (row.name,), response, by_token=False))
            least = 0.01 if row.domain == "positive" else 0.0
            yield name, leaf, least, row.largest, row.usual, 0.01
        for each in derivation.weights:
            weight = tree.Weight(each.name, response, each.domain, each.by_label)
            name = variable(Statistic(Kind.WEIGHT, (each.name,), response, by_token=False))
            start = 0.5 if each.domain == "open unit" else 1.0
            yield name, weight, *_range(each.domain), start, 0.01
    for datum in derivation.data:
        for of in datum.arity.places:
            number = tree.Datum(datum.name, of, datum.domain, datum.by_label)
            given = lower_alike(number)
            assert isinstance(given, Statistic)
            low, high = _range(datum.domain)
            least = 0.01 if datum.domain == "positive" else low
            yield variable(given), number, least, high, 0.5, 0.01


def _range(domain: str) -> tuple[float, float]:
    """Return the ends of a slider of a number that is given."""
    if domain == "open unit":
        return 0.01, 0.99
    return -_MOST_GIVEN if domain == "real" else 0.0, 1.0 if domain == "unit" else _MOST_GIVEN
