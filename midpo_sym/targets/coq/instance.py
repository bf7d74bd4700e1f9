"""A tiny language model of the prover's, as a Coq module over `MidpoRefute`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from midpo_sym.judges.exact import InexactError, Polynomial
from midpo_sym.judges.tiny import VOCABULARY, Prefix, TinyModels, points
from midpo_sym.judges.witness import evaluate
from midpo_sym.language import tree
from midpo_sym.language.tree import Expression
from midpo_sym.prover.framework import FRAMEWORK_LINK, framework_argument, prior
from midpo_sym.spec.model import Statement
from midpo_sym.targets.coq import names
from midpo_sym.targets.coq.hypotheses import Premise

LETTERS = dict(zip(VOCABULARY, ("ta", "tb", "tc", "te"), strict=True))
# Bounds of ln 2 that MidpoRefute proves: ln2_below, ln2_above.
LN2 = (Fraction(6921, 10000), Fraction(6943, 10000))
_TRIES = 400
_SEEDS = 5


@dataclass(frozen=True)
class Values:
    """What a statement amounts to at a point, as polynomials in log 2.

    Attributes:
        models: the point.
        prior: log ζ(y_w) and log ζ(y_l), without Z(x).
        framework: what goes into MI-DPO's log-sigmoid.
        argument: what goes into the link of the loss.
    """

    models: TinyModels
    prior: tuple[Polynomial, Polynomial]
    framework: Polynomial
    argument: Polynomial


def values(statement: Statement, models: TinyModels) -> Values:
    """Return what a statement amounts to at a point.

    Raises:
        InexactError: a value is no polynomial in log 2.
        ZeroDivisionError: it divides by zero there.
    """
    chosen, rejected = (
        evaluate(tree.Log(prior(statement, response)), models).value for response in "wl"
    )
    framework = evaluate(framework_argument(statement), models).value
    return Values(models, (chosen, rejected), framework, evaluate(statement.argument, models).value)


def agreements(statement: Statement, count: int) -> tuple[Values, ...]:
    """Return the values at the first points where both arguments have one that is not zero."""
    found: list[Values] = []
    for each in _evaluated(statement, 0):
        if each.framework and each.argument:
            found.append(each)
        if len(found) == count:
            break
    return tuple(found)


def somewhere(statement: Statement) -> TinyModels:
    """Return a point at which a statement divides by zero nowhere."""
    sides = (framework_argument(statement), statement.argument)
    for models in points(*sides, tries=_TRIES):
        try:
            values(statement, models)
        except InexactError:
            return models  # past every denominator that is a number, or close to it
        except ZeroDivisionError:
            continue
        return models
    return models


def refutation(statement: Statement) -> Values | None:
    """Return the values at a point where the kernel can tell the two losses apart."""
    for seed in range(_SEEDS):
        for each in _evaluated(statement, seed):
            if tells_apart(statement.link, each):
                return each
    return None


def tells_apart(link: str, at: Values) -> bool:
    """Return whether the bounds of ln 2 show that a loss is not MI-DPO's at a point.

    Under another link than the log-sigmoid, where MI-DPO's argument is zero: there its loss is
    ln 2. Each case is one that the proof in Coq goes through.
    """
    if link == FRAMEWORK_LINK:
        return _is_not_zero(_minus(at.framework, at.argument))
    if at.framework:
        return False
    argument, one, log_2 = at.argument, (Fraction(1),), (Fraction(0), Fraction(1))
    match link:
        case "identity":  # -a against ln 2
            return _is_not_zero(_minus(_minus((), argument), log_2))
        case "hinge":  # 1 - a, or zero, which ln 2 is not
            return _is_not_zero(_minus(_minus(one, argument), log_2))
        case "square" if len(argument) <= 1:
            (rest,) = _minus(one, argument)
            return _is_not_zero(_minus((rest**2,), log_2))
    return not argument  # the sigmoid of zero is 1/2


def _evaluated(statement: Statement, seed: int) -> Iterator[Values]:
    sides = (framework_argument(statement), statement.argument)
    for models in points(*sides, tries=_TRIES, seed=seed):
        try:
            yield values(statement, models)
        except (InexactError, ZeroDivisionError):
            continue


def _minus(left: Polynomial, right: Polynomial) -> Polynomial:
    size = max(len(left), len(right))
    one, other = ((*each, *[Fraction(0)] * (size - len(each))) for each in (left, right))
    return tuple(a - b for a, b in zip(one, other, strict=True))


def _is_not_zero(value: Polynomial) -> bool:
    """Return whether a polynomial of degree one or less has one sign between the bounds of ln 2."""
    constant, slope, *higher = (*value, Fraction(0), Fraction(0))
    ends = [constant + slope * bound for bound in LN2]
    return not any(higher) and ends[0] * ends[1] > 0


def number(value: Fraction) -> str:
    """Return a rational number as an argument in Coq."""
    if value.denominator == 1:
        return str(value) if value >= 0 else f"({value})"
    return f"({value.numerator} / {value.denominator})"


def _whole(value: int) -> str:
    """Return a whole number to which a scope can be given: in Coq `-1%Z` is `-(1%Z)`."""
    return str(value) if value >= 0 else f"({value})"


def polynomial(value: Polynomial) -> str:
    """Return a polynomial in ln 2 as a term of Coq."""
    powers = ("", " * ln 2")
    terms = [
        number(each) + (powers[k] if k < len(powers) else f" * ln 2 ^ {k}")
        for k, each in enumerate(value)
        if each
    ]
    return " + ".join(terms) or "0"


def text(tokens: Iterable[str]) -> str:
    """Return a text as a list of letters."""
    return f"[{'; '.join(LETTERS[each] for each in tokens)}]"


def module(
    name: str,
    models: TinyModels,
    *,
    binders: dict[str, Expression | str],
    hypotheses: tuple[Premise, ...],
    facts: list[str],
) -> str:
    """Return a module that defines a point and proves what is asked of it.

    Args:
        name: of the module.
        models: the point.
        binders: the names of the statement, each with the leaf that it stands for.
        hypotheses: the hypotheses of the statement; a lemma of the same name proves each.
        facts: lemmas on values, as texts.
    """
    defined = {
        "x": "Definition x : list V4 := [].",
        "w": f"Definition w : list V4 := {text(models.responses['w'])}.",
        "l": f"Definition l : list V4 := {text(models.responses['l'])}.",
        "Z": f"Definition Z (_ : list V4) : R := {number(Fraction(2) ** models.factor)}.",
    }
    for coq_name, leaf in binders.items():
        defined[coq_name] = _definition(coq_name, leaf, models)
    lines = [
        f"Module {name}.",
        *defined.values(),
        "Definition D : data V4 := one_pair x w l.",
        f"Ltac unfold_names := cbv beta iota delta [{' '.join(defined)}].",
        "Lemma h_Z : forall x, 0 < Z x.",
        "Proof. intros; unfold Z; lra. Qed.",
    ]
    if "label" in binders:
        lines += [
            "Lemma label_w : label x w = true.",
            "Proof. reflexivity. Qed.",
            "Lemma label_l : label x l = false.",
            "Proof. reflexivity. Qed.",
            "Ltac read_labels := rewrite ?label_w, ?label_l; cbv beta iota.",
        ]
    else:
        lines.append("Ltac read_labels := idtac.")
    plain = [
        each for each in hypotheses if each.name.startswith(("hp_", "hw_", "hd_", "h_length_"))
    ]
    rest = [each for each in hypotheses if each not in plain]
    lines += [_lemma(each) for each in plain]
    at_pair = [
        f"({each.name} _ _ _ (or_introl eq_refl))"
        if each.name.startswith("h_length_")
        else each.name
        for each in plain
    ]
    lines.append(f"Ltac facts := {'; '.join(f'pose proof {each}' for each in ['h_Z', *at_pair])}.")
    lines += [_lemma(each) for each in rest]
    return "\n".join([*lines, *facts, f"End {name}."])


def _lemma(hypothesis: Premise) -> str:
    said = hypothesis.proposition.replace("token V,", "token V4,")
    return f"Lemma {hypothesis.name} : {said}.\n{_shown(hypothesis)}"


def _shown(hypothesis: Premise) -> str:
    """Return the proof that a hypothesis holds at a point."""
    name = hypothesis.name
    if name == "h_tokens":
        return "Proof. exists ta, tb; discriminate. Qed."
    if name == "h_labels":
        return "Proof. apply labels_pair; reflexivity. Qed."
    if name.startswith("h_length"):
        return "Proof. apply every_pair; unfold_names; simpl; lia. Qed."
    if name.startswith("h_condition"):
        return "Proof. condition w l unfold_names facts. Qed."
    if name.startswith("hp_"):
        return "Proof. unfold_names; lra. Qed."
    if name.startswith("hd_"):
        return "Proof. intros; unfold_names; given_in_domain. Qed."
    predicate = hypothesis.domain.replace("{}", "q")
    by_label = "intros []; " if hypothesis.proposition.startswith("forall chosen") else ""
    return f"Proof. {by_label}unfold_names; weight_in_domain (fun q => {predicate}). Qed."


def _definition(name: str, leaf: Expression | str, models: TinyModels) -> str:
    match leaf:
        case tree.Parameter():
            return f"Definition {name} : R := {number(models.parameters[leaf.name])}."
        case tree.Datum(of=()):
            return f"Definition {name} : R := {number(models.data[leaf.name, ()])}."
        case tree.Datum():
            return _datum(name, leaf, models)
        case tree.Weight(by_label=False):
            return f"Definition {name} : per_token V4 :=\n  {_table(leaf.name, 'wl', models)}."
        case tree.Weight():
            chosen, rejected = (_table(leaf.name, each, models) for each in "wl")
            return (
                f"Definition {name} (chosen : bool) : per_token V4 :=\n"
                f"  if chosen then {chosen}\n  else {rejected}."
            )
        case "label":
            return "Definition label : labelling V4 := chosen_is w."
    rows = [
        f"({text(prefix)}, Powers {' '.join(map(str, powers))})"
        for (model, prefix), powers in models.powers.items()
        if names.model(model) == name
    ]
    return f"Definition {name} : policy V4 :=\n  dyadic [{'; '.join(rows)}] eq_refl."


def _datum(name: str, leaf: tree.Datum, models: TinyModels) -> str:
    """Return the definition of a number of each of the two responses, or of their pair."""
    label = "(_ : bool) " * leaf.by_label
    given = {
        of: number(value) for (of_name, of), value in models.data.items() if of_name == leaf.name
    }
    if len(leaf.of) == 1:
        chosen, rejected = (given.get((each,), "1") for each in "wl")
        body = (
            f"fun _ y => if same_text y {text(models.responses['w'])} then {chosen} else {rejected}"
        )
    else:
        body = f"fun {' '.join(['_'] * (1 + len(leaf.of)))} => {next(iter(given.values()), '1')}"
    return f"Definition {name} {label}: {_function(leaf)} :=\n  {body}."


def _function(datum: tree.Datum) -> str:
    """Return the type of a datum of responses, at a label if it has one."""
    return " -> ".join([*["list V4"] * (1 + len(datum.of)), "R"])


def _table(name: str, responses: str, models: TinyModels) -> str:
    """Return the table of a weight: a text up to and with a token, and the token's weight."""
    found: dict[Prefix, Fraction] = {}
    for response in responses:
        tokens = models.responses[response]
        for t in range(len(tokens)):
            found[tokens[: t + 1]] = models.weights[name, response, t]
    rows = [
        f"({text(prefix)}, ({_whole(each.numerator)}%Z, {each.denominator}%positive))"
        for prefix, each in found.items()
    ]
    return f"weight [{'; '.join(rows)}]"
