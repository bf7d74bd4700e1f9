"""What a loss is not: a point at which an equation fails that every loss of MI-DPO satisfies.

MI-DPO's loss is L(a, b) = −log σ(s(a) − s(b)), a chosen and b rejected, where a score s knows what
its prior knows. So whatever the prior,

- L(a, b) > 0;
- if a score knows its response and its label, with E = exp(L) − 1 = exp(s_l(b) − s_w(a)),
  E(a, b) E(c, d) = E(a, d) E(c, b);
- if it knows its response alone, exp(−L(a, b)) + exp(−L(b, a)) = 1, as σ(m) + σ(−m) = 1.

Each fails at a point in certified intervals, or nothing is said. This is about the value of the
loss as a whole, but for a constant factor before it; what of it MI-DPO has all the same is the
statement of its specification.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import Any

from midpo_sym.atlas.rows import Row
from midpo_sym.judges import intervals
from midpo_sym.judges.balls import Enclosure, enclosures
from midpo_sym.judges.jets import Ends
from midpo_sym.judges.tiny import END, VOCABULARY, TinyModels, points
from midpo_sym.judges.witness import Meter
from midpo_sym.language import tree
from midpo_sym.language.objective import Objective
from midpo_sym.language.substitute import resolve_labels, unfold
from midpo_sym.language.tree import Expression
from midpo_sym.language.vocabulary import OTHER
from midpo_sym.spec.model import Derivation

ANY, LABEL, ALONE = "any", "label", "alone"
# What is excluded, for each of the three.
EXCLUDED = {
    ANY: "any prior",
    LABEL: "any prior that knows no more than its response and label",
    ALONE: "any prior that knows its response alone",
}
# The equation that fails; the numbers of a witness are these, and then the left side.
EQUATIONS = {
    ANY: "L(a, b) > 0",
    LABEL: "E(a, b) E(c, d) − E(a, d) E(c, b) = 0, where E = exp(L) − 1",
    ALONE: "exp(−L(a, b)) + exp(−L(b, a)) − 1 = 0",
}
_PAIRS = {ANY: ("ab",), LABEL: ("ab", "cd", "ad", "cb"), ALONE: ("ab", "ba")}
_WORK = 20_000  # nodes that a search evaluates at most
_ONE = tree.Number(1)

Numbers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Negative:
    """What a loss is not, with the point that shows it.

    Attributes:
        id: of the loss.
        excludes: a row of `EXCLUDED`.
        losses: the loss of each pair in the equation, `L(a, b)` and an enclosure of it.
        left: an enclosure of the left side of the equation.
        responses: the tokens of each response; `∎` ends one.
        given: the values of parameters, weights and data.
        probabilities: of the tokens a, b, c and ∎, by model and what stands before them.
    """

    id: str
    excludes: str
    losses: Numbers
    left: str
    responses: Numbers
    given: Numbers
    probabilities: Numbers

    @property
    def equation(self) -> str:
        """Return what every loss of MI-DPO satisfies with a prior that is excluded."""
        return EQUATIONS[self.excludes]

    def to_data(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            key: dict(value) if isinstance(value, tuple) else value
            for key, value in asdict(self).items()
        }

    @staticmethod
    def of_data(data: Mapping[str, Any]) -> Negative:
        """Return one from JSON.

        Raises:
            TypeError: it has other keys.
        """
        read: dict[str, Any] = {
            key: tuple(value.items()) if isinstance(value, Mapping) else value
            for key, value in data.items()
        }
        return Negative(**read)


def wanted(row: Row) -> tuple[str, ...]:
    """Return which of the three are tried for a loss, the strongest first.

    None if it is about every link, or proved to be MI-DPO's with a prior that knows the response
    alone; and only the last if with one that knows the label.
    """
    if row.axes.link == "any":
        return ()
    if row.gives == "loss" and row.value == "proved":
        return (ALONE,) if row.axes.prior.startswith("label") else ()
    return ANY, LABEL, ALONE


def negative_of(derivation: Derivation, row: Row) -> Negative | None:
    """Return the strongest that is shown of what a loss is not; None if nothing is, or need be."""
    loss = resolve_labels(unfold(_without_factor(derivation.statement.target, row)))
    found = (_shown(derivation.id, loss, each) for each in wanted(row))
    return next((each for each in found if each is not None), None)


def _without_factor(target: Objective, row: Row) -> Expression:
    """Return a loss, without its weight if it is one term and that is a number."""
    if len(target.terms) == 1 and not target.additive and row.axes.weight == "constant":
        return replace(target.terms[0], weight=_ONE).loss
    return target.loss


def _shown(id_: str, loss: Expression, what: str) -> Negative | None:
    """Look for a point at which an equation fails."""
    pairs = _PAIRS[what]
    others = sorted(tree.responses(loss) & {OTHER})
    if what == LABEL and others:
        return None  # short responses are four, and all of them are those of the equation
    losses = {pair: tree.at_responses(loss, dict(zip("wl", pair, strict=True))) for pair in pairs}
    terms = (*losses.values(), *([] if what == ANY else [_left(what, losses)]))
    names = (*sorted({each for pair in pairs for each in pair}), *others)
    where = points(*terms, tries=intervals.POINTS, responses=names)
    fails = _not_positive if what == ANY else _not_zero
    hunted = intervals.hunt(terms, where, fails, of="value", meter=Meter(_WORK))
    if hunted.models is None or hunted.told is None:
        return None
    shown = [str(each) for each in hunted.told]
    named = (f"L({pair[0]}, {pair[1]})" for pair in pairs)
    numbers = tuple(zip(named, shown, strict=False))
    return Negative(id_, what, numbers, shown[-1], *_point(hunted.models))


def _left(what: str, losses: Mapping[str, Expression]) -> Expression:
    """Return the left side of an equation whose right side is zero."""
    if what == ALONE:
        return tree.total([*(tree.Exp(tree.Neg(each)) for each in losses.values()), tree.Neg(_ONE)])
    less = {pair: tree.total([tree.Exp(each), tree.Neg(_ONE)]) for pair, each in losses.items()}
    one, other = tree.mul(less["ab"], less["cd"]), tree.mul(less["ad"], less["cb"])
    return tree.total([one, tree.Neg(other)])


def _not_positive(ends: list[Ends]) -> tuple[Enclosure, ...] | None:
    """Return the enclosure of a number that is zero or less."""
    return _first(ends, lambda shown: shown.ends[1] <= 0)


def _not_zero(ends: list[Ends]) -> tuple[Enclosure, ...] | None:
    """Return the enclosures of numbers whose last is not zero."""
    return _first(ends, lambda shown: not shown.has_zero)


def _first(ends: list[Ends], fails: Callable[[Enclosure], bool]) -> tuple[Enclosure, ...] | None:
    return next((shown for shown in enclosures(*ends) if fails(shown[-1])), None)


def _point(models: TinyModels) -> tuple[Numbers, Numbers, Numbers]:
    """Return what a point is made of: responses, what is given, probabilities."""
    responses = tuple((name, " ".join(tokens)) for name, tokens in models.responses.items())
    given = [(name, str(value)) for name, value in sorted(models.parameters.items())]
    given += [
        (f"{name}({response}, {t + 1})", str(value))
        for (name, response, t), value in sorted(models.weights.items())
    ]
    given += [
        (f"{name}({', '.join(of)})" if of else name, str(value))
        for (name, of), value in sorted(models.data.items())
    ]
    probabilities = tuple(
        (f"{model} after {' '.join(prefix) or 'the prompt'}", _distribution(powers))
        for (model, prefix), powers in sorted(models.powers.items())
    )
    return responses, tuple(given), probabilities


def _distribution(powers: tuple[int, ...]) -> str:
    assert VOCABULARY[-1] == END
    return " ".join(str(Fraction(1, 2**power)) for power in powers)
