"""A counterexample as tables: the models, and what comes out of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from midpo_sym.judges.exact import format_polynomial
from midpo_sym.judges.tiny import END, VOCABULARY
from midpo_sym.judges.witness import Number, Witness, format_number, relation
from midpo_sym.language import tree
from midpo_sym.language.printing.mathematics import to_latex
from midpo_sym.prover.prove import Result
from midpo_sym.prover.verdict import Refuted
from midpo_sym.site.maths.layout import PagePrinter
from midpo_sym.targets.terminal.quantities import compared, quantities


@dataclass(frozen=True, slots=True)
class Counterexample:
    """What a reader needs to check a refutation by hand.

    Attributes:
        of: `value` or `gradient`.
        exact: whether the numbers are exact, or else enclosures.
        tokens: the vocabulary; the last ends a response.
        end: the token that ends a response.
        responses: name and tokens of each.
        given: values of parameters, weights and data, as LaTeX.
        coordinate: the token and the prefix of the logit that derivatives are in; "" for values.
        models: a model, what it comes after, and its probabilities of the tokens.
        values: quantities and their values, as LaTeX; the sides and their difference come last.
    """

    of: str
    exact: bool
    tokens: tuple[str, ...]
    end: str
    responses: tuple[tuple[str, str], ...]
    given: tuple[str, ...]
    coordinate: str
    models: tuple[tuple[str, str, tuple[str, ...]], ...]
    values: tuple[tuple[str, str], ...]


def counterexamples(result: Result) -> tuple[Counterexample, ...]:
    """Return the counterexample of a value, or else of a gradient, that is refuted."""
    for of, verdict in (("value", result.verdict), ("gradient", result.gradient)):
        if isinstance(verdict, Refuted):
            return (_of(result, verdict.witness, of),)
    return ()


def _of(result: Result, witness: Witness, of: str) -> Counterexample:
    models, symbols = witness.models, result.derivation.symbols
    printer = PagePrinter(symbols)
    given = [
        f"{printer.symbol(name).latex} = {_number(str(value))}"
        for name, value in sorted(models.parameters.items())
    ]
    given += [
        f"{printer.symbol(name).latex}(y_{{{response},{t + 1}}}) = {_number(str(value))}"
        for (name, response, t), value in sorted(models.weights.items())
    ]
    given += [
        f"{printer.print(tree.Datum(name, of))} = {_number(str(value))}"
        for (name, of), value in sorted(models.data.items())
    ]
    rows = sorted(models.powers.items(), key=lambda row: (row[0][1], row))
    prefix, moved = models.coordinate
    d = r"\frac{\mathrm{d}}{\mathrm{d}z}" if witness.of_gradient else ""
    values = [
        (f"{d} {_at(to_latex(leaf, symbols), t)}", _latex(format_polynomial(value)))
        for leaf, t, value in quantities(result.statement, witness)
    ]
    ours, theirs = compared(result.statement, witness)
    if witness.losses is not None:
        for name, loss in zip(("MI-DPO's", "the loss's"), witness.losses, strict=True):
            values.append((rf"\text{{{name} argument}}", _latex(format_polynomial(loss.argument))))
            slope = _latex(format_polynomial(loss.slope))
            values.append((rf"{d} \text{{ {name} argument}}", slope))
    left, right, difference = witness.sides
    values += [
        (rf"{d} \text{{ {ours}}}", _shown(left)),
        (rf"{d} \text{{ {theirs}}}", _shown(right)),
        (r"\text{difference}", rf"{_shown(difference)} {_NOT_ZERO[witness.kind]}"),
    ]
    return Counterexample(
        of,
        witness.kind == "exact",
        VOCABULARY,
        END,
        tuple((f"y_{name}", " ".join(tokens)) for name, tokens in models.responses.items()),
        tuple(given),
        f"{VOCABULARY[moved]} after {' '.join(prefix) or 'the prompt'}" * witness.of_gradient,
        tuple(
            (
                to_latex(tree.Probability(model, "y")).partition("(y")[0],
                " ".join(before) or "the prompt",
                tuple(f"1/{2**power}" for power in powers),
            )
            for (model, before), powers in rows
        ),
        tuple(values),
    )


def _at(latex: str, t: int) -> str:
    """Return the LaTeX of a quantity of the token t as that of the token with a number."""
    if t < 0:
        return latex
    latex = re.sub(r"y_\{(\w),t\}", rf"y_{{\1,{t + 1}}}", latex)
    return re.sub(r"y_\{(\w),<t\}", rf"y_{{\1,<{t + 1}}}", latex)


def _number(text: str) -> str:
    return re.sub(r"(\d+)/(\d+)", r"\\tfrac{\1}{\2}", text)


_NOT_ZERO = {"exact": r"\neq 0", "enclosure": r"\not\ni 0"}


def _shown(value: Number) -> str:
    """Return a number, or what it lies in."""
    text = re.sub(r"e(−?\d+)", r" \\cdot 10^{\1}", format_number(value))
    return _latex(text if relation(value) == "=" else rf"\in {text}")


def _latex(text: str) -> str:
    """Return an exact number, as people write it, in LaTeX."""
    return _number(text.replace("−", "-").replace("log", r"\log "))
