"""The table of torch's operations that can be read, by name: each takes a call to its elements.

Four kinds: element by element (`elementwise`), sums over dimensions, products of matrices, and
what is linear in its tensors, such as moving elements about: torch itself says what comes out of
each of them alone. What only looks at the same memory in another way needs no row.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from midpo_sym.code.tracing.algebra import (
    ZERO,
    NotReadableError,
    exp,
    log,
    minus,
    number,
    over,
    plus,
    times,
    total,
)
from midpo_sym.code.tracing.elementwise import ELEMENTWISE, REDUCED, REDUCED_BACKWARD
from midpo_sym.code.tracing.memory import Memory
from midpo_sym.code.tracing.signs import Signs
from midpo_sym.language.tree import Expression

Elements = list[Expression]
Group = Sequence[Expression]

# Linear in the tensors of these arguments, whatever the others are.
LINEAR = {
    "_unsafe_view": "self",
    "cat": "tensors",
    "constant_pad_nd": "self",
    "cumsum": "self",
    "diag_embed": "self",
    "diagonal_backward": "grad_output",
    "diagonal_scatter": "self src",
    "expand_copy": "self",
    "flip": "self",
    "gather": "self",
    "index": "self",
    "index_add": "self source",
    "index_put": "self values",
    "index_select": "self",
    "masked_scatter": "self source",
    "masked_select": "self",
    "nll_loss_backward": "grad_output self",  # of which it takes the shape
    "nll_loss_forward": "self",
    "repeat": "self",
    "roll": "self",
    "scatter": "self src",
    "scatter_add": "self src",
    "select_backward": "grad_output",
    "select_scatter": "self src",
    "slice_backward": "grad_output",
    "slice_scatter": "self src",
    "stack": "tensors",
    "take": "self",
    "tril": "self",
    "triu": "self",
    "value_selecting_reduction_backward": "grad",
    "view_copy": "self",
}


@dataclass(frozen=True, slots=True)
class Call:
    """A call of an operation.

    Attributes:
        name: of the operation, without its overload.
        run: the operation itself.
        given: its arguments by name, defaults included.
        out: what torch has computed.
        memory: what tensors stand for.
        signs: the path.
    """

    name: str
    run: Callable[..., Any]
    given: dict[str, Any]
    out: Tensor
    memory: Memory
    signs: Signs

    def elements(self, name: str, shape: torch.Size | None = None) -> Elements:
        """Return what an argument stands for, broadcast to a shape."""
        value = self.given[name]
        if isinstance(value, Tensor):
            return self.memory.read(value if shape is None else value.expand(shape))
        return [self.memory.literal(value)] * (math.prod(shape) if shape is not None else 1)

    def groups(self, name: str, dims: Sequence[int] | int | None) -> list[Elements]:
        """Return the elements of an argument that fall together if dimensions are reduced."""
        tensor: Tensor = self.given[name]
        flat = self.elements(name)
        order = torch.arange(len(flat)).reshape(tensor.shape)
        if dims is None or dims == []:
            return [flat]
        chosen = [dims] if isinstance(dims, int) else [*dims]
        away = [each % max(1, tensor.dim()) for each in chosen] if tensor.dim() else []
        kept = [each for each in range(tensor.dim()) if each not in away]
        size = math.prod(tensor.shape[each] for each in away)
        rows = (
            order.permute(*kept, *away).reshape(-1, size) if tensor.dim() else order.reshape(1, 1)
        )
        return [[flat[k] for k in row] for row in rows.tolist()]

    def spread(self, name: str, dim: int, law: Callable[[Group], Group]) -> Elements:
        """Return what a law for the elements along a dimension makes of all of them."""
        tensor: Tensor = self.given[name]
        flat = self.elements(name)
        if not tensor.dim():
            return list(law(flat))
        order = torch.arange(len(flat)).reshape(tensor.shape).movedim(dim, -1)
        rows = order.reshape(-1, order.shape[-1]).tolist()
        found: Elements = [ZERO] * len(flat)
        for row in rows:
            for k, element in zip(row, law([flat[each] for each in row]), strict=True):
                found[k] = element
        return found


def read(call: Call) -> Elements:
    """Return what the result of a call stands for.

    Raises:
        NotReadableError: the table has no row for the operation, or not for this use of it.
    """
    if call.name in ELEMENTWISE:
        return _elementwise(call)
    if call.name in LINEAR:
        return _linear(call)
    if call.name in _WHOLE:
        return _WHOLE[call.name](call)
    raise NotReadableError("the table of operations has no row for it")


def is_known(name: str) -> bool:
    """Return whether the table has a row for an operation."""
    return name in ELEMENTWISE or name in LINEAR or name in _WHOLE


def names() -> tuple[str, ...]:
    """Return the operations of the table."""
    return tuple(sorted({*ELEMENTWISE, *LINEAR, *_WHOLE}))


def _elementwise(call: Call) -> Elements:
    row = ELEMENTWISE[call.name]
    if call.given.get("rounding_mode"):
        raise NotReadableError("a division that rounds")
    shape = call.out.shape
    if call.name in REDUCED:
        tensors = [
            each for each in (call.given[name] for name in row.operands) if isinstance(each, Tensor)
        ]
        shape = sum(tensors[1:], tensors[0]).shape
    columns = [
        [None] * math.prod(shape) if call.given.get(name) is None else call.elements(name, shape)
        for name in row.operands
    ]
    if columns:
        found = [row.law(call.signs, *each) for each in zip(*columns, strict=True)]
    else:
        found = [row.law(call.signs) for _ in range(math.prod(shape))]
    reduction = call.given.get("reduction", 0)
    mean = reduction == 1
    if call.name in REDUCED and reduction:
        whole = total(found)
        return [over(whole, number(len(found))) if mean else whole]
    if call.name in REDUCED_BACKWARD and mean:
        return [over(each, number(len(found))) for each in found]
    return found


def _linear(call: Call) -> Elements:
    """Return the sum over all elements of what torch makes of each of them alone."""
    wanted = LINEAR[call.name].split()
    if call.given.get("reduce"):
        raise NotReadableError("it does not add up what falls together")
    tensors: list[Tensor] = []
    for name, value in call.given.items():
        inside = [each for each in _flat(value) if isinstance(each, Tensor)]
        if name in wanted:
            tensors += inside
        elif any(map(call.memory.knows, inside)):
            raise NotReadableError(f"its argument {name} depends on the inputs")
    blank = {id(each): torch.zeros(each.shape, dtype=torch.float64) for each in tensors}

    def result() -> list[float]:
        given = {
            name: _swapped(value, blank) if name in wanted else value
            for name, value in call.given.items()
        }
        weight = given.get("weight")
        if isinstance(weight, Tensor):
            given["weight"] = weight.double()
        found = call.run(**given)
        found = found[0] if isinstance(found, tuple) else found
        return found.reshape(-1).tolist()  # type: ignore[no-any-return]

    found = [call.memory.literal(each) for each in result()]
    base = result()
    for tensor in {id(each): each for each in tensors}.values():  # once, if it is given twice
        cells = blank[id(tensor)].view(-1)
        for k, element in enumerate(call.memory.read(tensor)):
            cells[k] = 1
            for j, (moved, rest) in enumerate(zip(result(), base, strict=True)):
                if moved != rest:
                    found[j] = plus(found[j], times(call.memory.literal(moved - rest), element))
            cells[k] = 0
    return found


def _flat(value: Any) -> list[Any]:
    return [*value] if isinstance(value, (list, tuple)) else [value]


def _swapped(value: Any, blank: dict[int, Tensor]) -> Any:
    if isinstance(value, (list, tuple)):
        return [_swapped(each, blank) for each in value]
    return blank.get(id(value), value) if isinstance(value, Tensor) else value


def _sum(call: Call) -> Elements:
    return [total(each) for each in call.groups("self", call.given.get("dim"))]


def _mean(call: Call) -> Elements:
    groups = call.groups("self", call.given.get("dim"))
    return [over(total(each), number(len(each))) for each in groups]


def _prod(call: Call) -> Elements:
    found = []
    for group in call.groups("self", call.given.get("dim")):
        result = group[0]
        for each in group[1:]:
            result = times(result, each)
        found.append(result)
    return found


def _largest(call: Call) -> Elements:
    return [_fold(call.signs.larger, each) for each in call.groups("self", _dim_of(call))]


def _smallest(call: Call) -> Elements:
    return [_fold(call.signs.smaller, each) for each in call.groups("self", _dim_of(call))]


def _dim_of(call: Call) -> Any:
    if call.name in ("max", "min") and "dim" in call.given:
        raise NotReadableError("a maximum that says where it is; amax does not")
    return call.given.get("dim")


def _fold(law: Callable[[Expression, Expression], Expression], group: Elements) -> Expression:
    result = group[0]
    for each in group[1:]:
        result = law(result, each)
    return result


def _log_sum_exp(call: Call, group: Group) -> Expression:
    known = call.memory.log_sums.get(frozenset(group))
    if known is not None:
        return known
    return log(total([exp(each) for each in group]))


def _logsumexp(call: Call) -> Elements:
    return [_log_sum_exp(call, each) for each in call.groups("self", call.given["dim"])]


def _log_softmax(call: Call) -> Elements:
    def law(group: Group) -> Group:
        whole = _log_sum_exp(call, group)
        if frozenset(group) in call.memory.log_sums:
            return [call.memory.logarithms[each] for each in group]
        return [minus(each, whole) for each in group]

    return call.spread("self", call.given["dim"], law)


def _softmax(call: Call) -> Elements:
    def law(group: Group) -> Group:
        if frozenset(group) in call.memory.log_sums:
            return [exp(call.memory.logarithms[each]) for each in group]
        whole = total([exp(each) for each in group])
        return [over(exp(each), whole) for each in group]

    return call.spread("self", call.given["dim"], law)


def _paired(call: Call, law: Callable[[Group, Group], Group]) -> Elements:
    """Return what a law makes of gradient and output, along a dimension."""
    output = call.elements("output")
    known = iter(_rows_of(call.given["output"], output, call.given["dim"]))
    return call.spread("grad_output", call.given["dim"], lambda grad: law(grad, next(known)))


def _rows_of(tensor: Tensor, flat: Elements, dim: int) -> list[Elements]:
    if not tensor.dim():
        return [flat]
    order = torch.arange(len(flat)).reshape(tensor.shape).movedim(dim, -1)
    return [[flat[k] for k in row] for row in order.reshape(-1, order.shape[-1]).tolist()]


def _log_softmax_backward(call: Call) -> Elements:
    def law(grad: Group, output: Group) -> Group:
        whole = total(list(grad))
        return [minus(g, times(exp(o), whole)) for g, o in zip(grad, output, strict=True)]

    return _paired(call, law)


def _softmax_backward(call: Call) -> Elements:
    def law(grad: Group, output: Group) -> Group:
        whole = total([times(g, o) for g, o in zip(grad, output, strict=True)])
        return [times(o, minus(g, whole)) for g, o in zip(grad, output, strict=True)]

    return _paired(call, law)


def _matrix(call: Call, name: str) -> list[list[Elements]]:
    """Return an argument as a batch of matrices."""
    tensor: Tensor = call.given[name]
    flat, (rows, columns) = call.elements(name), tensor.shape[-2:]
    size = rows * columns
    return [
        [flat[start + k * columns : start + (k + 1) * columns] for k in range(rows)]
        for start in range(0, len(flat), size)
    ]


def _matmul(call: Call, left: str = "self", right: str = "mat2") -> Elements:
    found: Elements = []
    for one, other in zip(_matrix(call, left), _matrix(call, right), strict=True):
        columns = [*zip(*other, strict=True)]
        found += [_dot(row, column) for row in one for column in columns]
    return found


def _dot(one: Group, other: Group) -> Expression:
    return total([times(a, b) for a, b in zip(one, other, strict=True)])


def _mv(call: Call) -> Elements:
    vector = call.elements("vec")
    return [_dot(row, vector) for row in _matrix(call, "self")[0]]


_WHOLE: dict[str, Callable[[Call], Elements]] = {
    "sum": _sum,
    "mean": _mean,
    "prod": _prod,
    "max": _largest,
    "min": _smallest,
    "amax": _largest,
    "amin": _smallest,
    "logsumexp": _logsumexp,
    "_log_softmax": _log_softmax,
    "_softmax": _softmax,
    "_log_softmax_backward_data": _log_softmax_backward,
    "_softmax_backward_data": _softmax_backward,
    "mm": _matmul,
    "bmm": _matmul,
    "mv": _mv,
    "dot": lambda call: [_dot(call.elements("self"), call.elements("tensor"))],
}
