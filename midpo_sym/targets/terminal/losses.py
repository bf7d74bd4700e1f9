"""Results for a terminal: tables, derivations, and counterexamples to check by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from midpo_sym.language import tree
from midpo_sym.language.printing.mathematics import to_unicode
from midpo_sym.language.printing.printer import Symbol
from midpo_sym.language.tree import Expression
from midpo_sym.language.vocabulary import OTHER
from midpo_sym.prover.framework import FRAMEWORK_LINK, abbreviations
from midpo_sym.prover.priors.solve import Reach, Solution
from midpo_sym.prover.prove import Result
from midpo_sym.prover.special_cases import Specialisation
from midpo_sym.prover.verdict import (
    LABELS_ASSUMPTION,
    Cure,
    Opinion,
    Proved,
    Refuted,
    Status,
    Undecided,
)
from midpo_sym.spec.model import Derivation
from midpo_sym.targets.terminal.points import counterexample
from midpo_sym.targets.wording import losses as wording
from midpo_sym.targets.wording import shapes

_STYLES = {Status.PROVED: "green", Status.REFUTED: "yellow", Status.UNDECIDED: "magenta"}
_NARROW, _WIDE = 80, 100  # columns that keep claims on a line; that have room for what ζ knows
_LABELS = "consistent labels"


def summary(results: Sequence[Result], *, width: int) -> RenderableType:
    """Return one row for each result, and a line that counts them, for so many columns."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("claim", overflow="fold", no_wrap=width >= _NARROW)
    table.add_column("value", no_wrap=True)
    table.add_column("gradient", no_wrap=True)
    table.add_column("needs", overflow="fold")
    if width >= _WIDE:
        table.add_column("prior knows", overflow="fold")
    table.add_column("time", justify="right", no_wrap=True)
    for result in results:
        value, gradient = result.expected
        table.add_row(
            result.id,
            _status(result.verdict.status, value),
            _status(result.gradient.status, gradient),
            needs(result),
            *([_knows(result)] if width >= _WIDE else []),
            f"{result.seconds * 1e3:.0f} ms",
        )
    noted = [Text(f"{_LABELS}: {LABELS_ASSUMPTION}", style="dim")] * any(
        isinstance(result.verdict, Proved) and LABELS_ASSUMPTION in result.verdict.assumptions
        for result in results
    )
    return Group(table, *noted, _count(results))


def needs(result: Result) -> str:
    """Return the conditions and assumptions of what is proved of a result, short."""
    symbols = result.derivation.symbols
    parts: dict[str, None] = {}
    for verdict in (result.verdict, result.gradient):
        if not isinstance(verdict, Proved):
            continue
        for each in verdict.conditions:
            if isinstance(each.expression, tree.Length):
                continue
            assumed = "" if each.given_by else " (assumed)"
            parts[f"{to_unicode(each.expression, symbols)} ≠ 0{assumed}"] = None
        if any(isinstance(each.expression, tree.Length) for each in verdict.conditions):
            parts["|y| ≥ 1"] = None
        for text in verdict.assumptions:
            parts[_LABELS if text == LABELS_ASSUMPTION else text] = None
    return "; ".join(parts)


def story(result: Result, specialises: Iterable[Specialisation] = ()) -> RenderableType:
    """Return everything about one result but its steps."""
    symbols = result.derivation.symbols
    statement = result.statement
    rows = Table.grid(padding=(0, 2), pad_edge=True)
    rows.add_column(no_wrap=True, style="dim")
    rows.add_column(overflow="fold")
    if said := shapes.headline(result, symbols):
        rows.add_row("proved", said)
    rows.add_row("prior", f"ζ(y) ∝ {to_unicode(statement.zeta, symbols)}")
    rows.add_row("scale", to_unicode(statement.scale, symbols))
    for k, text in enumerate(shapes.terms(statement.target, symbols)):
        rows.add_row("" if k else "loss", text)
    for node in abbreviations(statement):
        rows.add_row("", f"{to_unicode(node, symbols)} = {to_unicode(node.body, symbols)}")
    if result.claim:
        where = wording.cited(result.claim.citation)
        rows.add_row("claimed in" if result.claim.printed else "ours, on", where)
    for of, verdict, expected in zip(
        ("value", "gradient"), (result.verdict, result.gradient), result.expected, strict=True
    ):
        rows.add_row(of, _status(verdict.status, expected))
    for name, text in chain(_shape(result, symbols), _details(result, symbols)):
        rows.add_row(name, text)
    for each in specialises if result.claim is None or result.claim.is_main else ():
        rows.add_row("special case", wording.special_case(each, symbols))
    for name, opinion in _opinions(result):
        rows.add_row(f"{name}{opinion.judge}, {opinion.of}", f"{opinion.says} ({opinion.detail})")
    if result.claim and result.claim.note:
        rows.add_row("note", result.claim.note)
    parts: list[RenderableType] = [
        Text(result.id, style="bold"),
        rows,
    ]
    if result.witness:
        judged = next(
            (part.result for part in result.parts if part.result.witness is result.witness), result
        )
        parts.append(Padding(counterexample(judged, result.witness), (1, 0, 0, 2), expand=False))
    return Group(*parts, "")


