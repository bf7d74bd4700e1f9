"""What pages of the atlas say in words: verdicts, needs, the words of a search, a glossary."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from midpo_sym.atlas.lattices import Edge
from midpo_sym.atlas.rows import ANCHORED, MARGIN, OF_A_PAIR, Row
from midpo_sym.language.links import LINKS
from midpo_sym.prover.verdict import Status
from midpo_sym.spec.library import Work
from midpo_sym.spec.model import Derivation

_PROVED, _REFUTED = Status.PROVED.value, Status.REFUTED.value

# By what a statement says that MI-DPO gives.
_GIVEN = {
    "loss": "MI-DPO with the prior {place} has this loss",
    "argument": "under a link of its own, this is a loss of MI-DPO's argument with the prior "
    "{place}",
    "scores": "its links are of {terms}, with the prior {place}",
    "terms": "its weighted terms are of {terms}, with the prior {place}{added}",
}
# By the kind of a term.
_OF_TERMS = {
    MARGIN: "MI-DPO's argument",
    ANCHORED: "MI-DPO's score of one response against an anchor",
    OF_A_PAIR: "what a prior would have to know the pair for",
}


def verdict(row: Row, place: str = "below") -> str:
    """Return the verdict on a loss in a sentence.

    Args:
        row: of the loss.
        place: where the prior is shown.
    """
    said = _given(row, place)
    if row.value == _PROVED and row.gradient == _PROVED:
        return f"Proved, in value and in gradient: {said}."
    if row.value == _PROVED:
        return f"Proved in value, and {row.gradient} in gradient: {said}."
    if row.value != _REFUTED:
        return f"Undecided: whether {said}."
    if row.axes.prior == "pair":
        return (
            "Refuted: no prior of one response gives this loss; it would have to know the other "
            "response of the pair."
        )
    return f"Refuted: it is not so that {said}."


def _given(row: Row, place: str) -> str:
    """Return what is said that MI-DPO gives of a loss."""
    kinds = row.axes.terms.split(" + ")
    terms = " and of ".join(_OF_TERMS[each] for each in kinds if each in _OF_TERMS)
    added = "; something is added" if "added" in kinds else ""
    return _GIVEN[row.gives].format(terms=terms, place=place, added=added)


def needs(row: Row) -> str:
    """Return what a loss needs besides the policy's own log-probabilities."""
    known = {
        "a reference": None if row.reference_free is None else not row.reference_free,
        "next-token distributions": row.needs_divergence,
        "lengths": row.needs_length,
        "weights per token": row.needs_weights,
    }
    if None in known.values():
        return "not computed"
    return ", ".join(word for word, holds in known.items() if holds) or "the policy alone"


def link(row: Row) -> str:
    """Return the link of a loss by its name; `its own` if it has none."""
    parts = row.axes.link.split(", ")
    return row.axes.link if all(each in LINKS or each == "any" for each in parts) else "its own"


_NAME = re.compile(r"\b(?:(\w+)\.)?([A-Za-z_]\w*)")  # `beta`, or `mallows_dpo.beta`


def values(edge: Edge, derivations: Mapping[str, Derivation]) -> str:
    """Return the values of the general loss at which it is the special one, in Unicode.

    Args:
        edge: the special case.
        derivations: all losses, by id.
    """
    general, special = derivations[edge.general], derivations[edge.special]

    def symbol(found: re.Match[str]) -> str:
        owner, name = found.groups()
        known = (general if owner else special).symbols.get(name)
        shown = known.unicode if known else name
        return f"{shown} of {general.title}" if owner else shown

    parts = (
        f"{general.symbols[name].unicode} = {_NAME.sub(symbol, value)}" for name, value in edge.at
    )
    return ", ".join(parts)


