"""The theory's chains in the terminal and as data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from midpo_sym.chains.chain import ChainResult, StepResult
from midpo_sym.language.laws import LAWS
from midpo_sym.language.printing.mathematics import to_latex, to_unicode
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.tree import Expression
from midpo_sym.spec.theory import Setting
from midpo_sym.targets.wording import theory as wording
from midpo_sym.targets.wording.losses import cited
from midpo_sym.targets.wording.notation import UNICODE


def summary(results: Sequence[ChainResult]) -> RenderableType:
    """Return one row for each chain, and a line that counts them."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("chain", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("steps", justify="right", no_wrap=True)
    table.add_column("derives", overflow="fold")
    table.add_column("time", justify="right", no_wrap=True)
    for each in results:
        verdict = Text("✓ proved", "green")
        if each.failed_at:
            verdict = Text(f"✗ rejected at step {each.failed_at}", "red")
        milliseconds = f"{each.seconds * 1e3:.0f} ms"
        table.add_row(each.id, verdict, str(len(each.chain.steps)), each.chain.title, milliseconds)
    proved = sum(each.theorem is not None for each in results)
    steps = sum(len(each.steps) for each in results)
    plural = "" if steps == 1 else "s"
    count = f"{proved} of {len(results)} proved, {steps} step{plural}"
    count += ", each checked by the kernel and against the rules it names"
    return Group(table, Text(count))


def story(result: ChainResult) -> RenderableType:  # noqa: C901 - a row for each thing said
    """Return a chain with its steps, and what it rests on."""
    setting, chain = result.setting, result.chain

    def show(node: Expression) -> str:
        return to_unicode(node, setting.symbols)

    lines = Table.grid(padding=(0, 2))
    lines.add_column(no_wrap=True)
    lines.add_column(overflow="fold")
    lines.add_row("", show(chain.start))
    for each in result.steps:
        sign = {"<=": "≤", ">=": "≥"}.get(each.step.sign, "=")
        lines.add_row(sign, show(each.step.to))
        for reason in _reasons(each, setting):
            lines.add_row("", Text(reason, "dim"))
    if result.failed_at:
        step = chain.steps[result.failed_at - 1]
        lines.add_row("✗", Text(f"step {result.failed_at}, {step.rule}: {result.failure}", "red"))
        lines.add_row("", show(step.to))
    where = Table.grid(padding=(0, 2))
    where.add_column(no_wrap=True, style="dim")
    where.add_column(overflow="fold")
    for name in wording.names(result):
        known = setting.abbreviations.get(name)
        said = [setting.meanings[name], show(known.body) if known else ""]
        if any(said):
            where.add_row("", f"{setting.symbols[name].unicode}: {', '.join(filter(None, said))}")
    for theorem in wording.moreover(result):
        where.add_row("besides", wording.more(theorem, setting.symbols, UNICODE))
    domains = [
        wording.domain(node, domain, setting.symbols, UNICODE)
        for node, domain in wording.domains_of(result)
    ]
    if domains:
        where.add_row("for all", ", ".join(domains))
    for assumption in result.assumptions:
        where.add_row("assumes", f"{_assumed(assumption.name, setting)}   ({assumption.meaning})")
    for condition in result.conditions:
        where.add_row("assumes", wording.never_zero(condition, setting.symbols, UNICODE))
    if chain.note:
        where.add_row("note", chain.note)
    if setting.source:
        where.add_row("after", cited(setting.source))
    parts: list[RenderableType] = [Text(f"{result.id}: {chain.title}", style="bold")]
    parts += [
        Padding(lines, (0, 0, 1, 2), expand=False),
        Padding(where, (0, 0, 0, 2), expand=False),
    ]
    return Group(*parts, "")


def report(results: Sequence[ChainResult]) -> list[dict[str, Any]]:
    """Return chains as data; expressions in the words of the language and as LaTeX."""
    return [
        {
            "id": each.id,
            "title": each.chain.title,
            "verdict": each.status.value,
            "failed_at": each.failed_at,
            "failure": each.failure,
            "start": _spelt(each.chain.start, each.setting),
            "steps": [_step(step, each.setting) for step in each.steps],
            "moreover": [
                wording.more(theorem, each.setting.symbols, UNICODE)
                for theorem in wording.moreover(each)
            ],
            "domains": {to_text(node): domain for node, domain in wording.domains_of(each)},
            "assumptions": [_assumed(a.name, each.setting) for a in each.assumptions],
            "conditions": [to_text(condition) for condition in each.conditions],
            "note": each.chain.note,
            "seconds": round(each.seconds, 6),
        }
        for each in results
    ]


def _step(result: StepResult, setting: Setting) -> dict[str, Any]:
    step = result.step
    rules = [LAWS[name] for name in step.rules]
    return {
        "rule": step.rule,
        "law": "; ".join(rule.law for rule in rules),
        "rules": [{"name": r.name, "law": r.law, "latex": r.latex} for r in rules],
        "by": [each.id for each in step.by],
        "relation": step.sign,
        "to": _spelt(step.to, setting),
        "using": list(step.using),
        "gap": _spelt(step.gap, setting) if step.gap is not None else None,
        "moreover": wording.more(result.more, setting.symbols, UNICODE) if result.more else None,
        "note": step.note,
    }


def _spelt(node: Expression, setting: Setting) -> dict[str, str]:
    return {"text": to_text(node), "latex": to_latex(node, setting.symbols)}


def _reasons(result: StepResult, setting: Setting) -> Iterator[str]:
    """Yield the rules of a step, each with its law, and what else is said of the step."""
    step = result.step
    said = {
        "hypothesis": ", ".join(_assumed(name, setting) for name in step.using),
        "cited chain": ", ".join(each.id for each in step.by),
    }
    for name in step.rules:
        law = said.get(name) or LAWS[name].law
        yield f"{name}: {law}" if law != name else law
    if step.gap is not None:
        yield f"the gap is {to_unicode(step.gap, setting.symbols)}"
    if step.note:
        yield step.note


def _assumed(name: str, setting: Setting) -> str:
    return wording.assumption(setting.assumptions[name], setting.symbols, UNICODE)
