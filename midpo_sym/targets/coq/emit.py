"""A certificate: the statement of a claim in Coq, and its proof or its refutation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from itertools import zip_longest
from pathlib import PurePosixPath

from midpo_sym.judges.exact import Polynomial
from midpo_sym.judges.tiny import TinyModels
from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.theorem import normal_form
from midpo_sym.language import tree
from midpo_sym.language.objective import Objective
from midpo_sym.language.printing.text import to_text
from midpo_sym.prover.derivation.steps import Steps
from midpo_sym.prover.framework import FRAMEWORK_LINK, framework_argument
from midpo_sym.prover.prove import Result
from midpo_sym.prover.verdict import Refuted, Status, Verdict
from midpo_sym.spec.model import Statement
from midpo_sym.targets.coq import instance, names
from midpo_sym.targets.coq.hypotheses import (
    Ground,
    Premise,
    below_one,
    hypotheses,
    with_two_tokens,
)
from midpo_sym.targets.coq.instance import Values
from midpo_sym.targets.coq.lines import Lines, lines
from midpo_sym.targets.coq.outside import no_certificate
from midpo_sym.targets.coq.printer import to_coq
from midpo_sym.targets.coq.wording import Wording, binders, own_statistics, wrap

AGREEMENTS = 2  # points at which the kernel computes the values of what was printed

PRINT = "Print Assumptions certificate."
REQUIRE = """\
From Coq Require Import Reals Lra Lia List ZArith.
From Midpo Require Import MidpoCore MidpoRefute.
Import ListNotations.
Local Open Scope R_scope.
"""
REQUIRE_GRADIENT = REQUIRE.replace("MidpoRefute.", "MidpoRefute MidpoGradient.")


class Kind(Enum):
    """What a certificate proves: the statement, or that it is false."""

    PROOF = "proof"
    REFUTATION = "refutation"

    @property
    def theorem(self) -> str:
        """Return what such a certificate is a proof of, in Coq."""
        return "statement" if self is Kind.PROOF else "~ statement"


KINDS = {Status.PROVED: Kind.PROOF, Status.REFUTED: Kind.REFUTATION}


@dataclass(frozen=True)
class Certificate:
    """A Coq file about one statement.

    Attributes:
        id: of the result: `simpo/section-4`.
        kind: whether it proves the statement or refutes it.
        path: where the file belongs, under the folder of certificates.
        comments: what it is, and the statement in the words of the specification.
        definitions: the prior, the scale and the argument of the loss, in Coq.
        statement: the statement, in Coq.
        hypotheses: the hypotheses of the statement.
        grounds: each recorded condition and assumption, with the hypotheses that it became.
        agreements: values that the kernel has to find at tiny language models.
        instances: the tiny language models, with proofs of those values.
        derivation: its lines, which Coq replays as far as its procedure goes; none if the statement
            is refuted, or has parts that are compared as they are spelled.
        proof: the theorem that settles the statement.
        link: of the loss.
        opaque: whether the statement has parts that the procedure compares as they are spelled.
        requires: what the file imports.
    """

    id: str
    kind: Kind
    path: PurePosixPath
    comments: str
    definitions: str
    statement: str
    hypotheses: tuple[Premise, ...]
    grounds: tuple[Ground, ...]
    agreements: tuple[Values, ...]
    instances: str
    derivation: Lines
    proof: str
    link: str
    opaque: bool
    requires: str = REQUIRE

    @property
    def lines(self) -> str:
        """Return the theorem that each line of the derivation equals the next, or ""."""
        return str(self.derivation)

    def without_lines(self, left_out: tuple[int, ...]) -> Certificate:
        """Return the certificate without some lines of the derivation, by their numbers."""
        return replace(self, derivation=self.derivation.without(left_out))

    @property
    def body(self) -> str:
        """Return the file without its imports: what a module of a larger file can hold."""
        parts = (self.definitions, self.statement, self.instances, self.lines, self.proof)
        return "\n\n".join(part for part in parts if part)

    @property
    def text(self) -> str:
        """Return the file; it needs the library."""
        return f"{self.comments}\n\n{self.requires}\n{self.body}\n\n{PRINT}\n"

    def standalone(self, library: Iterable[str]) -> str:
        """Return a file that Coq accepts by itself.

        Args:
            library: the texts of what it requires of the library, in their order.
        """
        texts = [*library, self.requires]
        # All imports first: one that comes later hides what the library defines.
        imported = {name for text in texts for name in _imported(text)}
        imports = f"From Coq Require Import {' '.join(sorted(imported))}."
        parts = [_without_imports(text) for text in texts]
        return "\n\n".join([self.comments, imports, *parts, self.body, PRINT]) + "\n"


@dataclass(frozen=True)
class Outside:
    """A statement without a certificate, and why."""

    id: str
    reason: str


def emit(result: Result) -> Certificate | Outside:
    """Return the certificate of a result's value, or why there is none."""
    stem = names.file_stem(result.claim.id if result.claim else None)
    if result.term:
        stem += f"_term_{result.term}"
    has_lines = (
        result.verdict.status is Status.PROVED
        and result.statement.target.is_one_term
        and not is_opaque(result.statement)
    )
    return emit_statement(
        result.id,
        result.statement,
        result.verdict,
        path=PurePosixPath(result.derivation.id, f"{stem}.v"),
        steps=result.steps if has_lines else None,
    )