# Words that people search with, and when they fit.
_SYNONYMS: dict[str, Callable[[Row], bool | None]] = {
    "reference-free, without a reference model": lambda row: row.reference_free,
    "margin, target reward margin": lambda row: "gamma" in row.zeta or "margin" in row.zeta,
    "length-normalised, length bias": lambda row: row.needs_length,
    "token-level": lambda row: row.needs_weights or row.needs_divergence,
    "unpaired, binary feedback": lambda row: row.axes.scope.startswith("response"),
    "batch statistics": lambda row: "batch" in row.axes.scope or "batch" in row.axes.prior,
    "stop-gradient, detached": lambda row: row.stop_gradient,
}


def search_words(
    derivation: Derivation, row: Row, work: Work | None, rows: list[Mapping[str, str]]
) -> Iterator[str]:
    """Yield what a loss is also found under: names, its paper, what libraries call it."""
    yield from dict.fromkeys((derivation.title, derivation.name, derivation.id))
    if work:
        yield work.short
        yield f"arXiv {work.arxiv}" if work.arxiv else work.url
    yield from (words for words, fits in _SYNONYMS.items() if fits(row))
    found = (f"{each['library']}: {each['loss']}" for each in rows)
    yield from dict.fromkeys(found)
    for each in rows:
        if "loss_type=" in each["command"]:
            name = each["command"].partition("loss_type=")[2].split()[0]
            yield f'loss_type="{name}"'


@dataclass(frozen=True, slots=True)
class Term:
    """A word of ours.

    Attributes:
        name: the word.
        says: what it means, in plain text.
    """

    name: str
    says: str


GLOSSARY: dict[str, Term] = {
    "mi-dpo": Term(
        "MI-DPO",
        "The loss of the unifying paper (mutual-information DPO): DPO's, with any prior ζ in the "
        "place of the reference model.",
    ),
    "prior": Term(
        "prior",
        "The distribution ζ that MI-DPO compares the policy with, given up to a factor of the "
        "prompt. DPO's is the reference model.",
    ),
    "policy": Term("policy", "The model π that is trained: a distribution over responses."),
    "reference": Term("reference", "The frozen model π_ref that training starts from."),
    "link": Term(
        "link",
        "The outer function of a loss, applied to its argument. That of DPO is −log σ, the "
        "log-sigmoid.",
    ),
    "argument": Term(
        "argument",
        "What goes into the link: for DPO, the reward of the chosen response minus that of the "
        "rejected one.",
    ),
    "reward": Term(
        "implicit reward",
        "The reward of which a policy is the optimum: the scale times log π(y)/ζ(y), up to a term "
        "of the prompt.",
    ),
    "value": Term(
        "value",
        "Of a loss: the number that it is. Two losses may have the same value and other gradients, "
        "where a part is held constant.",
    ),
    "gradient": Term(
        "gradient",
        "Of a loss: how its value changes with the policy's parameters. It is what training "
        "follows, and has a verdict of its own.",
    ),
    "proved": Term("proved", "The kernel has a theorem of it, for all policies and parameters."),
    "refuted": Term("refuted", "There is a counterexample: a tiny language model where it fails."),
    "undecided": Term("undecided", "Neither proved nor refuted; nothing is said."),
    "kernel": Term(
        "kernel",
        "The small part of the program that makes theorems. Everything else only proposes.",
    ),
    "residual": Term(
        "residual", "What is left when the two sides of a refuted equation are subtracted."
    ),
    "witness": Term("witness", "A counterexample in exact numbers, to be checked by hand."),
    "axis": Term(
        "axes",
        "Five computed properties of a loss: what its prior knows, its links, the kind of its "
        "terms, what its weights depend on, and what it looks at together.",
    ),
    "family": Term("family", "Losses of the same five axes."),
    "margin": Term("margin", "A term of MI-DPO's argument: the difference of two rewards."),
    "anchored": Term(
        "anchored", "A term of the score of one response, measured against a constant, the anchor."
    ),
    "of-a-pair": Term("of a pair", "A term that is neither, so that a prior has to know the pair."),
    "convention": Term(
        "convention", "How a library writes a loss of a paper, where it is documented to differ."
    ),
    "lattice": Term("lattice", "Which loss is a special case of which other one."),
    "certificate": Term("certificate", "A file that another program, Coq, accepts as a proof."),
}
