"""Which prior gives a loss: solved from the argument of the link alone.

With margin m(a, b) for chosen a and rejected b, a prior that may know the label exists iff
m(a, b) − m(a, d) − m(c, b) + m(c, d) = 0, and one that may not iff m(a, b) + m(b, c) = m(a, c); in
value, and in gradient with sg(b) as a constant. Then log ζ = log π − g/α, m(a, b) = g(a) − g(b).

Whatever is found is written out, read again, and judged as any statement of a file is. That a prior
has to know more than its response is said only with a point at which the equation fails, exactly or
in certified intervals.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction

from midpo_sym.judges import intervals
from midpo_sym.judges.balls import Enclosure, combined, enclosures
from midpo_sym.judges.exact import InexactError, Polynomial
from midpo_sym.judges.jets import Ends
from midpo_sym.judges.tiny import TinyModels, points
from midpo_sym.judges.witness import WORK, Meter, Number, TooMuchWorkError, measure
from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.language import tree
from midpo_sym.language.errors import LanguageError
from midpo_sym.language.grammar.losses import Scope, parse
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.quantities.data import OF_RESPONSES
from midpo_sym.language.substitute import at_labels, resolve_labels, unfold
from midpo_sym.language.tree import Expression
from midpo_sym.language.vocabulary import OTHER
from midpo_sym.prover.derivation.rebuild import NotReadableError
from midpo_sym.prover.framework import FRAMEWORK_LINK, sides
from midpo_sym.prover.judge import judge
from midpo_sym.prover.priors import margin
from midpo_sym.prover.verdict import Proved
from midpo_sym.spec.model import Statement

_TRIES = 200  # points at which an equation of the margin is tried
_HOPELESS = 20  # points after which no exact one is expected any more
_ENOUGH = 20  # points after which an equation that fails in gradient only is taken to do so


class Reach(Enum):
    """What a prior has to know besides the response it is taken at."""

    RESPONSE = "the response alone"
    LABEL = "whether the response is chosen or rejected"
    PAIR = "the other response of the pair"
    UNKNOWN = "undecided"


@dataclass(frozen=True)
class Failure:
    """A point at which an equation of the margin fails.

    Attributes:
        margin: what m(w, l) is: the argument of the loss, or that of the log-sigmoid that the
            loss writes out.
        models: the point; its responses are a, b, c and perhaps d.
        margins: sign, chosen and rejected response, and value of m of each term of the equation.
        total: the sum of the terms, which is not zero.
        of_gradient: whether the values are derivatives in `models.coordinate`.
    """

    margin: Expression
    models: TinyModels
    margins: tuple[tuple[int, str, str, Number], ...]
    total: Number
    of_gradient: bool

    @property
    def kind(self) -> str:
        """Return `exact` or `enclosure`: what the numbers are."""
        return "enclosure" if isinstance(self.total, Enclosure) else "exact"


@dataclass(frozen=True)
class Solution:
    """A prior for a given loss.

    Attributes:
        reach: what it has to know.
        zeta: the prior, up to a factor that depends on x only; None if none was found, or if it
            would have to know the other response.
        link: the outer function of the loss.
        gives_loss: whether MI-DPO with it has this very loss. Else it has the argument of the
            loss, and the loss is that of MI-DPO's argument under another link.
        failure: why it has to know what it has to know: where m(a, b) + m(b, c) = m(a, c) fails,
            or m(a, b) − m(a, d) − m(c, b) + m(c, d) = 0; None if that is not shown.
        reason: why none was found.
        of_whole: whether the loss has several terms, a weight or something added: its argument is
            then minus the whole of it, and its link the identity.
        term: of a loss of several terms that are read one by one, the place of the term whose
            argument is given, from 1; 0 if no term has an argument of the pair.
        minus: whether minus that argument is given, which is MI-DPO's.
    """

    reach: Reach
    zeta: Expression | None
    link: str = FRAMEWORK_LINK
    gives_loss: bool = False
    failure: Failure | None = None
    reason: str = ""
    of_whole: bool = False
    term: int | None = None
    minus: bool = False

    @property
    def is_needed(self) -> bool:
        """Return whether it is shown that a prior has to know what this one does."""
        return self.reach is Reach.RESPONSE or self.failure is not None

    @property
    def stops_gradient(self) -> bool:
        """Return whether the prior has a stop-gradient."""
        return self.zeta is not None and any(
            isinstance(node, tree.StopGradient) for node in self.zeta.walk()
        )


def solve_prior(statement: Statement) -> Solution:
    """Return the prior with which MI-DPO has the loss of a statement.

    It is solved from the loss alone; where that leads to none, the statement's own is tried.
    """
    return replace(_solve(statement), of_whole=not statement.target.is_one_term)


def _solve(statement: Statement) -> Solution:
    target = statement.target
    term = target.only_term() if target.is_one_term else target.as_term()
    link = term.link.name
    if OTHER in tree.responses(term.argument):
        why = "the loss speaks of another response, which is neither of the pair"
        return Solution(Reach.UNKNOWN, None, link, reason=why)

    def own(_scale: Expression, _argument: Expression) -> Expression:
        return unfold(statement.zeta)

    for of_loss, argument in margin.readings(link, term.argument):
        for propose in (margin.from_normal_form, margin.from_terms, own):
            try:
                zeta = _reread(propose(statement.scale, argument))
                if zeta is None or not _gives(statement, zeta, argument, of_loss=of_loss):
                    continue
                return _solved(zeta, argument, link, gives_loss=of_loss)
            except (OutsideClassError, ZeroDenominatorError, NotReadableError, ValueError):
                continue
    for of_loss, argument in margin.readings(link, term.argument):
        failure = _failure(argument, _SEPARABLE)
        if failure:
            return Solution(Reach.PAIR, None, link, of_loss, failure)
    return Solution(Reach.UNKNOWN, None, link, reason=_why(term.argument))


def _gives(statement: Statement, zeta: Expression, argument: Expression, *, of_loss: bool) -> bool:
    """Return whether all judges say that a prior gives the loss, in value and in gradient.

    Where the loss is MI-DPO's argument under another link, what is judged is the argument.
    """
    if of_loss:
        judged = replace(statement, zeta=zeta)
    else:
        judged = Statement.of(statement.scale, zeta, FRAMEWORK_LINK, argument)
    value, gradient, _ = judge(*sides(judged), statement=judged)
    return isinstance(value, Proved) and isinstance(gradient, Proved)


def _solved(zeta: Expression, argument: Expression, link: str, *, gives_loss: bool) -> Solution:
    """Return what a prior that gives the loss has to know, and why."""
    knows_label = any(
        isinstance(node, tree.ByLabel)
        or (isinstance(node, (tree.Weight, tree.Datum)) and node.by_label)
        for node in zeta.walk()
    )
    if not knows_label:
        return Solution(Reach.RESPONSE, zeta, link, gives_loss)
    return Solution(Reach.LABEL, zeta, link, gives_loss, _failure(argument, _LABEL_FREE))


def _reread(zeta: Expression) -> Expression | None:
    """Return a prior as it is read from its own text; None if it cannot be written in a file."""
    parameters = {n.name: n.domain for n in zeta.walk() if isinstance(n, tree.Parameter)}
    weights = {n.name: (n.domain, n.by_label) for n in zeta.walk() if isinstance(n, tree.Weight)}
    data = {
        n.name: (OF_RESPONSES[len(n.of)], n.domain, n.by_label)
        for n in zeta.walk()
        if isinstance(n, tree.Datum)
    }
    try:
        read = parse(to_text(zeta), Scope(frozenset("y"), parameters, weights, data=data))
    except LanguageError:
        return None
    return read if read.positive else None


# The equations of the margin, as sign, chosen and rejected response of each term.
_LABEL_FREE = ((1, "a", "b"), (1, "b", "c"), (-1, "a", "c"))
_SEPARABLE = ((1, "a", "b"), (-1, "a", "d"), (-1, "c", "b"), (1, "c", "d"))


def _failure(argument: Expression, equation: tuple[tuple[int, str, str], ...]) -> Failure | None:
    """Look for a point at which an equation of the margin fails, in value or in gradient."""
    whole = resolve_labels(unfold(argument))
    terms = [tree.at_responses(whole, {"w": one, "l": other}) for _, one, other in equation]
    names = tuple(sorted({name for _, *pair in equation for name in pair}))
    meter = Meter(WORK)
    of_gradient: Failure | None = None
    for tried, models in enumerate(points(*terms, tries=_TRIES, responses=names)):
        if tried == _HOPELESS and not meter.points:
            break
        try:
            measured = [measure(term, models, meter) for term in terms]
        except (InexactError, ZeroDivisionError):
            continue
        except TooMuchWorkError:
            break
        values = [each.value for each, _ in measured]
        found = _total(argument, models, equation, values, of_gradient=False)
        if found.total:
            return found
        if of_gradient is not None and meter.points > _ENOUGH:
            break
        meter.points += 1
        if of_gradient is None and all(smooth for _, smooth in measured):
            slopes = [each.slope for each, _ in measured]
            found = _total(argument, models, equation, slopes, of_gradient=True)
            of_gradient = found if found.total else None
    return of_gradient or _enclosed_failure(argument, terms, names, equation)


def _enclosed_failure(
    argument: Expression,
    terms: list[Expression],
    names: tuple[str, ...],
    equation: tuple[tuple[int, str, str], ...],
) -> Failure | None:
    """Look for a point at which certified intervals show that an equation of the margin fails."""
    signs = [sign for sign, *_ in equation]

    def not_zero(ends: list[Ends]) -> tuple[tuple[Enclosure, ...], Enclosure] | None:
        sums = [
            sorted((sign * low, sign * high)) for sign, (low, high) in zip(signs, ends, strict=True)
        ]
        if sum(low for low, _ in sums) <= 0 <= sum(high for _, high in sums):
            return None
        for shown in enclosures(*ends):
            total = combined(*zip(signs, shown, strict=True))
            if not total.has_zero:
                return shown, total
        return None

    for of in ("value", "gradient"):
        where = points(*terms, tries=intervals.FEW, responses=names)
        meter = Meter(intervals.WORK)
        found = intervals.hunt(tuple(terms), where, not_zero, of=of, meter=meter)
        if found.models is not None and found.told is not None:
            shown, total = found.told
            margins = tuple((*term, each) for term, each in zip(equation, shown, strict=True))
            return Failure(argument, found.models, margins, total, of == "gradient")
    return None


def _total(
    argument: Expression,
    models: TinyModels,
    equation: tuple[tuple[int, str, str], ...],
    values: list[Polynomial],
    *,
    of_gradient: bool,
) -> Failure:
    size = max(map(len, values), default=0)
    signed = [(sign, value) for (sign, *_), value in zip(equation, values, strict=True)]
    total = [
        sum((sign * value[k] for sign, value in signed if k < len(value)), Fraction(0))
        for k in range(size)
    ]
    while total and not total[-1]:
        total.pop()
    margins = tuple((*term, value) for term, value in zip(equation, values, strict=True))
    return Failure(argument, models, margins, tuple(total), of_gradient)


def _why(argument: Expression) -> str:
    mixed = margin.mixed_part(at_labels(unfold(argument)))
    if mixed is None:
        return "what separates the responses is outside the class that is solved"
    return f"its part {to_text(mixed)} has both responses in it, and no point says that it must"
