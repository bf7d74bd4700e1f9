"""What the arguments of a function are: a table of names, and what a user says instead.

A binding is an expression of the specification's language: `log(pi(w))` for a log-probability that
is summed over the tokens, `log(pi(w))/length(w)` for one that is averaged. It is a part of the
question, and printed with the answer.
"""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction
from importlib import resources
from typing import Any

from midpo_sym.language import tree
from midpo_sym.language.errors import LanguageError
from midpo_sym.language.grammar.losses import parse
from midpo_sym.language.grammar.scope import Scope
from midpo_sym.language.quantities.statistics import STATISTICS
from midpo_sym.language.tree import Expression
from midpo_sym.spec.model import Derivation

LABELS = {"chosen": "w", "rejected": "l"}
_MODELS = {"": "pi", "policy_": "pi", "pi_": "pi", "ref_": "ref", "reference_": "ref",
           "prev_": "prev"}  # fmt: skip
_LOGARITHMS = ("logps", "logp", "logprobs", "logprob", "log_probs", "log_prob")
_MASKS = ("mask", "loss_mask")
_SPECIAL = re.compile(r"(mask|labels|is_chosen)\(([wl])\)")
_LOGITS = re.compile(r"logits\((pi|ref|prev)\(([wl])\)\)")
_OVER_TOKENS = re.compile(r"\b(?:sum|prod|mean)_t\b")
_CONVENTIONS = resources.files(__package__) / "conventions.toml"
_AVERAGES = "log({model}({r}))/length({r})"


class BindingError(Exception):
    """It is not known what an argument is, or what is said of it cannot be."""


class Kind(Enum):
    """What is passed for an argument."""

    RESPONSES = "a number for each response"
    TOKENS = "a number for each token"
    LOGITS = "a number for each word of the vocabulary, at each place"
    MASK = "which columns are tokens"
    LABELS = "the ids of the tokens"
    CHOSEN = "whether a response is the chosen one"
    BATCH = "a number for the batch"
    NUMBER = "a hyper-parameter"
    PLAIN = "a value of its own"


_OF_ROWS = (Kind.RESPONSES, Kind.TOKENS, Kind.LOGITS)


@dataclass(frozen=True, slots=True)
class Bound:
    """An argument and what it is.

    Attributes:
        name: of the argument.
        kind: what is passed.
        text: what it is, in words of the language, or the value as Python writes it.
        expressions: what it is; two if chosen and rejected responses are one tensor.
        value: what is passed if it is no quantity of the specification.
        reason: why it was taken to be this.
    """

    name: str
    kind: Kind
    text: str
    expressions: tuple[Expression, ...] = ()
    value: Any = None
    reason: str = ""

    @property
    def responses(self) -> tuple[str, ...]:
        """Return the responses of the parts of a tensor; "" for both."""
        return tuple(_response_of(each) for each in self.expressions)


@dataclass(frozen=True, slots=True)
class Binding:
    """What all arguments are.

    Attributes:
        bound: the arguments that are passed, in order.
        numbers: the hyper-parameters of the specification that have a value.
    """

    bound: tuple[Bound, ...]
    numbers: Mapping[str, Fraction]

    @property
    def stacked(self) -> bool:
        """Return whether chosen and rejected responses are rows of one tensor."""
        return any(len(each.expressions) > 1 for each in self.bound if each.kind in _OF_ROWS)

    @property
    def by_token(self) -> bool:
        """Return whether there is an argument of tokens."""
        return self.by_word or any(each.kind in (Kind.TOKENS, Kind.MASK) for each in self.bound)

    @property
    def by_word(self) -> bool:
        """Return whether there is an argument of all words of the vocabulary."""
        return any(each.kind is Kind.LOGITS for each in self.bound)


def bind(
    function: Callable[..., Any],
    derivation: Derivation,
    said: Mapping[str, str],
    at: Mapping[str, Any],
    attributes: Mapping[str, Any] | None = None,
) -> Binding:
    """Return what the arguments of a function are.

    Args:
        function: the function.
        derivation: the specification that it is to be.
        said: what the user says of arguments, in words of the language.
        at: values that the user sets arguments to.
        attributes: hyper-parameters that an object has, instead of arguments.

    Raises:
        BindingError: something is not known, or cannot be.
    """
    parameters: dict[str, Any] = {
        **(attributes or {}),
        **{each.name: each for each in _parameters(function)},
    }
    parameters |= _other_names(parameters, (*said, *at))
    masked = any(f"{label}_{end}" in parameters for label in LABELS for end in _MASKS)
    reader = _Reader(derivation, masked=masked)
    found: list[Bound] = []
    numbers: dict[str, Fraction] = {}
    for name, parameter in parameters.items():
        if name in said:
            found.append(reader.said(name, said[name]))
            continue
        guess = reader.guessed(name)
        if name in at:
            found.append(Bound(name, Kind.PLAIN, repr(at[name]), value=at[name], reason="as said"))
            if guess and isinstance(guess.expressions[0], tree.Parameter):
                numbers[guess.expressions[0].name] = _fraction(name, at[name])
        elif guess:
            found.append(guess)
        elif not isinstance(parameter, inspect.Parameter):
            continue
        elif parameter.default is not inspect.Parameter.empty:
            text = repr(parameter.default)
            found.append(
                Bound(name, Kind.PLAIN, text, value=parameter.default, reason="its default")
            )
        elif parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise BindingError(
                f"what the argument {name} is, no convention says\n"
                f'  cure: say it, such as --bind {name}="log(pi(w))", or --at {name}=VALUE; for a '
                "batch in a dictionary, or a config, write a function of tensors that makes it and "
                "calls yours, as examples/verify_my_loss.py does"
            )
    if not any(each.kind in _OF_ROWS for each in found):
        raise BindingError(
            "no argument is known to be a tensor of log-probabilities\n"
            '  cure: say which are, such as --bind chosen_logps="log(pi(w))", of **kwargs too, or '
            "write a function of tensors that calls it"
        )
    _ask_about_averages(function, derivation, found, said)
    return Binding(tuple(found), numbers)


