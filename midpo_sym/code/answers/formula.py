"""What a function computes, read back as a specification of its own.

Whatever the prover says of specifications it then says of code: which published loss it is, up to
its parameters, and which prior it has. That the function is what was read is proved like any other
specification, before anything is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction

from midpo_sym.code.answers.terms import Parts
from midpo_sym.code.comparing import separated
from midpo_sym.code.inputs.binding import Binding, Kind
from midpo_sym.code.inputs.instance import LENGTH, PAIRS, RESPONSES, Batch, NotStatedError
from midpo_sym.code.inputs.points import point_of
from midpo_sym.code.inputs.tensors import inputs
from midpo_sym.code.running import FailedError, Output, Subject, watch
from midpo_sym.code.tracing.algebra import NotReadableError, number, plus, times, total
from midpo_sym.code.tracing.evaluate import value_at
from midpo_sym.code.tracing.signs import Unbranched
from midpo_sym.code.tracing.tracer import UnreadableError
from midpo_sym.language import tree
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.quantities.statistics import STATISTICS
from midpo_sym.language.substitute import unfold
from midpo_sym.language.tree import Expression
from midpo_sym.language.vocabulary import MODELS
from midpo_sym.prover.conditions import flows
from midpo_sym.spec.errors import SpecError
from midpo_sym.spec.model import Derivation
from midpo_sym.spec.reading.losses import loads

_NEAR = 1e-9
_WORD = re.compile(r"[^a-z0-9]+")


class NoFormulaError(Exception):
    """What a function computes is no formula of a pair: it branches, is of tokens, or of others."""


def formula_of(
    subject: Subject, binding: Binding, derivation: Derivation, name: str
) -> tuple[str, Derivation]:
    """Return the text of a specification of what a function computes, and the specification.

    Its prior is only a beginning: that of the reference, or of none.

    Args:
        subject: the function.
        binding: what its arguments are.
        derivation: whose words the binding is in.
        name: of the function.

    Raises:
        NoFormulaError: there is none.
    """
    if binding.by_token:
        message = "it is of tokens"
        raise NoFormulaError(message)
    try:
        loss = _loss(subject, binding, derivation)
        text = text_of(loss, derivation, name)
        return text, loads(text, f"{_id_of(name)}.toml")
    except (NotReadableError, UnreadableError, FailedError, NotStatedError) as error:
        raise NoFormulaError(str(error)) from None
    except (SpecError, ValueError) as error:  # too large a tree, or a weight of no domain
        raise NoFormulaError(str(error)) from None


def with_prior(text: str, zeta: Expression) -> Derivation | None:
    """Return a specification with another prior, and the most that MI-DPO gives of it by its form.

    Args:
        text: of the specification.
        zeta: the prior.
    """
    before, table, after = text.partition("[prior]\n")
    rest = after.partition("\n")[2]  # without the prior that was there
    for gives in ("loss", "argument"):
        stated = f'{before}{table}zeta = "{to_text(zeta)}"\ngives = "{gives}"\n{rest}'
        try:
            return loads(stated, "read.toml")
        except SpecError:
            continue
    return None


def _loss(subject: Subject, binding: Binding, derivation: Derivation) -> Expression:
    """Return the loss of the first pair, in the words of a specification."""
    parts, points = [], []
    scalar = False
    for pairs in PAIRS:
        batch = Batch(pairs, numbers=binding.numbers)
        given = inputs(binding, batch)
        for bound in binding.bound:
            if bound.kind is Kind.NUMBER:
                batch.stated(bound.expressions[0], 1)
        batch.shares()
        point = point_of(batch.atoms, "formula")
        there = watch(subject, binding, batch, given, Unbranched((point, point)))
        output = there.outputs["loss"]
        parts.append(_of_first(output, batch, stacked=binding.stacked))
        points.append(point)
        scalar = output.scalar
    factor = Fraction(1)
    if scalar:  # a mean has another share of each pair in another batch
        both = {**points[1], **points[0]}
        one, other = (value_at(part, both) for part in parts)
        is_mean = abs(PAIRS[0] * one - PAIRS[1] * other) <= _NEAR * (1 + abs(one))
        factor = Fraction(PAIRS[0]) if is_mean else factor
    words = dict(_words(derivation, binding))
    return times(number(factor), _in_words(parts[0], words))


def _of_first(output: Output, batch: Batch, *, stacked: bool) -> Expression:
    elements = output.elements
    if output.scalar:
        parts = separated(elements[0], batch.atoms, batch.pairs, deeply=True)
        if parts is None:
            message = "pairs depend on each other"
            raise NoFormulaError(message)
        return parts[0]
    if stacked and len(elements) == 2 * batch.pairs:
        return plus(elements[0], elements[batch.pairs])
    if len(elements) != batch.pairs:
        message = "it gives no number for each pair"
        raise NoFormulaError(message)
    return elements[0]


def _words(derivation: Derivation, binding: Binding) -> Iterator[tuple[str, Expression]]:
    """Yield what the variables of the first pair are, by their names."""
    for r in RESPONSES:
        for model in MODELS:
            yield f"_{model}_{r}1", tree.Probability(model, r)
        yield f"{LENGTH}{r}1", tree.Length(r)
        for name in STATISTICS:
            yield f"_{name}_{r}1", tree.TokenSum(r, tree.Statistic(name, r))
    nodes = [node for each in binding.bound for one in each.expressions for node in one.walk()]
    nodes += unfold(derivation.statement.target.loss).walk()
    for node in nodes:
        match node:
            case tree.Parameter(name=name):
                yield name, node
            case tree.Datum(name=name, of=of):
                yield f"_{name}_{''.join(of)}{'1' if of else ''}", node


def _in_words(node: Expression, words: Mapping[str, Expression]) -> Expression:
    if isinstance(node, tree.Parameter):
        if node.name not in words:
            message = f"it speaks of {node.name}"
            raise NoFormulaError(message)
        return words[node.name]
    found = tree.over(node, [_in_words(child, words) for child in node.children()])
    if isinstance(found, tree.StopGradient) and not flows(found.body):
        return found.body
    return found


def text_of(loss: Expression, derivation: Derivation, name: str) -> str:
    """Return the text of a specification of a loss.

    Args:
        loss: in the words of a specification.
        derivation: that declares these words.
        name: what to call it.
    """
    parts = Parts.of(loss)
    nodes = [*loss.walk()]
    used = {getattr(each, "name", "") for each in nodes}
    scale = derivation.statement.scale
    scale_names = {each.name for each in scale.walk() if isinstance(each, tree.Parameter)}
    written = to_text(scale) if scale_names and scale_names <= used else "1"
    has_reference = any(getattr(each, "model", "") == "ref" for each in nodes)
    lines = [f'title = "{_id_of(name)}"', 'summary = "What a function computes."', ""]
    lines += ["[parameters]"]
    lines += [
        f'{each.name} = {{ domain = "{each.domain}", torch = "{each.torch}", '
        'meaning = "as in the code" }'
        for each in derivation.parameters
        if each.name in used
    ]
    lines += ["", "[data]"]
    lines += [
        f'{each.name} = {{ of = "{each.arity.of}", domain = "{each.domain}", '
        f'torch = "{each.torch}", meaning = "as in the code"'
        f"{', by_label = true' if each.by_label else ''} }}"
        for each in derivation.data
        if each.name in used
    ]
    lines += ["", "[prior]", f'zeta = "{"ref(y)" if has_reference else "1"}"']
    lines += [f'scale = "{written}"', "", "[loss]"]
    if parts.added:
        lines.append(f'plus = "{to_text(total(parts.added))}"')
    for each in parts.terms:
        if len(parts.terms) > 1 or each.weight != tree.Number(1):
            lines.append("[[loss.term]]")
            lines.append(f'weight = "{to_text(each.weight)}"')
        lines += [f'link = "{each.link}"', f'argument = "{to_text(each.argument)}"']
    return "\n".join([*lines, ""])


def _id_of(name: str) -> str:
    found = _WORD.sub("_", name.rpartition(".")[2].lower()).strip("_")[:30]
    return f"f_{found}" if not found[:1].isalpha() else found
