"""Specifications as the laboratory reads them: what is linear in log π/ζ, and with what factors.

The kernel's normal form of log π/ζ of an answer is c + Σ_t r(t). The laboratory takes it if r has
degree one in the quantities of a token that the models say,

    r = m log π_t + k log π_ref,t + p log π_prev,t + Σ_s f_s s_t + d,

where s are the statistics of next-token distributions, and c, d and the factors are made of
parameters, weights and the length. Anything else is refused, and the sentence names the part. What
is read is the prior of the file, `[prior]`, and it has to be one that gives the loss of the file;
the kernel decides that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
from sympy.polys.fields import FracElement

from midpo_sym.kernel.forms import (
    Atom,
    Inside,
    NormalForm,
    OutsideClassError,
    Reading,
    ZeroDenominatorError,
)
from midpo_sym.kernel.responses import read
from midpo_sym.kernel.theorem import Answer, decide
from midpo_sym.lab.checks import LabError
from midpo_sym.lab.priors.numbers import Numbers
from midpo_sym.language import tree
from midpo_sym.language.quantities.statistics import STATISTICS
from midpo_sym.language.substitute import label_of_weight, resolve_labels, unfold
from midpo_sym.language.tree import Expression, over
from midpo_sym.language.vocabulary import MODELS
from midpo_sym.prover.derivation.rebuild import NotReadableError, rational
from midpo_sym.prover.framework import sides
from midpo_sym.prover.opaque import smallest_with
from midpo_sym.spec import library
from midpo_sym.spec.model import Derivation, ParameterSpec, Statement, WeightSpec

SCALE = 0.5  # α of MI-DPO; one for all priors, or their losses could not be compared
# Values of parameters, by their names in specifications; of others the default of the file.
PARAMETERS: Mapping[str, float] = {
    "alpha": SCALE,
    "eta": 0.8,
    "gamma": 0.5,
    "alpha_tilde": 0.1,
}
QUANTITIES: Mapping[Expression, str] = {
    tree.Log(tree.TokenProbability("pi", "y")): "policy",
    tree.Log(tree.TokenProbability("ref", "y")): "reference",
    tree.Log(tree.TokenProbability("prev", "y")): "previous",
    **{tree.Statistic(name, "y"): name for name in STATISTICS},
}
ROWS_OF_WEIGHTS = 2  # that a problem has of each kind


@dataclass(frozen=True, slots=True)
class Terms:
    """What log π/ζ of an answer is a sum of.

    Attributes:
        factors: of each quantity of a token, by its name in `QUANTITIES`; none that is zero.
        of_token: what is added for each token besides.
        of_answer: what is added once.
    """

    factors: Mapping[str, FracElement]
    of_token: FracElement
    of_answer: FracElement


@dataclass(frozen=True, slots=True)
class Algorithm:
    """An algorithm that the laboratory has numbers for.

    Attributes:
        id: of its specification.
        title: of its specification.
        chosen: log π/ζ of an answer that is chosen.
        rejected: of one that is rejected.
        parameters: values, by name.
        weights: which row of which array of a problem each weight is, by the name of its atom.
        atoms: what the variables of the fractions are.
        inside: what the opaque ones among them stand for.
    """

    id: str
    title: str
    chosen: Terms
    rejected: Terms
    parameters: Mapping[str, float]
    weights: Mapping[str, tuple[str, int]]
    atoms: Mapping[str, Atom]
    inside: Inside

    @property
    def by_label(self) -> bool:
        """Return whether the prior of an answer depends on its label."""
        return self.chosen != self.rejected

    @property
    def linear(self) -> bool:
        """Return whether log π/ζ is linear in the logits, up to a constant of the prompt.

        So it is if it has a multiple of log π(y), and nothing else of the policy; a multiple that
        is the same for all answers, or the normaliser of the policy does not cancel.
        """
        one, other = self.chosen.factors, self.rejected.factors
        moving = {name for name, row in STATISTICS.items() if row.trained}
        if moving & {*one, *other} or one.get("policy") != other.get("policy"):
            return False
        names = Numbers.names_of(one["policy"]) if "policy" in one else ()
        return all(isinstance(self.atoms[name].leaf, tree.Parameter) for name in names)


def expressible() -> tuple[Algorithm, ...]:
    """Return the shipped algorithms that the laboratory has numbers for, in the paper's order.

    That is the order of the works in `sources.toml`.
    """
    works = {key: place for place, key in enumerate(library.works())}
    found = []
    for derivation in library.paper():
        try:
            algorithm = read_algorithm(derivation)
        except LabError:
            continue
        work = derivation.source.work if derivation.source else ""
        found.append((works.get(work, len(works)), algorithm))
    found.sort(key=lambda each: each[0])  # stable: those of one work stay in the library's order
    return tuple(algorithm for _, algorithm in found)


def read_algorithm(derivation: Derivation) -> Algorithm:
    """Return what the laboratory takes from a specification.

    Raises:
        LabError: it cannot be expressed here; the sentence names the part.
    """
    id_, statement = derivation.id, derivation.statement
    if derivation.data:
        name = derivation.data[0].name
        raise LabError(
            f"{id_}: {name} is given as data, and the problems of the laboratory have none but "
            f"weights of tokens; write a weight or a parameter in its place"
        )
    if any(isinstance(node, tree.Position) for side in sides(statement) for node in side.walk()):
        raise LabError(
            f"{id_}: position(y, t) tells tokens apart by their places, and the laboratory does by "
            f"their weights alone; write a weight in its place"
        )
    parameters = {each.name: _value(each, id_) for each in derivation.parameters}
    weights = _assigned(derivation.weights, id_)
    ratio = tree.Log(tree.Div(tree.Probability("pi", "y"), statement.zeta))
    _check_gradient(id_, statement)
    chosen, rejected = (
        tree.at_responses(
            resolve_labels(unfold(tree.at_responses(ratio, {"y": label}))), {label: "y"}
        )
        for label in ("w", "l")
    )
    try:
        if decide(*sides(statement)).answer is not Answer.EQUAL:
            raise LabError(
                f"{id_}: MI-DPO with this [prior] is not known to have this [loss], and the "
                f"laboratory measures what it has; midpo prior shows one that gives the loss"
            )
        reading = read((chosen, rejected))
        scale = read((unfold(statement.scale),))
    except OutsideClassError as error:
        raise LabError(f"{id_}: {error}") from None
    except ZeroDenominatorError:
        raise LabError(f"{id_}: divides by something that is always zero") from None
    _check_scale(parameters, scale, f"{id_}: the scale {statement.scale}")
    one, other = reading.forms
    return Algorithm(
        id=id_,
        title=derivation.title,
        chosen=_Splitter(id_, one, reading.inside, chosen).terms(),
        rejected=_Splitter(id_, other, reading.inside, rejected).terms(),
        parameters=parameters,
        weights=weights,
        atoms=one.atoms,
        inside=reading.inside,
    )


def _check_gradient(id_: str, statement: Statement) -> None:
    """Refuse what a gradient stops at: the laboratory follows the gradient of the loss it has."""
    _, loss = sides(statement)
    for node in (*statement.zeta.walk(), *loss.walk()):
        if isinstance(node, tree.StopGradient) and any(map(_is_trained, node.walk())):
            raise LabError(
                f"{id_}: {node} has a stop-gradient, so that the gradient is that of no function, "
                f"and the laboratory minimises functions; write what is inside without sg"
            )


def _is_trained(node: Expression) -> bool:
    match node:
        case tree.Probability(model=model) | tree.TokenProbability(model=model):
            return MODELS[model].trained
        case tree.Statistic(row=row):
            return row.trained
    return False


def _value(parameter: ParameterSpec, id_: str) -> float:
    if parameter.name in PARAMETERS:
        return PARAMETERS[parameter.name]
    if parameter.default is None:
        raise LabError(
            f"{id_}: {parameter.name} has no value here; the laboratory has values of "
            f"{', '.join(PARAMETERS)}, and takes the default of any other: give it one"
        )
    return float(parameter.default)


def _assigned(weights: tuple[WeightSpec, ...], id_: str) -> dict[str, tuple[str, int]]:
    """Return which row of a problem's arrays each weight is.

    The `masks` are from 0 to 1, and some are 0; the `weights` are around 1, and all are positive.
    """
    free = {"masks": count(), "weights": count()}
    found = {}
    for weight in weights:
        if weight.domain == "open unit":
            raise LabError(
                f"{id_}: {weight.name} is between 0 and 1, and neither; the weights of a problem "
                "are around 1, and its masks may be 0"
            )
        near_one = weight.domain == "positive" or (weight.by_label and weight.domain != "unit")
        kind = "weights" if near_one else "masks"
        labels = ("_chosen_", "_rejected_") if weight.by_label else ("",)
        for label in labels:
            row = next(free[kind])
            if row >= ROWS_OF_WEIGHTS:
                raise LabError(
                    f"{id_}: {weight.name} is one weight too many; a problem has "
                    f"{ROWS_OF_WEIGHTS} rows of {kind}, and one by label takes two"
                )
            found[f"{label}{weight.name}(y, t)"] = kind, row
    return found


def _check_scale(parameters: Mapping[str, float], reading: Reading, name: str) -> None:
    (form,) = reading.forms
    path = np.ones((1, 1))
    found = Numbers(parameters, reading.inside, path).of(form.constant).item()
    if not np.isclose(found, SCALE, rtol=1e-12, atol=0):
        raise LabError(
            f"{name} is {found:g} here; all losses of the laboratory have the scale {SCALE:g}, "
            f"so that they can be compared: write it as alpha"
        )


@dataclass(frozen=True, slots=True)
class _Splitter:
    """Takes a normal form of log π/ζ apart."""

    id: str
    form: NormalForm
    inside: Inside
    node: Expression

    def terms(self) -> Terms:
        """Return its terms.

        Raises:
            LabError: it is not linear in the quantities of a token.
        """
        field = self.form.constant.field
        r = self.form.sums.get("y", field.zero)
        names = [symbol.name for symbol in field.symbols]
        quantities = {
            place: QUANTITIES[leaf]
            for place, atom in enumerate(map(self.form.atoms.get, names))
            if atom is not None and (leaf := atom.leaf) is not None and leaf in QUANTITIES
        }
        for part in (self.form.constant, r):
            self._check_opaque(part)
        below = field(r.denom)
        if {names[place] for place in quantities} & set(Numbers.names_of(below)):
            self._refuse(1 / below)
        found: dict[str, FracElement] = {"": field.zero}
        for monomial, coefficient in r.numer.terms():
            of_models = {place: monomial[place] for place in quantities if monomial[place]}
            if sum(of_models.values()) > 1:
                inner = tuple(e if place in of_models else 0 for place, e in enumerate(monomial))
                self._refuse(field(field.ring.from_dict({inner: field.domain.one})))
            outer = tuple(0 if place in of_models else e for place, e in enumerate(monomial))
            piece = field(field.ring.from_dict({outer: coefficient})) / field(r.denom)
            name = quantities[next(iter(of_models))] if of_models else ""
            found[name] = found.get(name, field.zero) + piece
        of_token = found.pop("")
        return Terms({name: k for name, k in found.items() if k}, of_token, self.form.constant)

    def _check_opaque(self, value: FracElement) -> None:
        """Refuse an opaque atom that hides a quantity of a token."""
        for name in Numbers.names_of(value):
            if self._hides(name):
                part = smallest_with({name}, self.node) or self.node
                raise LabError(self._sentence(part))

    def _hides(self, name: str) -> bool:
        if name not in self.inside:
            return False
        _, arguments = self.inside[name]
        parts = [part for constant, sums in arguments for part in (constant, *sums.values())]
        names = {inner for part in parts for inner in Numbers.names_of(part)}
        return any(
            self.form.atoms[inner].leaf in QUANTITIES or self._hides(inner) for inner in names
        )

    def _refuse(self, value: FracElement) -> None:
        try:
            part = rational(value, self.form.atoms)
        except NotReadableError:
            part = self.node
        raise LabError(self._sentence(part))

    def _sentence(self, part: Expression) -> str:
        return (
            f"{self.id}: log(pi/zeta) is not linear in the log-probabilities and statistics of "
            f"tokens, because of {_as_declared(part)}; the laboratory takes sums of these over "
            f"the tokens, each times what is made of parameters, weights and the length"
        )


def _as_declared(node: Expression) -> Expression:
    """Return a tree with its weights called as they are declared."""
    if isinstance(node, tree.Weight):
        return replace(node, name=label_of_weight(node.name)[0])
    return over(node, [_as_declared(child) for child in node.children()])