def rebound(binding: Binding, said: Mapping[str, str], derivation: Derivation) -> Binding:
    """Return a binding in which some arguments are something else.

    Raises:
        BindingError: what is said of one breaks a rule of the language.
    """
    reader = _Reader(derivation, masked=binding.by_token)
    bound = [
        reader.said(each.name, said[each.name]) if each.name in said else each
        for each in binding.bound
    ]
    return replace(binding, bound=tuple(bound))


def averaged(each: Bound) -> str | None:
    """Return what a log-probability of a response is if it is an average; None of others."""
    match each.expressions:
        case (tree.Log(body=tree.Probability(model=model, response=response)),):
            return _AVERAGES.format(model=model, r=response)
    return None


def _other_names(parameters: Mapping[str, Any], said: Iterable[str]) -> dict[str, None]:
    """Return the names that a user says something of and that a function takes among **kwargs.

    Raises:
        BindingError: it takes none.
    """
    kinds = [each.kind for each in parameters.values() if isinstance(each, inspect.Parameter)]
    others = dict.fromkeys(each for each in said if each not in parameters)
    if others and inspect.Parameter.VAR_KEYWORD not in kinds:
        name = next(iter(others))
        raise BindingError(f"there is no argument {name}\n  allowed: {', '.join(parameters)}")
    return others


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    try:
        return [*inspect.signature(function).parameters.values()]
    except (TypeError, ValueError):
        raise BindingError(f"{function!r:.80} does not say what its arguments are") from None


def _fraction(name: str, value: Any) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, (int, float, Fraction)):
        raise BindingError(f"{name} is a number, and {value!r:.60} is none")
    return Fraction(repr(value)) if isinstance(value, float) else Fraction(value)


def _ask_about_averages(
    function: Callable[..., Any],
    derivation: Derivation,
    found: list[Bound],
    said: Mapping[str, str],
) -> None:
    """Refuse to guess whether log-probabilities are sums where only averages make sense.

    A loss of lengths, without an argument for them, has had them divided out before.
    """
    module = getattr(function, "__module__", None) or ""
    conventions = tomllib.loads(_CONVENTIONS.read_text(encoding="utf-8"))["averaged"]
    reason = next((why for start, why in conventions.items() if module.startswith(start)), "")
    of_lengths = any(
        isinstance(node, tree.Length) for node in derivation.statement.target.loss.walk()
    )
    has_lengths = any(
        isinstance(node, tree.Length)
        for each in found
        if each.kind is Kind.RESPONSES
        for expression in each.expressions
        for node in expression.walk()
    ) or any(each.kind is Kind.MASK for each in found)
    scope = _scope(derivation)
    for k, each in enumerate(found):
        text = averaged(each)
        if text is None or each.name in said:
            continue
        if reason:
            expression = parse(text, scope)
            found[k] = Bound(each.name, each.kind, text, (expression,), reason=reason)
        elif of_lengths and not has_lengths:
            raise BindingError(
                f"{each.name}: are these sums over the tokens, or averages? The loss of "
                f"{derivation.id} has lengths, and no argument is one\n"
                f'  allowed: --bind {each.name}="{each.text}", or --bind {each.name}="{text}"'
            )


_KINDS = {"mask": Kind.MASK, "labels": Kind.LABELS, "is_chosen": Kind.CHOSEN}
# Names of Liger's for tensors of chosen responses above rejected ones.
_OF_BOTH = (
    ("full_target", "labels(w); labels(l)"),
    ("preference_labels_chunk", "is_chosen(w); is_chosen(l)"),
    ("log_prob_chunk", "log(pi(w)); log(pi(l))"),
    ("ref_log_prob_chunk", "log(ref(w)); log(ref(l))"),
)