def emit_statement(
    id_: str,
    statement: Statement,
    verdict: Verdict,
    *,
    path: PurePosixPath,
    steps: Steps | None = None,
) -> Certificate | Outside:
    """Return the certificate of a statement, or why there is none.

    Args:
        id_: names the statement.
        statement: what is certified.
        verdict: the prover's, of its value; it says what to prove, and Coq whether that is so.
        path: where the file belongs.
        steps: the derivation of what is proved, to be certified line by line, unless it has parts
            that are compared as they are spelled.
    """
    statement = _of_one_term(statement)
    reason = no_certificate(statement, verdict)
    if reason:
        return Outside(id_, reason)
    opaque = is_opaque(statement)
    own = own_statistics(statement)
    if isinstance(verdict, Refuted):
        at = instance.refutation(statement)
        if at is None and verdict.witness.kind == "enclosure":
            return Outside(
                id_, "the counterexample is in certified intervals, not in exact numbers"
            )
        if at is None:
            return Outside(id_, "no tiny language model has values that the kernel can tell apart")
        agreed: tuple[Values, ...] = (at,)
    else:
        alone = opaque or own or _places(statement)
        agreed = () if alone else instance.agreements(statement, AGREEMENTS)
    used = binders(statement)
    found, grounds = hypotheses(statement, verdict, labelled="label" in used)
    prior = [tree.at_responses(statement.zeta, {"y": each}) for each in "wl"]
    below = below_one([*prior, statement.argument])
    found = with_two_tokens(found, below)
    said = Wording(statement, used, found)
    points = [each.models for each in agreed] or [instance.somewhere(statement)]
    modules = [
        _module(f"instance_{number}", models, at, said)
        for number, (models, at) in enumerate(zip_longest(points, agreed), 1)
    ]
    return Certificate(
        id=id_,
        kind=KINDS[verdict.status],
        path=path,
        comments=_comments(id_, statement, verdict),
        definitions=said.definitions,
        statement=said.proposition,
        hypotheses=found,
        grounds=grounds,
        agreements=agreed,
        instances="\n\n".join([_prior_positive(said, below_one([statement.zeta])), *modules]),
        derivation=lines(said, steps) if steps and not opaque else Lines(),
        proof=(
            _proof(statement, below) if verdict.status is Status.PROVED else _refutation(statement)
        ),
        link=statement.link,
        opaque=opaque,
        requires=REQUIRE_GRADIENT if below else REQUIRE,
    )


def _places(statement: Statement) -> bool:
    """Return whether places of tokens are spoken of, of which Coq computes no values."""
    parts = (statement.zeta, statement.argument)
    return any(isinstance(node, tree.Position) for part in parts for node in part.walk())


def _of_one_term(statement: Statement) -> Statement:
    """Return a statement of one term under a named link: of any other loss, of the whole of it.

    That is minus the loss under the identity.
    """
    term = statement.target.as_term()
    if statement.target.is_one_term and term == statement.target.terms[0]:
        return statement
    return replace(statement, target=Objective((term,)))


_TITLES = {Status.PROVED: "proved", Status.REFUTED: "refuted at an explicit instance"}


def is_opaque(statement: Statement) -> bool:
    """Return whether a statement has parts that the laws of logarithms and sums do not reach.

    Such parts are compared as they are spelled, so a proof may or may not be found.
    """
    try:
        forms = [normal_form(framework_argument(statement)), normal_form(statement.argument)]
    except (OutsideClassError, ZeroDenominatorError):
        return True
    return any(atom.opaque for form in forms for atom in form.present())


def _imported(text: str) -> list[str]:
    return " ".join(re.findall(r"^From Coq Require Import (.*)\.$", text, re.MULTILINE)).split()


def _without_imports(text: str) -> str:
    lines = [line for line in text.splitlines() if not line.startswith("From ")]
    return "\n".join(lines).strip("\n")


