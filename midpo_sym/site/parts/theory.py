"""The chains of the theory, as a page shows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from midpo_sym.chains.chain import ChainResult, StepResult, hypotheses_of
from midpo_sym.kernel import theorem as kernel
from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.theorem import Mode, Theorem
from midpo_sym.language import indexed
from midpo_sym.language.laws import LAWS
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.tree import Expression
from midpo_sym.language.vocabulary import DOMAINS
from midpo_sym.rules.check import CITED
from midpo_sym.site.maths.layout import PagePrinter, formula
from midpo_sym.site.maths.symbols import Entry
from midpo_sym.site.parts.derivation import Change, change
from midpo_sym.spec.theory import Assumption, Setting
from midpo_sym.targets.wording import theory as wording
from midpo_sym.targets.wording.notation import DOMAINS_LATEX, Notation, Symbols


def _print(node: Expression, symbols: Symbols) -> str:
    return PagePrinter(symbols).print(node)


# A whole sentence is one formula of the page, its words among it.
_PAGE = Notation(_print, str, "{}", r" \text{{ {} }} ", r"\neq", r"\sum_{{{}}}", DOMAINS_LATEX)
RELATIONS = {"=": "=", "<=": r"\le", ">=": r"\ge"}


@dataclass(frozen=True, slots=True)
class TheoryLine:
    """A line of a chain of the theory.

    Attributes:
        anchor: the id of the step, permanent.
        number: of the step, from 1 in each chain.
        latex: what the line says, after its relation to the line before.
        rule: the names of the rules.
        laws: the rules one by one: name, and law in Unicode; "" where the law is in the name.
        by: the chains that the step cites: name, and where they are.
        assumed: the hypotheses that the step uses, as LaTeX.
        gap: of a bound, the larger side minus the smaller, as LaTeX; "" for an equation.
        moreover: where the two lines are equal, or the line is zero: words and LaTeX.
        change: what the step replaced by what; None if it is the whole line.
        note: what its author says of it.
        text: the line in the words of the language.
    """

    anchor: str
    number: int
    latex: str
    rule: str
    laws: tuple[tuple[str, str], ...]
    by: tuple[tuple[str, str], ...]
    assumed: tuple[str, ...]
    gap: str
    moreover: tuple[str, str] | None
    change: Change | None
    note: str
    text: str


@dataclass(frozen=True, slots=True)
class TheoryChain:
    """A chain of the theory.

    Attributes:
        id: its permanent name, unique on the page.
        title: what it derives.
        status: the verdict.
        statement: the first line in relation to the last, as LaTeX.
        start: the first line.
        lines: the others.
        moreover: where its sides are equal, or it is zero: words and LaTeX.
        domains: what its quantities have to be, as LaTeX.
        assumed: the hypotheses it rests on: LaTeX, and what they say.
        conditions: what must not be zero, as LaTeX.
        note: what it means.
    """

    id: str
    title: str
    status: str
    statement: str
    start: str
    lines: tuple[TheoryLine, ...]
    moreover: tuple[tuple[str, str], ...]
    domains: tuple[str, ...]
    assumed: tuple[tuple[str, str], ...]
    conditions: tuple[str, ...]
    note: str


def theory_chain(result: ChainResult) -> TheoryChain:
    """Return a chain that is proved, for its page."""
    chain, setting = result.chain, result.setting
    symbols = setting.symbols
    last = chain.steps[-1].to
    signs = {step.sign for step in chain.steps} - {"="}
    relation = RELATIONS[signs.pop() if signs else "="]
    left, right = formula(chain.start, symbols), formula(last, symbols, rf"{{}}{relation}")
    return TheoryChain(
        chain.id,
        chain.title,
        result.status.value,
        rf"{left} \allowbreak {right}",
        left,
        tuple(_lines(result)),
        tuple(_moreover(each, result) for each in wording.moreover(result)),
        tuple(domain_latex(node, domain, setting) for node, domain in wording.domains_of(result)),
        tuple((assumption_latex(each, setting), each.meaning) for each in result.assumptions),
        tuple(never_zero(each, setting) for each in result.conditions),
        chain.note,
    )


def domain_latex(node: Expression, domain: str, setting: Setting) -> str:
    """Return what a quantity has to be, as LaTeX: π(y|x) > 0."""
    return wording.domain(node, domain, setting.symbols, _PAGE)


def never_zero(condition: Expression, setting: Setting) -> str:
    """Return a condition as LaTeX; it is asked for at all values of its indices."""
    return wording.never_zero(condition, setting.symbols, _PAGE)


def assumption_latex(assumption: Assumption, setting: Setting) -> str:
    """Return a hypothesis as LaTeX."""
    if assumption.body is None:
        return wording.assumption(assumption, setting.symbols, _PAGE)
    return formula(
        assumption.body, setting.symbols, f"{_PAGE.show(assumption.function, setting.symbols)} ="
    )


def setting_entries(setting: Setting) -> tuple[Entry, ...]:
    """Return the table of symbols of a file of the theory or of the audit."""
    return tuple(_entry(name, setting) for name in setting.symbols)


def _entry(name: str, setting: Setting) -> Entry:
    latex, meaning = setting.symbols[name].latex, setting.meanings[name]
    domain = value = ""
    if name in setting.functions:
        signature = setting.functions[name]
        domain = DOMAINS[signature.domain]
        node = indexed.Indexed(name, signature.indices, signature.domain)
        latex = PagePrinter(setting.symbols).print(node)
    elif name in setting.abbreviations:
        known = setting.abbreviations[name]
        whole = indexed.Applied(name, known.formals, known.formals, known.body)
        lead = f"{PagePrinter(setting.symbols).print(whole)} :="
        value = formula(known.body, setting.symbols, lead)
    return Entry(name, latex, meaning, value, domain)


def _lines(result: ChainResult) -> Iterator[TheoryLine]:
    chain, symbols = result.chain, result.setting.symbols
    texts = [chain.start, *(step.to for step in chain.steps)]
    for number, (step, (before, after)) in enumerate(
        zip(result.steps, pairwise(texts), strict=True), start=1
    ):
        said = step.step
        yield TheoryLine(
            f"{chain.id}-{number}",
            number,
            formula(after, symbols, f"{{}}{RELATIONS[said.sign]}"),
            said.rule,
            tuple((name, LAWS[name].law) for name in said.rules if name != CITED),
            tuple((each.id, _address(each.id, result.setting)) for each in said.by),
            tuple(
                assumption_latex(result.setting.assumptions[name], result.setting)
                for name in said.using
            ),
            formula(said.gap, symbols, end=r" \;\ge\; 0") if said.gap is not None else "",
            _moreover(step.more, result) if step.more else None,
            _change(step, before, result.setting) if said.sign == "=" else None,
            said.note,
            to_text(after),
        )


def _address(id_: str, setting: Setting) -> str:
    file, _, chain = id_.rpartition("/")
    return f"#{chain}" if file == setting.id else f"{file}.html#{chain}"


def _moreover(theorem: Theorem, result: ChainResult) -> tuple[str, str]:
    symbols = result.setting.symbols
    one, other = (formula(side, symbols) for side in (theorem.left, theorem.right))
    if theorem.mode is not Mode.ONLY_IF:
        return "it is zero if and only if", rf"{one} = {other}"
    bound = set().union(*map(indexed.free_indices, (theorem.left, theorem.right)))
    indices = ", ".join(sorted(bound - result.chain.indices))
    everywhere = rf" \text{{ for every }} {indices}" if indices else ""
    return "the two sides are equal only if", rf"{one} = {other}{everywhere}"


def _change(step: StepResult, before: Expression, setting: Setting) -> Change | None:
    given = hypotheses_of(step.step.using, setting)

    def equal(one: Expression, other: Expression) -> bool:
        try:
            return kernel.decide_indexed(one, other, given).theorem is not None
        except (OutsideClassError, ZeroDenominatorError):
            return False

    return change(before, step.step.to, setting.symbols, equal)
