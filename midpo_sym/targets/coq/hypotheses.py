"""What a statement takes for granted, as hypotheses of its theorem.

Each hypothesis has a name that says where it comes from: the domain of a parameter (`hp_`) or
weight (`hw_`), a condition or assumption that the prover recorded (`h_`), or the law of the
language that no response is empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from midpo_sym.kernel.forms import OutsideClassError
from midpo_sym.kernel.responses import read
from midpo_sym.language import tree
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.tree import Expression
from midpo_sym.prover.conditions import conditions
from midpo_sym.prover.framework import sides
from midpo_sym.prover.verdict import LABELS_ASSUMPTION, Condition, Proved, Verdict
from midpo_sym.spec.model import Statement
from midpo_sym.targets.coq import names
from midpo_sym.targets.coq.printer import to_coq

_DOMAINS = {
    "positive": ("0 < {}", "positive"),
    "nonnegative": ("0 <= {}", "zero or more"),
    "unit": ("0 <= {} <= 1", "from zero to one"),
    "open unit": ("0 < {} < 1", "between zero and one, and neither"),
}


@dataclass(frozen=True, slots=True)
class Premise:
    """A named hypothesis of a theorem.

    Attributes:
        name: its name in the certificate.
        proposition: what it says, in Coq.
        meaning: what it says, in words.
        domain: the predicate of one number that it says of a parameter or weight, or "".
        about: the name or the expression that it is about, in the words of the specification.
    """

    name: str
    proposition: str
    meaning: str
    domain: str = ""
    about: str = ""


# No token has all the probability, and no response: probabilities are below one.
TWO_TOKENS = Premise(
    "h_tokens", "exists u v : token V, u <> v", "the vocabulary has two tokens at least"
)


@dataclass(frozen=True, slots=True)
class Ground:
    """A recorded condition or assumption, and the names of the hypotheses that it became."""

    recorded: str
    hypotheses: tuple[str, ...]


def recorded(statement: Statement, verdict: Verdict) -> tuple[tuple[Condition, ...], bool]:
    """Return the conditions of a statement, and whether labels are assumed to be consistent.

    Those of a proof are the prover's own. A refuted statement is stated under all conditions of its
    denominators, and with consistent labels: it fails even there.
    """
    if isinstance(verdict, Proved):
        return verdict.conditions, LABELS_ASSUMPTION in verdict.assumptions
    left, right = sides(statement)
    try:
        reading = read((left, right))
    except OutsideClassError:
        return (), True
    return conditions(reading.denominators, reading.forms[0].atoms), True


def hypotheses(
    statement: Statement, verdict: Verdict, *, labelled: bool
) -> tuple[tuple[Premise, ...], tuple[Ground, ...]]:
    """Return the hypotheses of a statement, and how the prover's conditions are among them.

    Args:
        statement: what is certified.
        verdict: the prover's, of its value.
        labelled: whether the statement reads labels at all.
    """
    found_conditions, consistent = recorded(statement, verdict)
    parts = (statement.scale, statement.zeta, statement.argument)
    found = {each.name: each for part in parts for each in _domains(part)}
    grounds = []
    lengths = {"w", "l"} if not isinstance(verdict, Proved) else set()
    for response in "wl":
        sided = (statement.scale, tree.at_responses(tree.Log(statement.zeta), {"y": response}))
        if any(_logged_lengths(part, response) for part in (*sided, statement.argument)):
            lengths.add(response)
    own: list[Premise] = []
    for condition in found_conditions:
        rests_on = _rests_on(condition)
        lengths |= {node.response for node in rests_on if isinstance(node, tree.Length)}
        used = [each.name for node in rests_on for each in _hypothesis_of(node)]
        if not condition.given_by:
            own.append(_assumed(condition, len(own) + 1))
            used = [own[-1].name]
        grounds.append(Ground(to_text(condition.expression), tuple(dict.fromkeys(used))))
    found |= {each.name: each for s in sorted(lengths, reverse=True) for each in [length(s)]}
    found |= {each.name: each for each in own}
    if consistent and labelled:
        labels = Premise("h_labels", "labels label D", LABELS_ASSUMPTION)
        found[labels.name] = labels
        if isinstance(verdict, Proved):
            grounds.append(Ground(LABELS_ASSUMPTION, (labels.name,)))
    return tuple(found.values()), tuple(grounds)


def _domains(node: Expression) -> Iterator[Premise]:
    for inner in node.walk():
        if isinstance(inner, (tree.Parameter, tree.Weight, tree.Datum)):
            yield from _hypothesis_of(inner)


def _hypothesis_of(node: Expression) -> Iterator[Premise]:
    """Yield what the language says of a leaf: the domain it was declared with, |y| ≥ 1."""
    match node:
        case tree.Length(response=response):
            yield length(response)
        case tree.Parameter(name=name, domain=domain) if domain in _DOMAINS:
            predicate, words = _DOMAINS[domain]
            yield Premise(
                f"hp_{names.mangle(name)}_{domain.replace(' ', '_')}",
                predicate.format(names.parameter(name)),
                f"{name} is {words}",
                predicate,
                name,
            )
        case tree.Datum(domain=domain) if domain in _DOMAINS:
            yield _of_datum(node)
        case tree.Weight(name=name, domain=domain, by_label=by_label) if domain in _DOMAINS:
            predicate, words = _DOMAINS[domain]
            binders = "chosen x y t" if by_label else "x y t"
            yield Premise(
                f"hw_{names.mangle(name)}_{domain.replace(' ', '_')}",
                f"forall {binders}, {predicate.format(f'{names.weight(name)} {binders}')}",
                f"{name} is {words}",
                predicate,
                name,
            )


def _of_datum(node: tree.Datum) -> Premise:
    predicate, words = _DOMAINS[node.domain]
    binders = " ".join(["chosen"] * node.by_label + ["x", "y", "z"][: 1 + len(node.of)])
    value = names.datum(node.name)
    proposition = predicate.format(value)
    if node.of:
        proposition = f"forall {binders}, {predicate.format(f'{value} {binders}')}"
    return Premise(
        f"hd_{names.mangle(node.name)}_{node.domain}",
        proposition,
        f"{node.name} is {words}",
        predicate,
        node.name,
    )


def length(response: str) -> Premise:
    """Return that a response is not empty."""
    return Premise(
        f"h_length_{response}",
        f"every D (fun x w l => (1 <= length {response})%nat)",
        f"|y_{response}| ≥ 1",
        about=f"length({response})",
    )


def _rests_on(condition: Condition) -> list[Expression]:
    """Return the leaves whose domains show that a condition holds; none if it is assumed."""
    if not condition.given_by:
        return []
    kinds = (tree.Parameter, tree.Weight, tree.Datum, tree.Length)
    return [node for node in condition.expression.walk() if isinstance(node, kinds)]


def _assumed(condition: Condition, number: int) -> Premise:
    node = condition.expression
    proposition = f"{to_coq(node)} <> 0"
    token = tree.token_responses(node)
    if token:
        proposition = f"forall t, (t < length {min(token)})%nat -> {proposition}"
    if tree.responses(node):
        proposition = f"every D (fun x w l => {proposition})"
    return Premise(
        f"h_condition_{number}", proposition, f"{to_text(node)} ≠ 0", about=to_text(node)
    )


def _logged_lengths(node: Expression, response: str) -> bool:
    """Return whether |y| of a response stands where it has to be positive: under a logarithm."""
    return any(
        tree.Length(response) in _positive_parts(inner.body)
        for inner in node.walk()
        if isinstance(inner, (tree.Log, tree.TokenProduct))
    )


def _positive_parts(node: Expression) -> Iterator[Expression]:
    """Yield the nodes whose being positive makes a node positive."""
    yield node
    match node:
        case tree.Exp():
            return
        case tree.Pow(base=base):
            yield from _positive_parts(base)
        case _:
            for child in node.children():
                yield from _positive_parts(child)


def below_one(parts: Iterable[Expression]) -> tuple[Expression, ...]:
    """Return what has to be below one for a sum to be positive, as in 1 − π(y)."""
    found = [
        term.body
        for part in parts
        for node in part.walk()
        if isinstance(node, tree.Add) and node.positive
        for term in node.terms
        if isinstance(term, tree.Neg) and term.body.below_one
    ]
    apart = (each for each in found if tree.responses(each) and not tree.token_responses(each))
    return tuple(dict.fromkeys(apart))


def with_two_tokens(found: tuple[Premise, ...], below: Iterable[Expression]) -> tuple[Premise, ...]:
    """Return hypotheses with those under which probabilities are below one.

    The vocabulary has two tokens at least, and no response is empty.
    """
    there = {each.name for each in found}
    used = sorted({r for each in below for r in tree.responses(each)}, reverse=True)
    lengths = [each for each in map(length, used) if each.name not in there]
    return (*found, TWO_TOKENS, *lengths) if used else found