def _comments(id_: str, statement: Statement, verdict: Verdict) -> str:
    """Return what the file is, and the statement in the words of the specification."""
    rows = [
        f"{id_}: {_TITLES[verdict.status]}",
        "Generated by midpo certify from the specification; do not edit.",
        f"zeta = {to_text(statement.zeta)}",
        f"scale = {to_text(statement.scale)}",
        f"argument of {statement.link} = {to_text(statement.argument)}",
    ]
    return "\n".join(names.comment(row) for row in rows)


def _prior_positive(said: Wording, below: tuple[tree.Expression, ...]) -> str:
    """Return the theorem that the prior is one: positive at every response that is not empty.

    Args:
        said: the statement.
        below: what of the prior, at a response y, has to be below one for that.
    """
    facts = "".join(f" assert ({to_coq(each)} < 1) by below_one;" for each in below)
    return f"{said.prior_positive}\nProof. intros; unfold zeta;{facts} positive. Qed."


def _module(name: str, models: TinyModels, at: Values | None, said: Wording) -> str:
    """Return a point, that the statement says something there, and what values it has."""
    facts = [_applies(said)]
    if at:
        zeta = f"zeta {said.arguments} x"
        scale = f"scale {said.arguments}"
        framework = f"mi_argument ({scale}) m_pi (fun x y => {zeta} y / Z x) x w l"
        of = said.statement.score_of
        if of:
            framework = said.score
        chosen, rejected = at.prior
        facts += [
            value("prior_w", f"ln ({zeta} w)", chosen, "zeta"),
            value("prior_l", f"ln ({zeta} l)", rejected, "zeta"),
            value("argument_w_l", f"argument {said.arguments} x w l", at.argument, "argument"),
            value(
                "framework_w_l",
                framework,
                at.framework,
                "scale, zeta" if of else "mi_argument, scale, zeta",
            ),
        ]
    return instance.module(
        name, models, binders=said.binders, hypotheses=said.hypotheses, facts=facts
    )


def _applies(said: Wording) -> str:
    """Return the lemma that the statement says something here: all that it assumes holds."""
    names_ = (each.name for each in said.hypotheses)
    factor = [] if said.statement.score_of else ["Z"]
    known = [] if said.statement.score_of else ["h_Z"]
    given = " ".join([said.arguments, *factor, "D", *known, *names_])
    return "\n".join(
        [
            "Lemma applies : statement ->",
            f"{said.equation}.",
            "Proof.",
            wrap(f"intros claim; exact (claim V4 {given}).", "  ", "    "),
            "Qed.",
        ]
    )


def value(name: str, term: str, number: Polynomial, unfold: str) -> str:
    """Return the lemma that a term has a value at a point."""
    return (
        f"Lemma {name} :\n{wrap(term, '  ', '    ')}\n  = {instance.polynomial(number)}.\n"
        f"Proof. facts; unfold {unfold}; read_labels; evaluate w l unfold_names. Qed."
    )


def _proof(statement: Statement, below: tuple[tree.Expression, ...]) -> str:
    tactic = "midpo" if statement.link == FRAMEWORK_LINK else "midpo_losses"
    if statement.score_of:
        tactic = "midpo_lines"
    facts = "".join(
        f"  intros; assert (every D (fun x w l => {to_coq(each)} < 1)) by\n"
        "    (intros x w l here; at_pair here; below_one).\n"
        for each in below
    )
    proof = f"\n{facts}  {tactic}." if facts else f" {tactic}."
    return (
        "Theorem certificate : statement.\n"
        f"Proof. unfold statement, scale, zeta, argument.{proof} Qed."
    )


_LINKS = {
    "identity": "unfold loss_identity in H; apart",
    "hinge": "unfold loss_hinge, Rmax in H; destruct Rle_dec; apart",
    "square": "unfold loss_square in H; apart",
    "sigmoid": "unfold loss_sigmoid, sigmoid in H; rewrite Ropp_0, exp_0 in H; apart",
}


def _refutation(statement: Statement) -> str:
    last = [
        "  apply logsigmoid_injective in H. rewrite framework_w_l, argument_w_l in H. apart.",
    ]
    if statement.link != FRAMEWORK_LINK:
        last = [
            "  rewrite framework_w_l, argument_w_l, logsigmoid_at_zero in H.",
            f"  {_LINKS[statement.link]}.",
        ]
    return "\n".join(
        [
            "Import instance_1.",
            "Theorem certificate : ~ statement.",
            "Proof.",
            "  intros claim. pose proof (applies claim) as H.",
            "  unfold mi_dpo, D in H. apply mean_pair in H.",
            *last,
            "Qed.",
        ]
    )
