"""A certificate of a gradient: the loss of a pair moves as its coefficients say.

The statement is about any family of policies that is differentiable in one number, such as a
network along a line in the space of its parameters: `MidpoGradient` says what that means, and
proves it by the chain rule, of which the prover's own is not a part.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from midpo_sym.judges.exact import InexactError
from midpo_sym.judges.tiny import TinyModels
from midpo_sym.judges.witness import evaluate
from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.theorem import normal_form
from midpo_sym.language import tree
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.tree import Expression
from midpo_sym.prover.conditions import flows
from midpo_sym.prover.gradients.gradient import Gradient
from midpo_sym.prover.verdict import Proved
from midpo_sym.spec.model import Statement
from midpo_sym.targets.coq import instance, names
from midpo_sym.targets.coq.emit import (
    REQUIRE_GRADIENT,
    Certificate,
    Kind,
    Outside,
    value,
)
from midpo_sym.targets.coq.hypotheses import below_one, hypotheses, with_two_tokens
from midpo_sym.targets.coq.lines import Lines
from midpo_sym.targets.coq.outside import no_words_for
from midpo_sym.targets.coq.printer import CALL, CoqPrinter, definition
from midpo_sym.targets.coq.wording import (
    assumed,
    binders,
    filled,
    own_statistics,
    tied,
    typed,
    wrap,
)

_PAIR = "(x w l : list V)"


class GradientPrinter(CoqPrinter):
    """The spelling of MidpoCore, with names for the arguments of links, and two policies.

    Attributes:
        arguments: of the links of the loss, with their names in Coq.
        given: what each of these is a function of, besides policies, prompt and responses.
        still: the policy under a stop-gradient; "" if there is none.
    """

    def __init__(
        self, arguments: dict[tree.Defined, str], given: tuple[str, ...], still: str
    ) -> None:
        self.arguments = arguments
        self.given = given
        self.still = still
        self.policy = names.model("pi")

    def _model(self, name: str) -> str:
        return self.policy if name == "pi" else names.model(name)

    def print_probability(self, node: tree.Probability) -> str:
        return f"seq {self._model(node.model)} x {node.response}"

    def print_tokenprobability(self, node: tree.TokenProbability) -> str:
        return f"tok {self._model(node.model)} x {node.response} t"

    def print_statistic(self, node: tree.Statistic) -> str:
        models = " ".join(map(self._model, node.row.models))
        return f"{names.statistic(node.row)} {models} x {node.response} t"

    def print_stopgradient(self, node: tree.StopGradient) -> str:
        moving, self.policy = self.policy, self.still or self.policy
        try:
            return self.call("sg", node.body)
        finally:
            self.policy = moving

    def print_defined(self, node: tree.Defined) -> str:
        if node not in self.arguments:
            return super().print_defined(node)
        policies = [self.policy, *([self.still] if self.still else [])]
        return " ".join([self.arguments[node], *policies, *self.given, "x w l"])

    def level(self, node: Expression) -> int:
        return CALL if node in self.arguments else super().level(node)


@dataclass(frozen=True)
class _Said:
    """A gradient in Coq.

    Attributes:
        gradient: what is said.
        statement: a statement that speaks of all that it speaks of.
        moving: the coordinates through which a gradient flows into the loss.
        stops: whether something of the loss stands still.
    """

    gradient: Gradient
    statement: Statement
    moving: tuple[Expression, ...]
    stops: bool

    @property
    def binders(self) -> dict[str, Expression | str]:
        return binders(self.statement)

    @property
    def given(self) -> tuple[str, ...]:
        """Return what everything is a function of, besides the policy."""
        return tuple(each for each in self.binders if each != names.model("pi"))

    @property
    def arguments(self) -> dict[tree.Defined, str]:
        several = len(self.gradient.names) > 1
        return {
            each: f"argument_{number}" if several else "argument"
            for number, each in enumerate(self.gradient.names, 1)
        }

    @property
    def definitions(self) -> str:
        """Return the arguments, the loss and the coefficients, in Coq."""
        still = "m_still" if self.stops else ""
        moving = GradientPrinter(self.arguments, self.given, still)
        policies = "m_pi m_still" if self.stops else "m_pi"
        others = typed({k: v for k, v in self.binders.items() if k != names.model("pi")})
        head = f"{{V : vocab}} {tied(f'({policies} : policy V)')} {others}".rstrip()
        result = tied(f"{_PAIR} : R :=")
        parts = list(map(definition, own_statistics(self.statement)))
        for node, name in self.arguments.items():
            body = moving.print(node.body)
            parts.append(filled(f"Definition {name} {head} {result}", body))
        parts.append(filled(f"Definition loss {head} {result}", moving.print(self.gradient.loss)))
        at_point = GradientPrinter(self.arguments, self.given, "m_pi" if self.stops else "")
        head = f"{{V : vocab}} {tied('(m_pi : policy V)')} {others}".rstrip()
        result = f"{tied(_PAIR)} {tied('(t : nat) : R :=')}"
        for each in self.gradient.coefficients:
            name = f"coefficient_{_name(each.coordinate)}"
            parts.append(filled(f"Definition {name} {head} {result}", at_point.print(each.value)))
        return "\n\n".join(parts)

    @property
    def equation(self) -> str:
        """Return that the loss of every pair moves as its coefficients say."""
        rates = [_rate(each) for each in self.moving]
        rows = [
            "every D (fun x w l =>",
            f"  forall (family : R -> policy V) (s : R) ({' '.join(rates)} : nat -> R)",
            "    (h_family : family s = m_pi)",
            *(f"    ({_moves(each)})" for each in self.moving),
        ]
        rows[-1] += ","
        at = self._at("m_pi")
        sums = [
            f"sum_t (length {each.response}) (fun t => "
            f"coefficient_{_name(each.coordinate)} {at} t * {_rate(each.coordinate)} t)"
            for each in self.gradient.coefficients
        ]
        policies = "(family r) m_pi" if self.stops else "(family r)"
        loss = " ".join(["loss", policies, *self.given, "x w l"])
        whole = " + ".join(sums) or "0"
        rows.append(wrap(f"derivable_pt_lim (fun r => {loss}) s", "    ", "      "))
        rows.append(wrap(f"({whole}))", "      ", "        "))
        return "\n".join(f"  {row}" for row in rows)

    def _at(self, policy: str) -> str:
        return " ".join([policy, *self.given, "x w l"])

    def function(self, name: str, policy: str) -> str:
        """Return an argument at a policy, what stands still being at s."""
        policies = [policy, *(["(family s)"] if self.stops else [])]
        return " ".join([name, *policies, *self.given, "x w l"])


def emit_gradient(id_: str, gradient: Gradient, path: PurePosixPath) -> Certificate | Outside:
    """Return the certificate of a gradient, or why there is none.

    Args:
        id_: of the loss: `simpo`, or `simpo/section-4`.
        gradient: as the prover derived it.
        path: where the file belongs.
    """
    id_ = f"gradient of {id_}"
    if not gradient.is_proved:
        return Outside(id_, f"the prover has no gradient: {gradient.reason}")
    parts = (gradient.loss, *(each.value for each in gradient.coefficients))
    reason = no_words_for(parts)
    if reason:
        return Outside(id_, reason)
    apart = [_inverse(each.expression) for each in gradient.conditions]
    # The divisors first: a point is looked for at which they are not zero.
    whole = tree.total([*apart, *parts])
    statement = Statement.of(tree.Number(1), tree.Number(1), "identity", whole)
    shown = tree.total(list(parts))
    said = _Said(
        gradient,
        Statement.of(tree.Number(1), tree.Number(1), "identity", shown),
        tuple(_coordinates(gradient)),
        _stops(gradient.loss),
    )
    assumed_, grounds = hypotheses(said.statement, Proved(gradient.conditions, ()), labelled=False)
    below = below_one(parts)
    assumed_ = with_two_tokens(assumed_, below)
    types = typed(said.binders)
    head = f"forall {tied('(V : vocab)')} {types} {tied('(D : data V)')}"
    premises = "\n".join([wrap(head, "  ", "    "), *map(assumed, assumed_)])
    models = instance.somewhere(statement)
    facts = [_applies(said, [each.name for each in assumed_]), *_agreements(said, models)]
    module = instance.module(
        "instance_1", models, binders=said.binders, hypotheses=assumed_, facts=facts
    )
    rows = [
        f"{id_}: proved",
        "Generated by midpo certify from the specification; do not edit.",
        f"loss = {to_text(gradient.loss)}",
        *(f"argument {to_text(each)} = {to_text(each.body)}" for each in gradient.names),
    ]
    return Certificate(
        id=id_,
        kind=Kind.PROOF,
        path=path,
        comments="\n".join(names.comment(row) for row in rows),
        definitions=said.definitions,
        statement=f"Definition statement : Prop :=\n{premises},\n{said.equation}.",
        hypotheses=assumed_,
        grounds=grounds,
        agreements=(),
        instances=module,
        derivation=Lines(),
        proof=_proof(said, below),
        link="",
        opaque=False,
        requires=REQUIRE_GRADIENT,
    )


def _inverse(node: Expression) -> Expression:
    """Return 1 over what must not be zero, for each token if it speaks of one."""
    inverse = tree.Div(tree.Number(1), node)
    tokens = tree.token_responses(node)
    return tree.TokenSum(min(tokens), inverse) if tokens else inverse


def _coordinates(gradient: Gradient) -> Iterator[Expression]:
    """Yield the log-probabilities of both responses, then the statistics, that may move."""
    for response in "wl":
        yield tree.Log(tree.TokenProbability("pi", response))
    found = dict.fromkeys(each.coordinate for each in gradient.coefficients)
    found.update(dict.fromkeys(_moving_statistics(gradient.loss)))
    yield from (each for each in found if isinstance(each, tree.Statistic))


def _moving_statistics(node: Expression) -> Iterator[Expression]:
    if isinstance(node, tree.StopGradient):
        return
    if isinstance(node, tree.Statistic) and flows(node):
        yield node
    for child in node.children():
        yield from _moving_statistics(child)


def _stops(loss: Expression) -> bool:
    """Return whether the policy stands under a stop-gradient."""
    held = (node for node in loss.walk() if isinstance(node, tree.StopGradient))
    return any(flows(each.body) for each in held)


def _name(coordinate: Expression) -> str:
    """Return what a coordinate is called in the names of its coefficient and its derivative."""
    if isinstance(coordinate, tree.Statistic):
        return f"{names.mangle(coordinate.name)}_{coordinate.response}"
    assert isinstance(coordinate, tree.Log)
    assert isinstance(coordinate.body, tree.TokenProbability)
    return coordinate.body.response


def _rate(coordinate: Expression) -> str:
    return f"v_{_name(coordinate)}"


def _moves(coordinate: Expression) -> str:
    """Return the hypothesis that a coordinate of each token has a derivative."""
    printer = GradientPrinter({}, (), "")
    printer.policy = "(family r)"
    said = printer.print(coordinate)
    response = min(tree.token_responses(coordinate))
    return (
        f"h_{_name(coordinate)} : moves_by_token {response} (fun r t => {said}) s "
        f"{_rate(coordinate)}"
    )


def _applies(said: _Said, hypotheses_: list[str]) -> str:
    """Return the lemma that the statement says something here: all that it assumes holds."""
    given = " ".join([*said.binders, "D", *hypotheses_])
    equation = said.equation.replace("policy V)", "policy V4)")
    return "\n".join(
        [
            "Lemma applies : statement ->",
            f"{equation}.",
            "Proof.",
            wrap(f"intros claim; exact (claim V4 {given}).", "  ", "    "),
            "Qed.",
        ]
    )


def _agreements(said: _Said, models: TinyModels) -> Iterator[str]:
    """Yield lemmas that the arguments have the values there that the specification has."""
    own = own_statistics(said.statement)
    for node, name in said.arguments.items():
        if any(
            isinstance(n, (tree.Datum, tree.Position))
            or (isinstance(n, tree.Statistic) and n.row in own)
            for n in node.body.walk()
        ):
            continue  # at a tiny model they have no values that Coq could compute
        try:
            at = evaluate(node.body, models).value
            if any(atom.opaque for atom in normal_form(node.body).present()):
                continue
        except (InexactError, ZeroDivisionError, OutsideClassError, ZeroDenominatorError):
            continue
        policies = "m_pi m_pi" if said.stops else "m_pi"
        term = " ".join([name, policies, *said.given, "x w l"])
        yield value(f"{name}_w_l", term, at, name)


def _proof(said: _Said, below: tuple[Expression, ...]) -> str:
    coefficients = [f"coefficient_{_name(c.coordinate)}" for c in said.gradient.coefficients]
    rows = [
        *(f"#[local] Hint Unfold {each} : arguments." for each in said.arguments.values()),
        "Theorem certificate : statement.",
        "Proof.",
        "  unfold statement; intros; intros x w l here; at_pair here; intros.",
        "  subst m_pi; unfold moves_by_token in *.",
    ]
    at_s = GradientPrinter(said.arguments, said.given, "(family s)" if said.stops else "")
    at_s.policy = "(family s)"
    for each in below:
        fact = f"assert ({at_s.print(each)} < 1) by below_one."
        rows.append(wrap(fact, "  ", "    "))
    for name in said.arguments.values():
        function = said.function(name, "(family r)")
        rows.append(wrap(f"slope_of (fun r => {function}) s ltac:(unfold {name}).", "  ", "    "))
    if coefficients:
        rows.append(wrap(f"unfold {', '.join(coefficients)}.", "  ", "    "))
    rows.append("  eapply derivative_is; [unfold loss; find_slope |].")
    if not any(each.given_by == "" for each in said.gradient.conditions):  # nothing to look up
        for name in said.arguments.values():
            function = said.function(name, "(family s)")
            rows.append(wrap(f"slope_at ({function}).", "  ", "    "))
    rows += ["  slopes_equal w l.", "Qed."]
    return "\n".join(rows)
