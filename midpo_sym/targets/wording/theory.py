"""What is said of a chain of the theory, and of what it is about."""

from __future__ import annotations

from midpo_sym.chains.chain import ChainResult
from midpo_sym.kernel.theorem import Mode, Theorem
from midpo_sym.language.indexed import Indexed, free_indices
from midpo_sym.language.tree import Expression, Parameter
from midpo_sym.spec.theory import Assumption
from midpo_sym.targets.wording.notation import DOMAINS_UNICODE, Notation, Symbols


def names(result: ChainResult) -> list[str]:
    """Return the declared names that a chain uses, in the order of the file."""
    lines = [result.chain.start, *(step.to for step in result.chain.steps)]
    lines += [a.body for a in result.assumptions if a.body is not None]
    used = {getattr(node, "name", "") for line in lines for node in line.walk()}
    used |= {getattr(node, "along", "") for line in lines for node in line.walk()}
    return [name for name in result.setting.symbols if name in used]


def moreover(result: ChainResult) -> tuple[Theorem, ...]:
    """Return what a chain says beside its relation: where its sides are equal, or it is zero."""
    return tuple(each.more for each in result.steps if each.more)


def domains_of(result: ChainResult) -> tuple[tuple[Expression, str], ...]:
    """Return the quantities that a chain is about and that are not any real, with their domains."""
    setting = result.setting
    found: list[tuple[Expression, str]] = []
    for name in names(result):
        if name in setting.functions:
            signature = setting.functions[name]
            node: Expression = Indexed(name, signature.indices, signature.domain)
            found.append((node, signature.domain))
        elif name in setting.domains:
            found.append((Parameter(name, setting.domains[name]), setting.domains[name]))
    return tuple(each for each in found if each[1] in DOMAINS_UNICODE)


def domain(node: Expression, name: str, symbols: Symbols, notation: Notation) -> str:
    """Return what a quantity has to be, as a formula: π(y|x) > 0."""
    return f"{notation.show(node, symbols)} {notation.domains[name]}"


def never_zero(condition: Expression, symbols: Symbols, notation: Notation) -> str:
    """Return a condition; its indices need not be those of the line it was read from."""
    said = notation.math.format(notation.never_zero(condition, symbols))
    indices = ", ".join(map(notation.index, sorted(free_indices(condition))))
    if not indices:
        return said
    return f"{said}{notation.words.format('for every')}{notation.math.format(indices)}"


def assumption(given: Assumption, symbols: Symbols, notation: Notation) -> str:
    """Return a hypothesis, as a formula."""
    left = notation.show(given.function, symbols)
    if given.body is not None:
        return f"{left} = {notation.show(given.body, symbols)}"
    sums = (notation.sum.format(notation.index(each)) for each in given.over)
    return " ".join([*sums, f"{left} = 1"])


def more(theorem: Theorem, symbols: Symbols, notation: Notation) -> str:
    """Return what holds beside a relation, in words that follow "it is" or "they are"."""
    sides = (notation.show(side, symbols) for side in (theorem.left, theorem.right))
    equation = notation.math.format(" = ".join(sides))
    if theorem.mode is Mode.ONLY_IF:
        return f"equal only where {equation} everywhere"
    return f"zero if and only if {equation}"
