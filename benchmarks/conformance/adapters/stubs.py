"""What stands in for a trainer's surroundings, so that its loss can be called by itself."""

from __future__ import annotations

import sys
from collections import defaultdict
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import torch
from torch import Tensor


class Accelerator:
    """One process without an accelerator; keeps what it is asked to gather, for the log."""

    device = torch.device("cpu")
    use_distributed = False
    is_main_process = True
    num_processes = 1

    def __init__(self) -> None:
        self.gathered: list[Tensor] = []

    def gather(self, tensor: Tensor) -> Tensor:
        """Keep what is logged, and give back zeros: metrics are not looked at."""
        self.gathered.append(tensor)
        return torch.zeros(tensor.shape)

    def gather_for_metrics(self, tensor: Tensor) -> Tensor:
        """Give back what is averaged over one process."""
        return tensor


def trainer(kind: type, **attributes: Any) -> Any:
    """Return a trainer that was never set up, with the attributes that its loss looks at."""
    made = object.__new__(kind)
    metrics: Any = defaultdict(lambda: defaultdict(list))
    vars(made).update(accelerator=Accelerator(), _metrics=metrics, **attributes)
    return made


class _Anything(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


class _StandIns:
    """Finds modules that are not installed, and that only other parts of a library need."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        del path, target
        if fullname.partition(".")[0] not in self.names:
            return None
        return ModuleSpec(fullname, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Anything(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        del module


def stand_in(*names: str) -> None:
    """Let modules be imported that are not installed: empty, if others do not have them."""
    sys.meta_path.append(_StandIns(names))
