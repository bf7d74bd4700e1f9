"""What is said of the shape of a loss: its links, its terms, and what of MI-DPO each of them is."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from midpo_sym.language import tree
from midpo_sym.language.links import VARIABLE, Link
from midpo_sym.language.objective import Objective, Term
from midpo_sym.language.printing.mathematics import to_unicode
from midpo_sym.prover.prove import Result
from midpo_sym.prover.shapes.links import WEIGHTS, Answer, Fact, link_facts, weight_kind
from midpo_sym.prover.shapes.scope import Scope, Unit
from midpo_sym.prover.shapes.terms import Part
from midpo_sym.prover.verdict import Proved, Refuted
from midpo_sym.targets.wording.losses import symbol
from midpo_sym.targets.wording.notation import Symbols

_ONE, _ZERO = tree.Number(1), tree.Number(0)


def link_name(link: Link, symbols: Symbols) -> str:
    """Return what a link is called in a sentence: its word, or its expression."""
    if link.is_any:
        return "f"
    return link.name if link.is_named else to_unicode(link.body, symbols)


def terms(target: Objective, symbols: Symbols) -> Iterator[str]:
    """Yield the terms of a loss, a line for each, and then what is added to them."""
    for term in target.terms:
        yield _term(term, symbols)
    for each in target.additive:
        yield f"plus {to_unicode(each, symbols)}"


def _term(term: Term, symbols: Symbols) -> str:
    name = link_name(term.link, symbols)
    if term.link.is_any:
        name = "f, whatever it is,"
    shown = name if term.link.is_named else f"[{name}]"
    named = f"{shown} of {to_unicode(term.argument, symbols)}"
    if term.weight == _ONE:
        return named
    weight = to_unicode(term.weight, symbols)
    return f"{weight if _is_short(term.weight) else f'({weight})'} × {named}"


def _is_short(node: tree.Expression) -> bool:
    return not isinstance(node, (tree.Add, tree.Neg, tree.Div))


def reading(part: Part, symbols: Symbols) -> str:
    """Return what the argument of a term is, as an equation and in words."""
    quantity = f"s(y_{part.reading.score_of})" if part.reading.score_of else "s(y_w) − s(y_l)"
    anchor = part.reading.anchor
    inner = quantity
    if anchor != _ZERO:
        text = to_unicode(tree.Neg(anchor), symbols)
        inner += f" − {text[1:]}" if text.startswith("−") else f" + {text}"
    negated = f"−({inner})" if " " in inner else f"−{inner}"
    equation = f"{VARIABLE.name} = {inner if part.reading.sign > 0 else negated}"
    return f"{equation}: {what(part, symbols)}"


def what(part: Part, symbols: Symbols) -> str:
    """Return what of MI-DPO the argument of a term is."""
    minus = "" if part.reading.sign > 0 else "minus "
    if not part.reading.score_of:
        return f"{minus}MI-DPO's argument"
    anchor = to_unicode(part.reading.anchor, symbols)
    return f"{minus}MI-DPO's score of y_{part.reading.score_of} against the anchor {anchor}"


def headline(result: Result, symbols: Symbols) -> str:
    """Return what is proved of a loss whose terms are read one by one; "" if it is not."""
    if not result.parts or not isinstance(result.verdict, Proved):
        return ""
    said = [
        f"{what(part, symbols)}, under the link {link_name(part.term.link, symbols)}"
        f"{'' if part.term.weight == _ONE else ', weighted'}"
        for part in result.parts
    ]
    if len(said) > 1:
        said = [
            f"term {part.number}: {text}" for part, text in zip(result.parts, said, strict=True)
        ]
    added = [to_unicode(each, symbols) for each in result.statement.target.additive]
    return "; ".join([*said, *(f"and added: {text}" for text in added)])


def hint(result: Result) -> str:
    """Return what to ask of a loss that is not MI-DPO's as a whole; "" if there is nothing."""
    if result.statement.gives != "loss" or isinstance(result.verdict, Proved):
        return ""
    if isinstance(result.verdict, Refuted) and result.verdict.part == "link":
        return 'gives = "argument" says that MI-DPO has its argument, under another link'
    if not result.statement.target.is_one_term:
        return 'gives = "terms" asks what of MI-DPO each of its terms is'
    return ""


_UNITS = {Unit.RESPONSE: "each response by itself", Unit.PAIR: "a pair"}


def scope(found: Scope, symbols: Symbols) -> str:
    """Return what a loss looks at together, in words."""
    batch = ", ".join(symbol(name, symbols) for name in found.of_batch)
    return f"{_UNITS[found.unit]}{f', and of the batch {batch}' if batch else ''}"


_SAID = {
    Answer.YES: ("never rises", "convex", "bounded below"),
    Answer.NO: ("rises somewhere", "not convex", "not bounded below"),
    Answer.UNDECIDED: (
        "undecided whether it rises",
        "undecided whether it is convex",
        "undecided whether it is bounded below",
    ),
}


def facts(link: Link, symbols: Symbols) -> str:
    """Return what is known of a link, with the points that show what it is not."""
    if link.is_any:
        return "any function of the argument"
    known = link_facts(link)
    rows = (known.decreasing, known.convex, known.bounded_below)
    said = [f"{_SAID[fact.answer][k]}{_where(fact, symbols)}" for k, fact in enumerate(rows)]
    if known.slope_at_zero is not None:
        said.append(f"slope {to_unicode(known.slope_at_zero, symbols)} at 0")
    return ", ".join(said)


def _where(fact: Fact, symbols: Symbols) -> str:
    """Return the points of a fact that does not hold."""
    if not fact.points:
        return ""
    places = ", ".join(_number(point[VARIABLE.name]) for point in fact.points)
    others = [
        f"{symbol(name, symbols)} = {_number(value)}"
        for name, value in fact.points[0].items()
        if name != VARIABLE.name
    ]
    return f" ({'; '.join([f'{VARIABLE.name} = {places}', *others])})"


def _number(value: Fraction) -> str:
    return str(value).replace("-", "−")


def weight(term: Term) -> str:
    """Return what a weight is made of, in words."""
    return WEIGHTS[weight_kind(term.weight)]