def _shape(result: Result, symbols: Mapping[str, Symbol]) -> Iterator[tuple[str, str]]:
    """Yield what the terms of a loss are, or what to ask, and what it looks at together."""
    if hint := shapes.hint(result):
        yield "ask instead", hint
    for part in result.parts:
        sign = wording.SIGNS[part.verdict.status.value]
        yield f"term {part.number}", f"{sign} {shapes.reading(part, symbols)}"
    for k, term in enumerate(result.statement.target.terms, 1):
        if term.link.name != FRAMEWORK_LINK:
            yield f"link {k}", shapes.facts(term.link, symbols)
        if term.weight != tree.Number(1):
            yield f"weight {k}", shapes.weight(term)
    yield "scope", shapes.scope(result.scope, symbols)


def _opinions(result: Result) -> Iterator[tuple[str, Opinion]]:
    """Yield what each judge says, with the term it is about if there are several."""
    for part in result.parts:
        name = f"term {part.number}: " if len(result.parts) > 1 else ""
        yield from ((name, opinion) for opinion in part.result.opinions)
    yield from (("", opinion) for opinion in result.opinions)


def description(
    derivation: Derivation, result: Result, specialises: Iterable[Specialisation]
) -> RenderableType:
    """Return what a specification says, for people."""
    parts: list[RenderableType] = [
        Text(f"{derivation.title}: {derivation.name}", style="bold"),
        derivation.summary,
    ]
    if derivation.source:
        parts.append(f"Source: {wording.cited(derivation.source)}.")
    names = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("name", "symbol", "domain", "default", "in Python", "meaning"):
        names.add_column(column, overflow="fold")
    for parameter in derivation.parameters:
        default = "" if parameter.default is None else str(parameter.default)
        names.add_row(
            parameter.name,
            parameter.symbol.unicode,
            parameter.domain,
            default,
            parameter.torch,
            parameter.meaning,
        )
    for weight in derivation.weights:
        domain = f"{weight.domain}, per token{', by label' * weight.by_label}"
        names.add_row(weight.name, weight.symbol.unicode, domain, "", weight.torch, weight.meaning)
    for datum in derivation.data:
        domain = f"{datum.domain}, one for {datum.arity.each}{', by label' * datum.by_label}"
        names.add_row(datum.name, datum.symbol.unicode, domain, "", datum.torch, datum.meaning)
    parts += [names, story(result, specialises)]
    claims = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("claim", "printed in", "expected"):
        claims.add_column(column, overflow="fold")
    for claim in derivation.claims:
        expected = claim.status
        if claim.gradient != claim.status:
            expected += f", gradient {claim.gradient}"
        where = wording.cited(claim.citation)
        if claim.convention:
            where += f"; as {claim.convention} computes it"
        claims.add_row(claim.id, where if claim.printed else f"not printed; on {where}", expected)
    if derivation.claims:
        parts.append(claims)
    if derivation.notes:
        parts.append(derivation.notes.strip())
    return Group(*parts)


def _status(status: Status, expected: Status) -> Text:
    text = f"{wording.SIGNS[status.value]} {status.value}"
    if status is expected:
        return Text(text, style=_STYLES[status])
    return Text(f"{text}, expected {expected.value}", style="bold red")


def _count(results: Sequence[Result]) -> RenderableType:
    said = _said(results)
    wrong = sum(not result.as_expected for result in results)
    line = Text(f"{said}; all as expected", style="green")
    if wrong:
        line = Text(f"{said}; {wrong} not as expected", style="bold red")
    ours = [result for result in results if result.claim and not result.claim.printed]
    if not ours:
        return line
    printed = [result for result in results if result not in ours]
    apart = [f"printed: {_said(printed)}"] * bool(printed)
    apart.append(f"ours (repairs and readings): {_said(ours)}")
    return Group(line, Text("; ".join(apart), style="dim"))


def _said(results: Sequence[Result]) -> str:
    """Return how many are proved in value and gradient, in value only, and the rest by value."""
    counts = Counter(
        "proved in value only"
        if result.verdict.status is Status.PROVED and result.gradient.status is not Status.PROVED
        else result.verdict.status.value
        for result in results
    )
    order = ("proved", "proved in value only", "refuted", "undecided")
    return ", ".join(f"{counts[each]} {each}" for each in order if counts[each])


