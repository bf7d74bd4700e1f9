"""Results for a terminal: tables, derivations, and counterexamples to check by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from midpo_sym.language import tree
from midpo_sym.language.printing.mathematics import to_unicode
from midpo_sym.language.printing.printer import Symbol
from midpo_sym.language.vocabulary import OTHER
from midpo_sym.prover.framework import FRAMEWORK_LINK, abbreviations
from midpo_sym.prover.priors.solve import Reach, Solution
from midpo_sym.prover.prove import Result
from midpo_sym.prover.special_cases import Specialisation
from midpo_sym.prover.verdict import (
    Cure,
    Opinion,
    Proved,
    Refuted,
    Undecided,
)
from midpo_sym.spec.model import Derivation
from midpo_sym.targets.terminal.points import counterexample
from midpo_sym.targets.terminal.summary import data, status
from midpo_sym.targets.terminal.summary import knows as knows_of
from midpo_sym.targets.wording import losses as wording
from midpo_sym.targets.wording import shapes


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
        rows.add_row(of, status(verdict.status, expected))
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
    knows = knows_of(result)
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
    needed += data(result.statement.target.loss)
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
