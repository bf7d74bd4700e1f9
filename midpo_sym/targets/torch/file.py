"""What the file of a loss says: everything that the template prints, and it decides nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain

from midpo_sym.language.errors import Advice
from midpo_sym.language.printing.names import default_symbol
from midpo_sym.language.vocabulary import MODELS
from midpo_sym.plan.losses import Plan
from midpo_sym.plan.operations import Add, Kind, Operation, Parameter, Shape, Statistic
from midpo_sym.plan.terms import RESPONSES, parts_of_ratio
from midpo_sym.prover.framework import FRAMEWORK_LINK
from midpo_sym.spec.errors import SpecError
from midpo_sym.targets.torch import prose
from midpo_sym.targets.torch.links import TorchLink, torch_link
from midpo_sym.targets.torch.names import (
    function_name,
    is_taken_from_parameters,
    is_taken_from_weights,
    module_name,
    names_of,
)
from midpo_sym.targets.torch.printer import Function, Printer, functions
from midpo_sym.targets.torch.statistics import Argument, Describer, Input
from midpo_sym.targets.torch.vocabulary import FUSED, Measure, measures

WIDTH = 100  # columns of a generated file
FORMULAS = ("argument", "chosen_rewards", "rejected_rewards")
_DIGITS = 12  # of the specification's hash
_KINDS = (
    Kind.LOG_RATIO,
    Kind.LOG_PROBABILITY,
    Kind.LENGTH,
    Kind.POSITION,
    Kind.VOCABULARY,
    Kind.WEIGHT,
    Kind.DATUM,
)


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
class Data:
    """Data of one name: of what, of which domain, and what they are called."""

    name: str
    of: str
    domain: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LossFile:
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
        uses_logsigmoid: whether formulas or link call the log-sigmoid.
        by_token: whether the statistics are per token.
        vocabulary: which statistics of next-token distributions it takes.
        statistics: tensors that the function takes, in order.
        optional_masks: masks that it takes, but can do without.
        numbers: hyper-parameters.
        nonzero: what has to differ from zero, in Python.
        weights: what weighs tokens.
        data: what is given of responses, pairs or the batch.
        inputs: tensors that the formulas use.
        fills: inputs that masked sums need without zeros at padding, and the mask of each.
        formulas: name and text of each formula, the text in lines.
        measures: functions that measure statistics of next-token distributions.
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
    uses_logsigmoid: bool
    by_token: bool
    vocabulary: tuple[str, ...]
    statistics: tuple[Argument, ...]
    optional_masks: tuple[Argument, ...]
    numbers: tuple[Number, ...]
    nonzero: tuple[str, ...]
    weights: tuple[Weights, ...]
    data: tuple[Data, ...]
    inputs: tuple[Input, ...]
    fills: tuple[tuple[str, str], ...]
    formulas: tuple[tuple[str, tuple[str, ...]], ...]
    measures: tuple[Measure, ...]
    needs: tuple[tuple[str, str], ...]
    link: TorchLink
    link_is_default: bool
    whole: bool
    inner: tuple[Number, ...]


def loss_file(plan: Plan) -> LossFile:
    """Return what the file of a loss says.

    Args:
        plan: of a loss whose argument depends on the responses.

    Raises:
        SpecError: a name of the specification cannot be used in Python.
    """
    return _Writer(plan).file()


class _Writer:
    """Puts together the file of one plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.uses = plan.uses
        self.derivation = plan.result.derivation
        self.names = names_of(plan)
        self.printer = Printer(self.names)
        meanings = {each.name: each.meaning for each in self.derivation.weights}
        meanings |= {each.name: each.meaning for each in self.derivation.data}
        self.describer = Describer(
            self.names,
            meanings,
            {each.name: each.arity for each in self.derivation.data},
            plan.by_token,
        )

    def file(self) -> LossFile:
        plan, derivation, result = self.plan, self.derivation, self.plan.result
        numbers = tuple(self.numbers())
        weights, data = tuple(self.weights()), tuple(self.data())
        inputs = tuple(self.inputs())
        link = torch_link(plan.term.link, self.names, derivation.symbols)
        whole = not result.statement.target.is_one_term
        nonzero = tuple(map(self.printer.text, plan.nonzero))
        called = self.functions() | link.functions
        measured = tuple(measures(plan.vocabulary))
        helpers = {"Needs", "PreferenceLoss", "ResponseStatistics"}
        helpers |= {"check_tokens" if plan.by_token else "check_pairs"}
        helpers |= {"check_number"} if numbers else set()
        helpers |= {"check_nonzero"} if nonzero else set()
        helpers |= {"check_weights"} if weights else set()
        helpers |= {"check_data"} if data else set()
        helpers |= {"fill_padding"} if self.uses.filled else set()
        helpers |= {"cauchy_cdf", "log_cauchy_cdf", "log_sum_exp"} & {each.name for each in called}
        helpers |= {"weigh"} if any("weigh(" in each.code for each in measured) else set()
        modules = {each.module for each in called}
        flat = any(each.shape is Shape.NUMBER for each in plan.formulas)
        own = {name: default_symbol(torch) for name, torch in self.names.declared.items()}
        return LossFile(
            spec=derivation.path.name,
            digest=hashlib.sha256(derivation.text.encode()).hexdigest()[:_DIGITS],
            function=function_name(derivation.id),
            module=module_name(derivation.title, derivation.id),
            headline=prose.headline(result),
            story=prose.story(plan, {**derivation.symbols, **own}, link.formula),
            imports=tuple(sorted(helpers, key=lambda each: (each.islower(), each))),
            uses_math="math" in modules,
            uses_torch="torch" in modules or flat,
            uses_logsigmoid=Function("", "logsigmoid") in called,
            by_token=plan.by_token,
            vocabulary=plan.vocabulary,
            statistics=tuple(self.statistics()),
            optional_masks=tuple(self.optional_masks()),
            numbers=numbers,
            nonzero=nonzero,
            weights=weights,
            data=data,
            inputs=inputs,
            fills=tuple(
                (self.names.statistic(each), self.names.mask(each.response))
                for each in sorted(self.uses.filled, key=self.place)
            ),
            formulas=tuple(self.formulas()),
            measures=measured,
            needs=tuple(self.needs(weights, data)),
            link=link,
            link_is_default=plan.term.link.name == FRAMEWORK_LINK,
            whole=whole,
            inner=tuple(each for each in numbers if each.name in self.inner()),
        )

    def inner(self) -> set[str]:
        """Return the hyper-parameters in the formulas, by their names in Python."""
        nodes = chain.from_iterable(each.walk() for each in self.plan.formulas)
        return {self.names.declared[each.name] for each in nodes if isinstance(each, Parameter)}

    def functions(self) -> set[Function]:
        """Return the functions that the formulas call."""
        operations = (*self.plan.formulas, *self.plan.nonzero)
        nodes = chain.from_iterable(each.walk() for each in operations)
        return {*chain.from_iterable(map(functions, nodes))}

    def formulas(self) -> Iterable[tuple[str, tuple[str, ...]]]:
        """Yield what is computed in order, by name: shared sums, argument, rewards."""
        for each, name in self.names.shared.items():
            yield name, (self.printer.whole(each).text,)
        for name, formula in zip(FORMULAS, self.plan.formulas, strict=True):
            yield name, self.lines(name, formula)

    def lines(self, name: str, formula: Operation) -> tuple[str, ...]:
        """Return a formula as one line, or a term of its sum to a line."""
        text = self.printer.text(formula)
        if formula.shape is Shape.NUMBER:
            return (f"torch.full_like(argument, {text})",)
        if len(f"    {name} = {text}") <= WIDTH:
            return (text,)
        terms = formula.terms if isinstance(formula, Add) else ()
        if len(terms) < 2 or len(f"        {text}") <= WIDTH:  # noqa: PLR2004 - nowhere to break
            return text, ""
        return self.printer.lines(terms)

    def numbers(self) -> Iterable[Number]:
        """Yield the hyper-parameters that are used.

        Raises:
            SpecError: the code needs the name of one for itself.
        """
        for each in self.derivation.parameters:
            if each.name not in self.uses.parameters:
                continue
            if is_taken_from_parameters(each.torch):
                raise self.taken("parameters", each.name, each.torch)
            default = "" if each.default is None else f" = {_literal(each.default)}"
            doc = prose.argument(each.torch, f"{each.meaning}.")
            yield Number(each.torch, each.domain, default, doc)

    def weights(self) -> Iterable[Weights]:
        """Yield the weights that are used.

        Raises:
            SpecError: the code needs the name of one for itself.
        """
        used = [each for each in self.in_order() if each.kind is Kind.WEIGHT]
        for each in self.derivation.weights:
            names = tuple(self.names.statistic(found) for found in used if found.of == (each.name,))
            if names and is_taken_from_weights(each.torch):
                raise self.taken("weights", each.name, each.torch)
            if names:
                yield Weights(each.torch, each.domain, names)

    def data(self) -> Iterable[Data]:
        """Yield the data that are used.

        Raises:
            SpecError: the code needs the name of one for itself.
        """
        used = [each for each in self.in_order() if each.kind is Kind.DATUM]
        for each in self.derivation.data:
            names = tuple(self.names.statistic(found) for found in used if found.of == (each.name,))
            if names and (
                is_taken_from_weights(each.torch) or is_taken_from_parameters(each.torch)
            ):
                raise self.taken("data", each.name, each.torch)
            if names:
                yield Data(each.torch, each.arity.of, each.domain, names)

    def taken(self, table: str, name: str, torch: str) -> SpecError:
        """Return the error of a name that the generated code needs for itself."""
        return SpecError(
            str(self.derivation.path),
            "the generated loss uses this name for something else",
            key=f"{table}.{name}.torch",
            advice=Advice(torch, cure="give it another name with torch = ..."),
        )

    def place(self, each: Statistic) -> tuple[int, ...]:
        """Return where a statistic comes among the function's arguments, in the order people know.

        Log-ratios and log-probabilities come first, the policy's before those of frozen models;
        then lengths, what is of the vocabulary, and weights; chosen before rejected.
        """
        models, weights = [*MODELS], [weight.name for weight in self.derivation.weights]
        if each.kind is Kind.WEIGHT:
            of = [weights.index(each.of[0])]
        elif each.kind is Kind.DATUM:
            of = [[datum.name for datum in self.derivation.data].index(each.of[0])]
        elif each.kind is Kind.VOCABULARY:
            of = [self.plan.vocabulary.index(each.of[0])]
        else:
            of = [models.index(model) for model in each.of]
        return (_KINDS.index(each.kind), *of, RESPONSES.index(each.response or "w"))

    def in_order(self) -> list[Statistic]:
        return sorted(self.uses.statistics, key=self.place)

    def inputs(self) -> Iterable[Input]:
        """Yield the tensors of the formulas."""
        yield from map(self.describer.input, self.in_order())
        for response in RESPONSES:
            if response in self.uses.masks:
                yield self.describer.input_of_mask(response)

    def statistics(self) -> Iterable[Argument]:
        """Yield what the function takes: of a log-ratio, the two log-probabilities."""
        wanted: set[Statistic] = set()
        for each in self.uses.statistics:
            wanted |= {*parts_of_ratio(each)} if each.kind is Kind.LOG_RATIO else {each}
        yield from map(self.describer.argument, sorted(wanted, key=self.place))
        for response in RESPONSES:
            if response in self.uses.masks:
                yield self.describer.mask(response, needed=True)

    def optional_masks(self) -> Iterable[Argument]:
        """Yield the masks that the formulas can do without."""
        for response in RESPONSES if self.plan.by_token else ():
            if response not in self.uses.masks:
                yield self.describer.mask(response, needed=False)

    def needs(self, weights: Iterable[Weights], data: Iterable[Data]) -> Iterable[tuple[str, str]]:
        """Yield the arguments of `Needs` that are not its defaults."""
        frozen, vocabulary = self.plan.frozen, self.plan.vocabulary
        divergences = [FUSED[name] for name in vocabulary if name in FUSED]
        if frozen or divergences:
            yield "reference", "True"
        if divergences:
            yield "kl", _strings(divergences)
        own = [
            f'"{each.name}": ({each.function}, {_strings(each.models)})'
            for each in measures(vocabulary)
        ]
        if own:
            yield "statistics", f"{{{', '.join(own)}}}"
        if any(each.kind is Kind.LENGTH for each in self.uses.statistics):
            yield "lengths", "True"
        domains = [f'"{each.name}": "{each.domain}"' for each in weights]
        if domains:
            yield "weights", f"{{{', '.join(domains)}}}"
        given = [f'"{each.name}": ("{each.of}", "{each.domain}")' for each in data]
        if given:
            yield "data", f"{{{', '.join(given)}}}"
        if self.plan.computed.linear:
            yield "linear", "True"
        elif not (self.plan.by_token or vocabulary):
            yield "by_sums", "True"
        if frozen or divergences:
            yield "reference_model", f'"{frozen[0] if len(frozen) == 1 else "ref"}"'


def _strings(names: Sequence[str]) -> str:
    """Return names as a tuple in Python."""
    inner = ", ".join(f'"{name}"' for name in names)
    return f"({inner},)" if len(names) == 1 else f"({inner})"


def _literal(value: Fraction) -> str:
    """Return a number as Python prints it: 0.1 for 1/10, a quotient where no decimal is exact."""
    decimal = repr(float(value))
    exact = Fraction(decimal) == value
    return decimal if exact else f"{value.numerator} / {value.denominator}"
