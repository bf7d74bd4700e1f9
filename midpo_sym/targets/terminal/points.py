"""Points at which something fails, for a terminal: models, responses, and what comes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from midpo_sym.judges.exact import format_polynomial
from midpo_sym.judges.tiny import END, VOCABULARY, TinyModels
from midpo_sym.judges.witness import Number, Witness, format_number, relation
from midpo_sym.language import tree
from midpo_sym.language.printing.mathematics import to_unicode
from midpo_sym.language.printing.printer import Symbol
from midpo_sym.language.substitute import label_of_weight
from midpo_sym.language.vocabulary import RESPONSES
from midpo_sym.prover.framework import FRAMEWORK_LINK
from midpo_sym.prover.priors.solve import Failure, Reach, Solution
from midpo_sym.prover.prove import Result
from midpo_sym.spec.model import Derivation
from midpo_sym.targets.terminal.quantities import compared, quantities
from midpo_sym.targets.wording.losses import gives, prior_of, symbol


def counterexample(result: Result, witness: Witness) -> RenderableType:
    """Return a witness with all the numbers one needs to check it by hand."""
    symbols = result.derivation.symbols
    values = Table.grid(padding=(0, 1))
    for text, value in _quantities(result, witness):
        values.add_row(text, "=", value)
    ours, theirs = compared(result.statement, witness)
    what = "d/dz of " if witness.of_gradient else ""
    if witness.losses is not None:
        for name, loss in zip(("MI-DPO's", "the loss's"), witness.losses, strict=True):
            values.add_row(f"{name} argument", "=", format_polynomial(loss.argument))
            values.add_row(f"d/dz of {name} argument", "=", format_polynomial(loss.slope))
    left, right, difference = witness.sides
    add_number(values, f"{what}{ours}", left)
    add_number(values, f"{what}{theirs}", right)
    add_number(values, "difference", difference, ends=NOT_ZERO[witness.kind])
    exact = witness.kind == "exact"
    kind = "An exact counterexample" if exact else "A counterexample in certified intervals"
    title = f"{kind}. Four tokens {', '.join(VOCABULARY)}; {END} ends a response."
    return Group(
        *point(title, witness.models, symbols, of_gradient=witness.of_gradient),
        Padding(values, (0, 0, 0, 2), expand=False),
    )


NOT_ZERO = {"exact": " ≠ 0", "enclosure": ", which does not hold 0"}


def add_number(values: Table, name: str, value: Number, *, ends: str = "") -> None:
    """Add a row with a number and its name."""
    values.add_row(name, relation(value), f"{format_number(value)}{ends}")


def solutions(derivation: Derivation, found: Sequence[Solution]) -> RenderableType:
    """Return the priors of a loss; each with what it gives above it, if there are several."""
    symbols = derivation.symbols
    if len(found) == 1:
        return _solution(found[0], symbols)
    lines: list[RenderableType] = []
    for each in found:
        above = f"For MI-DPO to have {prior_of(each)}:"
        lines += [*([""] if lines else []), above, Padding(_solution(each, symbols), (0, 0, 0, 2))]
    return Group(*lines)


def _solution(found: Solution, symbols: Mapping[str, Symbol]) -> RenderableType:
    lines: list[RenderableType] = []
    if found.zeta is not None:
        lines.append(f"ζ(y) ∝ {to_unicode(found.zeta, symbols)}")
        lines.append(gives(found))
        lines.append(_knows(found))
    elif found.reach is Reach.PAIR:
        bent = found.link != FRAMEWORK_LINK and not (found.gives_loss or found.of_whole)
        link = f", whose link is {found.link}" if bent else ""
        what = f"{prior_of(found)}{link}"
        lines.append(
            f"With no prior of one response MI-DPO has {what}: it would have to know the other."
        )
    else:
        lines.append(f"No prior was found, and none is excluded: {found.reason}.")
    if found.failure is not None:
        written_out = found.gives_loss and found.link != FRAMEWORK_LINK
        lines += ["", failure(found.failure, symbols, written_out=written_out)]
    return Group(*lines)


def _knows(found: Solution) -> str:
    more = ", and it has a stop-gradient" if found.stops_gradient else ""
    if found.reach is Reach.LABEL and found.failure is None:
        return (
            f"It knows {found.reach.value}{more}; whether a prior without that would do is not "
            "decided."
        )
    return f"It has to know {found.reach.value}{more}."


def failure(found: Failure, symbols: Mapping[str, Symbol], *, written_out: bool) -> RenderableType:
    """Return a point at which an equation of the margin fails.

    Args:
        found: the point.
        symbols: of the names in it.
        written_out: whether the margin is the argument of a log-sigmoid that the loss writes out.
    """
    names = "".join(found.models.responses)
    pairs = [f"m({one}, {other})" for _, one, other, _ in found.margins]
    signs = [sign for sign, *_ in found.margins]
    equation = pairs[0] + "".join(
        f" {'+' if sign > 0 else '−'} {pair}"
        for sign, pair in zip(signs[1:], pairs[1:], strict=True)
    )
    title = (
        f"With a prior that knows the response alone, {equation} would be 0."
        if len(names) == 3  # noqa: PLR2004 - a, b and c
        else f"With a prior that knows its response and its label, {equation} would be 0."
    )
    title += f" The numbers are {'exact' if found.kind == 'exact' else 'certified intervals'}."
    what = "d/dz of " if found.of_gradient else ""
    values = Table.grid(padding=(0, 1))
    for pair, (*_, value) in zip(pairs, found.margins, strict=True):
        add_number(values, f"{what}{pair}", value)
    add_number(values, "in all", found.total, ends=NOT_ZERO[found.kind])
    margin = "m(a, b) is the argument of the loss with a chosen and b rejected."
    if written_out:
        text = to_unicode(found.margin, symbols)
        margin = f"The loss writes −log σ(m) out; m(w, l) is {text}."
    return Group(
        *point(title, found.models, symbols, of_gradient=found.of_gradient, note=margin),
        Padding(values, (0, 0, 0, 2), expand=False),
    )


def point(
    title: str,
    models: TinyModels,
    symbols: Mapping[str, Symbol],
    *,
    of_gradient: bool,
    note: str = "",
) -> Iterator[RenderableType]:
    """Yield what a point is made of."""
    yield Text(title, style="bold")
    if note:
        yield f"  {note}"
    named = "  " + ",  ".join(
        f"{f'y_{name}' if name in RESPONSES else name} = {' '.join(tokens)}"
        for name, tokens in models.responses.items()
    )
    yield named
    given = [
        f"{symbol(name, symbols)} = {value}" for name, value in sorted(models.parameters.items())
    ]
    given += [
        f"{_weight(name, response, symbols)},{t + 1}) = {value}"
        for (name, response, t), value in sorted(models.weights.items())
    ]
    given += [
        f"{_datum(name, of, symbols)} = {value}"
        for (name, of), value in sorted(models.data.items())
    ]
    if given:
        yield "  " + ",  ".join(given)
    if of_gradient:
        prefix, moved = models.coordinate
        where = f"{VOCABULARY[moved]} after {' '.join(prefix) or 'the prompt'}"
        yield f"  Derivatives are in z, the policy's logit of {where}; sg is held still."
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("next-token probabilities")
    for token in VOCABULARY:
        table.add_column(token, justify="right")
    for (model, before), powers in sorted(models.powers.items(), key=lambda row: (row[0][1], row)):
        row = [f"1/{2**power}" for power in powers]
        table.add_row(f"{_model(model)} after {' '.join(before) or 'the prompt'}", *row)
    yield table


def _weight(name: str, response: str, symbols: Mapping[str, Symbol]) -> str:
    """Return the symbol of a weight at a response, as far as the number of the token."""
    plain, label = label_of_weight(name)
    if label:  # where responses are neither w nor l
        return f"{symbol(plain, symbols)}({label} {response}"
    where = f"y_{response}" if response in RESPONSES else response
    return f"{symbol(name, symbols)}({where}"


def _datum(name: str, of: tuple[str, ...], symbols: Mapping[str, Symbol]) -> str:
    """Return a datum at responses."""
    plain, label = label_of_weight(name)
    places = ", ".join(f"y_{each}" if each in RESPONSES else each for each in of)
    if not places:
        return symbol(plain, symbols)
    return f"{symbol(plain, symbols)}({f'{label} ' if label else ''}{places})"


def _quantities(result: Result, witness: Witness) -> Iterator[tuple[str, str]]:
    for leaf, t, value in quantities(result.statement, witness):
        text = to_unicode(leaf, result.derivation.symbols)
        shown = text.replace(",t)", f",{t + 1})")
        prefix = "d/dz " if witness.of_gradient else ""
        yield f"{prefix}{shown}", format_polynomial(value)


def _model(name: str) -> str:
    return to_unicode(tree.Probability(name, "y")).partition("(")[0]