def _knows(result: Result) -> str:
    found = result.properties
    if found is None:
        return ""
    words = {
        "policy": found.prior_depends_on_policy,
        "label": found.prior_depends_on_label,
        "length": found.prior_depends_on_length,
        "stop-gradient": found.prior_uses_stop_gradient,
    }
    known = [word for word, holds in words.items() if holds]
    return ", ".join([*known, *_data(result.statement.zeta)])


def _data(node: Expression) -> list[str]:
    """Return what is said of the data in an expression, once for each arity."""
    arities = {len(each.of) for each in node.walk() if isinstance(each, tree.Datum)}
    return [f"data of the {_ARITIES[each]}" for each in sorted(arities)]


_ARITIES = {0: "batch", 1: "response", 2: "pair"}


def _details(  # noqa: C901, PLR0912 - a row for each thing said
    result: Result, symbols: Mapping[str, Symbol]
) -> Iterator[tuple[str, str]]:
    verdict = result.verdict
    match verdict:
        case Proved():
            for condition in verdict.conditions:
                why = condition.given_by or "assumed"
                yield "condition", f"{to_unicode(condition.expression, symbols)} ≠ 0 ({why})"
            for assumption in verdict.assumptions:
                yield "assumption", assumption
        case Refuted(part=part, residual=residual, cures=cures):
            yield "differs in", part
            if residual is not None:
                whole = "the argument" if result.parts else "the loss"
                yield "residual", f"{to_unicode(residual, symbols)}   (MI-DPO minus {whole})"
            if not result.residual_as_expected:
                expected = result.claim.residual if result.claim else None
                if expected is not None:
                    yield "expected", f"{to_unicode(expected, symbols)} as residual"
            for cure in cures:
                yield "holds for", _cured(cure, symbols)
            if part != "link":
                yield from _repair(result.prior, symbols)
        case Undecided(reason=reason):
            yield "because", reason
    gradient = result.gradient
    for condition in wording.gradient_conditions(result):
        shown = to_unicode(condition.expression, symbols)
        yield "condition", f"{shown} ≠ 0, for the gradient ({condition.given_by or 'assumed'})"
    if isinstance(gradient, Refuted) and gradient.part == "gradient" and gradient.residual:
        residual_of_gradient = to_unicode(gradient.residual, symbols)
        yield "residual", f"∇[{residual_of_gradient}]   (gradient of MI-DPO minus the loss's)"
    if reason := wording.gradient_reason(result):
        yield "because", reason
    found = result.properties
    chosen, rejected = result.rewards
    yield "reward", to_unicode(chosen, symbols)
    if found is None or found.prior_depends_on_label:
        yield "", to_unicode(rejected, symbols)
    if found is None:
        yield "prior knows", "not computed: a part of the prior or of the loss has no normal form"
        return
    knows = _knows(result)
    yield "prior knows", knows or "nothing of policy, label or length"
    told = result.prior.is_needed and (result.prior.gives_loss or result.parts)
    if isinstance(verdict, Proved) and told:
        what = wording.prior_of(result.prior)
        yield "any prior", f"for {what} has to know {result.prior.reach.value}"
    loss = {
        "a reference model": not found.reference_free,
        "next-token distributions": found.needs_divergence,
        "lengths": found.needs_length,
        "weights per token": found.needs_weights,
    }
    loss["another response"] = OTHER in tree.responses(result.statement.target.loss)
    needed = [word for word, holds in loss.items() if holds]
    needed += _data(result.statement.target.loss)
    yield "loss needs", ", ".join(needed) or "the policy alone"


def _cured(cure: Cure, symbols: Mapping[str, Symbol]) -> str:
    """Return a value for which a statement holds, with what must not be zero then."""
    at = f"{wording.symbol(cure.parameter, symbols)} = {to_unicode(cure.value, symbols)}"
    needed = ", ".join(f"{to_unicode(each, symbols)} ≠ 0" for each in wording.open_conditions(cure))
    return f"{at}, where {needed}" if needed else at


def _repair(found: Solution, symbols: Mapping[str, Symbol]) -> Iterator[tuple[str, str]]:
    if found.zeta is not None:
        what = wording.prior_of(found)
        if not found.gives_loss and not found.of_whole:
            what += f", under the link {found.link}"
        yield "right prior", f"ζ(y) ∝ {to_unicode(found.zeta, symbols)}   (gives {what})"
    elif found.reach is Reach.PAIR:
        yield "right prior", "none: it would have to know the other response of the pair"