class _Reader:
    """Reads what arguments are, for one specification."""

    def __init__(self, derivation: Derivation, *, masked: bool) -> None:
        self.derivation = derivation
        self.masked = masked
        self.scope = _scope(derivation)
        self.names = dict(_names(derivation, masked=masked))

    def said(self, name: str, text: str) -> Bound:
        """Return an argument that the user has said something of."""
        return self._bound(name, text, "as said")

    def guessed(self, name: str) -> Bound | None:
        """Return an argument that the table knows."""
        text = self.names.get(name)
        return None if text is None else self._bound(name, text, "by its name")

    def _parsed(self, text: str) -> Expression:
        over_tokens = _OVER_TOKENS.search(text) is not None
        return parse(text, replace(self.scope, token=not over_tokens))

    def _bound(self, name: str, text: str, reason: str) -> Bound:
        models = [_LOGITS.fullmatch(each.strip()) for each in text.split(";")]
        if all(models):
            found = tuple(tree.Probability(each[1], each[2]) for each in models if each)
            return Bound(name, Kind.LOGITS, text, found, reason=reason)
        special = [_SPECIAL.fullmatch(each.strip()) for each in text.split(";")]
        words = {each[1] for each in special if each}
        if len(words) == 1 and all(special):
            responses = tuple(tree.Length(each[2]) for each in special if each)
            return Bound(name, _KINDS[words.pop()], text, responses, reason=reason)
        try:
            expressions = tuple(map(self._parsed, text.split(";")))
        except LanguageError as error:
            raise BindingError(f"{name}: {error}") from None
        tokens = any(tree.token_responses(each) for each in expressions)
        kind = Kind.TOKENS if tokens else Kind.RESPONSES
        if not any(map(_is_of_pairs, expressions)):
            of_batch = any(isinstance(node, tree.Datum) for node in expressions[0].walk())
            kind = Kind.BATCH if of_batch else Kind.NUMBER
        return Bound(name, kind, text, expressions, reason=reason)


def _scope(derivation: Derivation) -> Scope:
    return Scope(
        frozenset(LABELS.values()),
        {each.name: each.domain for each in derivation.parameters},
        {each.name: (each.domain, each.by_label) for each in derivation.weights},
        data={each.name: (each.arity, each.domain, each.by_label) for each in derivation.data},
    )


def _names(derivation: Derivation, *, masked: bool) -> Iterator[tuple[str, str]]:
    """Yield the names of arguments that mean one thing, with what they mean.

    Args:
        derivation: what is declared has names of its own.
        masked: whether there are masks, and so numbers of tokens.
    """
    for label, r in LABELS.items():
        yield from _of_response(label, r, masked=masked)
        yield from _declared_of_response(derivation, label, r, masked=masked)
    for start, model in _MODELS.items():
        if start:
            yield f"{start}logratios", f"log({model}(w)) - log({model}(l))"
    yield from _OF_BOTH
    for datum in derivation.data:
        if datum.arity.responses != 1:
            yield datum.torch, datum.name
    for parameter in derivation.parameters:
        yield parameter.torch, parameter.name


def _of_response(label: str, r: str, *, masked: bool) -> Iterator[tuple[str, str]]:
    where = f"{r}, t" if masked else r
    for start, model in _MODELS.items():
        for end in _LOGARITHMS:
            yield f"{start}{label}_{end}", f"log({model}({where}))"
    yield f"{label}_logratios", f"log(pi({where})/ref({where}))"
    for end in ("lengths", "length", "lens", "len"):
        yield f"{label}_{end}", f"length({r})"
    for end in _MASKS:
        yield f"{label}_{end}", f"mask({r})"


def _declared_of_response(
    derivation: Derivation, label: str, r: str, *, masked: bool
) -> Iterator[tuple[str, str]]:
    """Yield what a specification speaks of by itself: statistics, weights, data of a response."""
    statistics = _statistics(derivation)
    for name in statistics:
        operator = STATISTICS[name].operator
        alike = [each for each in statistics if STATISTICS[each].operator == operator]
        stem = name if len(alike) > 1 else operator.name
        text = f"{name}({r}, t)"
        yield f"{label}_{stem}", text if masked else f"sum_t({text})"
    for weight in derivation.weights:
        yield f"{label}_{weight.torch}", f"{weight.name}({r}, t)"
    for datum in derivation.data:
        if datum.arity.responses == 1:
            yield f"{label}_{datum.torch}", f"{datum.name}({r})"


def _statistics(derivation: Derivation) -> list[str]:
    sides = derivation.statement.target.loss, derivation.statement.zeta
    nodes = [node for side in sides for node in side.walk()]
    return sorted({node.name for node in nodes if isinstance(node, tree.Statistic)})


def _is_of_pairs(node: Expression) -> bool:
    return any(
        bool(each.of) if isinstance(each, tree.Datum) else bool(getattr(each, "response", ""))
        for each in node.walk()
    )


def _response_of(node: Expression) -> str:
    found = tree.responses(node)
    return found.pop() if len(found) == 1 else ""
