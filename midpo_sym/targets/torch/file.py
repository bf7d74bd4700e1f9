"""What the file of a loss says: one frozen plan, which the template prints and decides nothing."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from midpo_sym.language import tree
from midpo_sym.language.errors import Advice
from midpo_sym.language.printing.mathematics import default_symbol
from midpo_sym.language.printing.printer import TERM
from midpo_sym.language.substitute import at_labels, unfold
from midpo_sym.language.tree import Expression
from midpo_sym.language.vocabulary import MODELS
from midpo_sym.plan.lower import FILLED, LABELS, Code, Coder, Kind
from midpo_sym.plan.sums import weighs_tokens
from midpo_sym.prover.derivation.computation import Computation, computation
from midpo_sym.prover.framework import FRAMEWORK_LINK
from midpo_sym.prover.prove import Result
from midpo_sym.prover.special_cases import Specialisation
from midpo_sym.prover.verdict import Proved
from midpo_sym.spec.errors import SpecError
from midpo_sym.spec.model import ParameterSpec, WeightSpec
from midpo_sym.targets.torch import prose
from midpo_sym.targets.torch.errors import NotExpressibleError, NotProvedError
from midpo_sym.targets.torch.links import TORCH_LINKS, TorchLink
from midpo_sym.targets.torch.names import (
    function_name,
    is_taken_from_parameters,
    is_taken_from_weights,
    module_name,
)
from midpo_sym.targets.torch.statistics import Describer, Input, Statistic

WIDTH = 100  # columns of a generated file
_DIGITS = 12  # of the specification's hash
_FROZEN = tuple(name for name, model in MODELS.items() if not model.trained)


@dataclass(frozen=True, slots=True)
class Number:
    """A hyper-parameter of the generated function.

    Attributes:
        name: in Python.
        domain: a row of `DOMAINS`.
        default: ` = value`, or nothing if the authors name none.
        doc: what it is.
    """

    name: str
    domain: str
    default: str
    doc: str


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of one name: of which domain, and what they are called for each label."""

    name: str
    domain: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that the template prints.

    Attributes:
        spec: name of the file it is generated from.
        digest: first digits of the file's SHA-256.
        function: name of the function.
        module: name of the class.
        headline: first line of the docstrings.
        story: the docstring up to its arguments.
        imports: names from `midpo_sym.tensor`.
        uses_math: whether numbers are given to functions of `math`.
        uses_torch: whether the formulas call functions of torch.
        by_token: whether the statistics are per token.
        divergences: which divergences it takes.
        statistics: tensors that the function takes, in order.
        optional_masks: masks that it takes, but can do without.
        numbers: hyper-parameters.
        nonzero: what has to differ from zero, in Python.
        weights: what weighs tokens.
        inputs: tensors that the formulas use.
        fills: inputs that masked sums need without zeros at padding, and the mask of each.
        formulas: name and text of each formula, the text in lines.
        needs: keyword arguments of `Needs`.
        link: the outer function.
        link_is_default: whether it is that of `PreferenceLoss`.
    """

    spec: str
    digest: str
    function: str
    module: str
    headline: str
    story: str
    imports: tuple[str, ...]
    uses_math: bool
    uses_torch: bool
    by_token: bool
    divergences: tuple[tuple[str, str], ...]
    statistics: tuple[Statistic, ...]
    optional_masks: tuple[Statistic, ...]
    numbers: tuple[Number, ...]
    nonzero: tuple[str, ...]
    weights: tuple[Weights, ...]
    inputs: tuple[Input, ...]
    fills: tuple[tuple[str, str], ...]
    formulas: tuple[tuple[str, tuple[str, ...]], ...]
    needs: tuple[tuple[str, str], ...]
    link: TorchLink
    link_is_default: bool


def plan(result: Result, specialises: Iterable[Specialisation] = ()) -> Plan:
    """Return what the file of a proved statement says.

    Args:
        result: of the statement of [prior] and [loss].
        specialises: what the algorithm becomes at special values.

    Raises:
        NotProvedError: the value is not proved.
        NotExpressibleError: there is no code for it.
        SpecError: a name of the specification cannot be used in Python.
    """
    if not isinstance(result.verdict, Proved):
        raise NotProvedError(prose.why_not(result))
    return _Planner(result).plan(specialises)


class _Planner:
    """Plans the file of one result."""

    def __init__(self, result: Result) -> None:
        self.result = result
        self.derivation = result.derivation
        self.computed: Computation = computation(result.statement)
        computed = self.computed
        self.trees = (computed.argument, computed.chosen, computed.rejected)
        self.nodes = [node for each in self.trees for node in each.walk()]
        self.by_token = any(map(weighs_tokens, self.nodes))
        declared: list[ParameterSpec | WeightSpec] = [*self.derivation.parameters]
        declared += self.derivation.weights
        self.names = {each.name: each.torch for each in declared}
        self.symbols = {each.name: default_symbol(each.torch) for each in declared}
        self.divergences = {
            (node.first, node.second) for node in self.nodes if isinstance(node, tree.Divergence)
        }
        models = {
            node.model
            for node in self.nodes
            if isinstance(node, (tree.Probability, tree.TokenProbability))
        }
        self.frozen = [model for model in _FROZEN if model in models]
        self.coder = Coder(
            self.names,
            self.by_token,
            self.frozen[0] if len(self.frozen) == 1 else None,
            both_divergences=len(self.divergences) > 1,
        )

    def plan(self, specialises: Iterable[Specialisation]) -> Plan:
        names = ("argument", "chosen_rewards", "rejected_rewards")
        formulas = [
            (name, self.lines(name, each)) for name, each in zip(names, self.trees, strict=True)
        ]
        sums = [(name, (text,)) for text, name in self.coder.sums.items()]
        formulas = [*sums, *formulas]
        link = TORCH_LINKS[self.result.statement.link]
        nonzero = tuple(dict.fromkeys(self.nonzero()))
        used = _names(*(" ".join(lines) for _, lines in formulas))
        numbers = tuple(self.numbers(used | _names(*nonzero)))
        fills = {name.removeprefix(FILLED) for name in used if name.startswith(FILLED)}
        used |= fills
        inputs = tuple(self.inputs(used))
        masks = [f"{label}_mask" for label in LABELS.values()] if self.by_token else []
        statistics = tuple(self.statistics(inputs))
        weights = tuple(self.weights(inputs))
        optional = [Describer.mask(each, needed=False) for each in masks if each not in used]
        helpers = {"Needs", "PreferenceLoss", "ResponseStatistics"}
        helpers |= {"check_tokens" if self.by_token else "check_pairs"}
        helpers |= {"check_number"} if numbers else set()
        helpers |= {"check_nonzero"} if nonzero else set()
        helpers |= {"check_weights"} if weights else set()
        helpers |= {"fill_padding"} if fills else set()
        helpers |= {"log_sum_exp"} & used
        symbols = {**self.derivation.symbols, **self.symbols}
        return Plan(
            spec=self.derivation.path.name,
            digest=hashlib.sha256(self.derivation.text.encode()).hexdigest()[:_DIGITS],
            function=function_name(self.derivation.id),
            module=module_name(self.derivation.title, self.derivation.id),
            headline=prose.headline(self.result),
            story=prose.story(self.result, self.computed, symbols, specialises),
            imports=tuple(sorted(helpers, key=lambda each: (each.islower(), each))),
            uses_math="math" in used | _names(*nonzero),
            uses_torch="torch" in used | _names(link.code),
            by_token=self.by_token,
            divergences=tuple(sorted(self.divergences)),
            statistics=statistics,
            optional_masks=tuple(optional),
            numbers=numbers,
            nonzero=nonzero,
            weights=weights,
            inputs=inputs,
            fills=tuple(
                (each.name, f"{label}_mask")
                for each in inputs
                for label in LABELS.values()
                if each.name in fills and label in each.name.split("_")[:2]
            ),
            formulas=tuple(formulas),
            needs=tuple(self.needs(used, weights)),
            link=link,
            link_is_default=self.result.statement.link == FRAMEWORK_LINK,
        )

    def lines(self, name: str, node: Expression) -> tuple[str, ...]:
        """Return a formula as one line, or a term of its sum to a line."""
        room = WIDTH - len(f"    {name} = ")
        whole = self.coder.value(node)
        if whole.kind is Kind.NUMBER:
            if name == "argument":
                raise NotExpressibleError(
                    f"the argument of {self.derivation.id} is {whole.text} for every response: "
                    "there is nothing to train"
                )
            return (f"torch.full_like(argument, {whole.text})",)
        if len(whole.text) <= room:
            return (whole.text,)
        terms = self.coder.terms(node)
        if len(terms) == 1 or len(whole.text) <= WIDTH - 8:
            return whole.text, ""
        first, *rest = [
            (sign, Code(code.text, code.level, code.kind).at(TERM)) for sign, code in terms
        ]
        start = first[1] if first[0] > 0 else f"-{first[1]}"
        return (start, *(f"{'+' if sign > 0 else '-'} {text}" for sign, text in rest))

    def numbers(self, used: set[str]) -> Iterable[Number]:
        for each in self.derivation.parameters:
            if each.torch not in used:
                continue
            if is_taken_from_parameters(each.torch):
                raise self.taken("parameters", each.name, each.torch)
            default = "" if each.default is None else f" = {_literal(each.default)}"
            yield Number(
                each.torch, each.domain, default, prose.argument(each.torch, f"{each.meaning}.")
            )

    def taken(self, table: str, name: str, torch: str) -> SpecError:
        """Return the error of a name that the generated code needs for itself."""
        return SpecError(
            str(self.derivation.path),
            "the generated loss uses this name for something else",
            key=f"{table}.{name}.torch",
            advice=Advice(torch, cure="give it another name with torch = ..."),
        )

    def nonzero(self) -> Iterable[str]:
        """Yield what the proof had to assume of hyper-parameters."""
        verdict = self.result.verdict
        for each in verdict.conditions if isinstance(verdict, Proved) else ():
            expression = unfold(at_labels(each.expression))
            leaves = [node for node in expression.walk() if not node.parts]
            if not each.given_by and all(
                isinstance(node, (tree.Number, tree.Parameter)) for node in leaves
            ):
                yield self.coder.value(expression).text

    def inputs(self, used: set[str]) -> Iterable[Input]:
        """Yield the tensors of the formulas, in the order of the function's arguments."""
        total = "of" if self.by_token else "total"
        frozen = self.frozen[0] if len(self.frozen) == 1 else ""
        for stem in ("logratios", "logps"):
            for label in LABELS.values():
                name = f"{label}_{stem}"
                given = f'given["{name}"]'
                if stem == "logratios":
                    given = f'given["{label}_logps"] - given["{frozen}_{label}_logps"]'
                measured = f'{label}.{total}("{stem}")'
                if stem == "logratios" and frozen == "prev":
                    measured = f'{label}.of("logps") - {label}.of("prev_logps")'
                    measured = measured if self.by_token else f"({measured}).sum(-1)"
                if name in used:
                    yield Input(name, given, measured)
        for model in self.frozen:
            for label in LABELS.values():
                name = f"{model}_{label}_logps"
                if name in used:
                    measured = f'{label}.{total}("{model}_logps")'
                    yield Input(name, f'given["{name}"]', measured)
        for label in LABELS.values():
            if f"{label}_lengths" in used:
                yield Input(f"{label}_lengths", f'given["{label}_lengths"]', f"{label}.lengths")
        for first, second in sorted(self.divergences):
            direction = f"_{first}_{second}" if self.coder.both_divergences else ""
            for label in LABELS.values():
                name = f"{label}_kl{direction}"
                if name in used:
                    measured = f'{label}.{total}("kl_{first}_{second}")'
                    yield Input(name, f'given["{name}"]', measured)
        for each in self.derivation.weights:
            for label in LABELS.values():
                name = f"{label}_{each.torch}"
                if name in used:
                    yield Input(name, f'given["{name}"]', f'{label}.of("{each.torch}")')
        for label in LABELS.values():
            if f"{label}_mask" in used:
                yield Input(f"{label}_mask", f"{label}_mask.bool()", f"{label}.mask")

    def statistics(self, inputs: Iterable[Input]) -> Iterable[Statistic]:
        """Yield what the function takes, in the order people know."""
        needed = [each.name for each in inputs]
        ratios = [name.partition("_")[0] for name in needed if name.endswith("_logratios")]
        frozen = self.frozen[0] if len(self.frozen) == 1 else ""
        wanted = {*needed, *(f"{label}_logps" for label in ratios)}
        wanted |= {f"{frozen}_{label}_logps" for label in ratios}
        describe = Describer(by_token=self.by_token)
        for label in LABELS.values():
            if f"{label}_logps" in wanted:
                yield describe.logps(f"{label}_logps", "π", label)
        for model in self.frozen:
            for label in LABELS.values():
                if f"{model}_{label}_logps" in wanted:
                    unicode = MODELS[model].unicode
                    yield describe.logps(f"{model}_{label}_logps", unicode, label)
        for each in inputs:
            label, _, stem = each.name.partition("_")
            if stem == "lengths":
                yield describe.lengths(each.name, label)
            elif stem in {"kl", "kl_ref_pi", "kl_pi_ref"}:
                yield describe.divergence(each)
            elif stem in {weight.torch for weight in self.derivation.weights}:
                meaning = next(w.meaning for w in self.derivation.weights if w.torch == stem)
                yield describe.weight(each.name, label, meaning)
            elif stem == "mask":
                yield Describer.mask(each.name, needed=True)

    def weights(self, inputs: Iterable[Input]) -> Iterable[Weights]:
        needed = {each.name for each in inputs}
        for each in self.derivation.weights:
            names = tuple(f"{label}_{each.torch}" for label in LABELS.values())
            if needed & {*names}:
                if is_taken_from_weights(each.torch):
                    raise self.taken("weights", each.name, each.torch)
                yield Weights(each.torch, each.domain, tuple(n for n in names if n in needed))

    def needs(self, used: set[str], weights: Iterable[Weights]) -> Iterable[tuple[str, str]]:
        """Yield the arguments of `Needs` that are not its defaults."""
        if self.frozen or self.divergences:
            yield "reference", "True"
        if self.divergences:
            names = "".join(f'"{a}_{b}", ' for a, b in sorted(self.divergences))
            yield "kl", f"({names.rstrip() if len(self.divergences) == 1 else names[:-2]})"
        if any(name.endswith("_lengths") for name in used):
            yield "lengths", "True"
        domains = [f'"{each.name}": "{each.domain}"' for each in weights]
        if domains:
            yield "weights", f"{{{', '.join(domains)}}}"
        if self.computed.linear:
            yield "linear", "True"
        if self.frozen or self.divergences:
            model = self.frozen[0] if len(self.frozen) == 1 else "ref"
            yield "reference_model", f'"{model}"'


def _names(*expressions: str) -> set[str]:
    """Return the names in Python expressions."""
    nodes = (node for each in expressions for node in ast.walk(ast.parse(each, mode="eval")))
    return {node.id for node in nodes if isinstance(node, ast.Name)}


def _literal(value: Fraction) -> str:
    """Return a number as Python prints it: 0.1 for 1/10, a quotient where no decimal is exact."""
    decimal = repr(float(value))
    exact = Fraction(decimal) == value
    return decimal if exact else f"{value.numerator} / {value.denominator}"
