"""Tensors that several processes share, as `torch.distributed.tensor` describes them.

A DTensor says of itself what each process holds, so nothing is guessed: logits sharded over their
columns, or an lm_head over its rows with hidden states that are replicated, are a vocabulary in
parts. A plain tensor beside a sharded one says nothing, and is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from midpo_sym.tensor.steady.shard import VocabularyShard

States = tuple[Any, Any, Any]  # hidden states, weight and bias

_TOKENS = 1  # the dimension of hidden states that sequence parallelism shards
_SPLIT = "DTensor.from_local(hidden, mesh, [Replicate()])"


def is_shared(value: object) -> bool:
    """Return whether a value is a DTensor."""
    return isinstance(value, Tensor) and hasattr(value, "placements")


def held(name: str, value: Any, dim: int) -> tuple[Any, VocabularyShard | None]:
    """Return the part of the vocabulary that is here, differentiable, and which part that is.

    Args:
        name: of the argument.
        value: a DTensor sharded over one dimension; anything else is returned as it is.
        dim: the dimension of the vocabulary.

    Raises:
        ValueError: it is shared in another way, or in uneven parts that are not torch's own.
    """
    if not is_shared(value):
        return value, None
    dim %= value.ndim
    where = _split(value)
    if not where:
        return value.to_local(), None
    if len(where) != 1 or not value.placements[where[0]].is_shard(dim):
        raise ValueError(
            f"{name}: expected a DTensor with the one placement Shard({dim}), the vocabulary, got "
            f"{_described(value)}; redistribute it, or for a mesh that also splits data make it "
            "one of the submesh of tensor parallelism"
        )
    mesh, axis = value.device_mesh, where[0]
    vocabulary = value.shape[dim]
    step = -(-vocabulary // mesh.size(axis))
    start = min(mesh.get_local_rank(axis) * step, vocabulary)
    local = value.to_local()
    size = min(step, vocabulary - start)
    if local.shape[dim] != size:
        raise ValueError(
            f"{name}: expected parts of {step} columns, as torch splits {vocabulary}, got "
            f"{local.shape[dim]} on the process {mesh.get_local_rank(axis)}; say the whole shape "
            "in DTensor.from_local, or pad the vocabulary and pass vocabulary="
        )
    return local, VocabularyShard(start, size, vocabulary, mesh.get_group(axis))


def replicated(name: str, value: Any) -> Any:
    """Return what every process holds, differentiable; what is no DTensor as it is.

    Hidden states that sequence parallelism has split by their tokens are brought together first.

    Raises:
        ValueError: the processes hold different parts, or summands.
    """
    if not is_shared(value):
        return value
    from torch.distributed.tensor import Replicate  # noqa: PLC0415  # with a DTensor only

    where = _split(value)
    if all(value.placements[axis].is_replicate() for axis in where):
        return value.to_local()
    states = name in {"hidden", "ref_hidden"} and value.ndim > _TOKENS + 1
    if states and all(
        value.placements[axis].is_replicate() or value.placements[axis].is_shard(_TOKENS)
        for axis in where
    ):
        return value.redistribute(placements=[Replicate()] * len(value.placements)).to_local()
    raise ValueError(
        f"{name}: expected a tensor that every process holds, got {_described(value)}; "
        "redistribute it to Replicate()"
    )


def local_logits(
    given: Mapping[str, Any], models: tuple[str, ...]
) -> tuple[dict[str, Any], VocabularyShard | None]:
    """Return arguments of which no one is a DTensor, and the columns that the logits hold.

    Args:
        given: arguments by name; a pair of tensors may stand for one.
        models: the names of logits among them.

    Raises:
        ValueError: a DTensor is shared in another way, or another model's logits otherwise.
    """
    found: dict[str, Any] = {}
    shards: dict[str, VocabularyShard | None] = {}

    def local(name: str, value: Any) -> Any:
        if isinstance(value, tuple | list):
            return tuple(local(name, each) for each in value)
        if name not in models:
            return replicated(name, value)
        part, shard = held(name, value, -1)
        if value is not None:
            check_alike(name, shard, shards)
        return part

    for name, value in given.items():
        found[name] = local(name, value)
    return found, next(iter(shards.values()), None)


def local_heads(
    states: States, ref_states: States
) -> tuple[States, States, VocabularyShard | None]:
    """Return hidden states, weights and biases of two models, no DTensors, and the columns held.

    Args:
        states: of the policy.
        ref_states: of the reference, or three times None.

    Raises:
        ValueError: a DTensor is shared in another way than the others, or beside a plain tensor.
    """
    shards: dict[str, VocabularyShard | None] = {}
    found: list[States] = []
    for prefix, (hidden, weight, bias) in (("", states), ("ref_", ref_states)):
        parts = []
        for name, value in ((f"{prefix}weight", weight), (f"{prefix}bias", bias)):
            part, shard = held(name, value, 0)
            parts.append(part)
            if value is not None:
                check_alike(name, shard, shards)
        if any(each is not None for each in shards.values()):
            _check_states(f"{prefix}hidden", hidden, f"{prefix}weight")
        found.append((replicated(f"{prefix}hidden", hidden), parts[0], parts[1]))
    return found[0], found[1], next(iter(shards.values()), None)


def check_alike(
    name: str, shard: VocabularyShard | None, shards: dict[str, VocabularyShard | None]
) -> None:
    """Check that a model's vocabulary is split as those of others are, and note how.

    Args:
        name: of the argument.
        shard: what of it is here, None for all.
        shards: those of the arguments before, by name.

    Raises:
        ValueError: it is split otherwise.
    """
    shards[name] = shard
    first, other = next(iter(shards.items()))
    if other is shard:
        return
    if shard is None or other is None or shard.processes != other.processes:
        plain, split = (name, first) if shard is None else (first, name)
        raise ValueError(
            f"{plain}: expected a DTensor split as {split} is, over the same processes, since one "
            "that is not may differ between them; distribute_tensor(…, mesh, [Shard(…)]), or "
            "DTensor.from_local of the part that is here"
        )


def _check_states(name: str, value: Any, weight: str) -> None:
    """Check that hidden states beside a split lm_head say what each process holds of them.

    Raises:
        ValueError: they are a plain tensor.
    """
    if value is None or is_shared(value):
        return
    raise ValueError(
        f"{name}: expected a DTensor, since {weight} is one, got a plain tensor, which does not "
        f"say whether the processes hold the same. Tensor parallelism: pass {_SPLIT}. Data "
        "parallelism (FSDP2): call the loss inside the wrapped forward, or from_head with the "
        "model that fully_shard was called on, which gathers the lm_head, or gather it by "
        "weight.full_tensor(grad_placements=[Partial('avg')])"
    )


def gathered(weight: Any) -> Any:
    """Return a parameter that FSDP2 has split, whole; its gradient is the mean over the processes.

    Raises:
        ValueError: it is split by tensor parallelism as well.
    """
    if not is_shared(weight):
        return weight
    from torch.distributed.tensor import Partial  # noqa: PLC0415  # with a DTensor only

    if sum(each.is_shard() for each in weight.placements) > 1:
        raise ValueError(
            f"head: is split by FSDP2 and by tensor parallelism, {_described(weight)}; use "
            "from_logits with the logits that the model returns"
        )
    return weight.full_tensor(grad_placements=[Partial("avg")] * len(weight.placements))


def _split(value: Any) -> list[int]:
    """Return the dimensions of a DTensor's mesh that have more than one process."""
    return [axis for axis in range(value.device_mesh.ndim) if value.device_mesh.size(axis) > 1]


def _described(value: Any) -> str:
    placements = ", ".join(map(str, value.placements))
    return f"a DTensor of shape {tuple(value.shape)} placed [{placements}]"
