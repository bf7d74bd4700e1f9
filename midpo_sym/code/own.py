"""Generated files through the door of everybody's code: read, and proved to be their specification.

The text of a file is run as it is before it is written (decision 12). What it computes from
statistics of responses is compared, and what its module computes from those of tokens.
"""

from __future__ import annotations

import copy
import inspect
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

import torch
from torch import Tensor

from midpo_sym.code.inputs.binding import LABELS
from midpo_sym.code.verdicts import Verification
from midpo_sym.code.verify import NotVerifiableError, verify
from midpo_sym.language import tree
from midpo_sym.language.substitute import unfold
from midpo_sym.spec.model import Derivation
from midpo_sym.targets.torch.check.run_torch import execute
from midpo_sym.targets.torch.names import function_name, module_name, stem_of
from midpo_sym.targets.torch.syntax import checked_syntax
from midpo_sym.tensor import PreferenceLoss, ResponseStatistics

_ANY = 0.5  # in every domain; what is proved holds for all values
_COUNTED = ("_lengths", "_positions")  # ends of names of what statistics of tokens know themselves
# What the arguments of our files are that no other library has.
_OWN = {f"{label}_positions": f"position({r}, t)" for label, r in LABELS.items()}
_MASKS = tuple(f"{label}_mask" for label in LABELS)


@dataclass(frozen=True, slots=True)
class Task:
    """A generated file to be proved.

    Attributes:
        text: of the file.
        derivation: the specification that it was generated from.
        limit: seconds of processor time that it may take.
    """

    text: str
    derivation: Derivation
    limit: float

    @property
    def cost(self) -> tuple[int, int]:
        """Return what goes up with the time that it takes: branches first, each doubles it."""
        loss = unfold(self.derivation.statement.target.loss)
        return sum(isinstance(each, tree.Max) for each in loss.walk()), loss.size


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out for a generated file; text and numbers, so that it may cross processes.

    Attributes:
        id: of the specification.
        proved: how many of its entries are proved.
        unproved: what is said of each other entry, or of the file.
    """

    id: str
    proved: int
    unproved: tuple[str, ...]


class OverLimitError(BaseException):
    """The time is over; no `except Exception` of code that is read may catch it."""


def check_generated(task: Task) -> Outcome:
    """Return what comes out for a generated file, within a limit of time."""
    id_ = task.derivation.id
    try:
        with _within(task.limit):
            found = verify_generated(task.text, task.derivation)
    except NotVerifiableError as error:
        return Outcome(id_, 0, (f"the code of {id_} does not run: {error}",))
    except OverLimitError:
        said = f"the code of {id_} is not read within {task.limit:g} seconds of processor time"
        return Outcome(id_, 0, (f"{said}; --limit gives it more",))
    unproved = (
        f"the code of {id_} is not proved to be its specification, {what}:\n{answer}"
        for what, answer in found.items()
        if not answer.proved
    )
    return Outcome(id_, sum(each.proved for each in found.values()), tuple(unproved))


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    """Stop what takes more processor time, where the system can tell.

    Raises:
        OverLimitError: it does.
    """
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_: object) -> NoReturn:
        raise OverLimitError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def verify_generated(text: str, derivation: Derivation) -> dict[str, Verification]:
    """Return what comes out for each entry of a generated file, by what it is.

    Args:
        text: of the file.
        derivation: the specification that it was generated from.

    Raises:
        WrongCodeError: there is something in the text that no generated file needs.
        NotVerifiableError: it does not run.
    """
    function = function_name(derivation.id)
    names = execute(checked_syntax(text, function))
    made = names[module_name(derivation.title, derivation.id)]
    given = {each.torch: _ANY for each in derivation.parameters if each.default is None}
    module = made(**given)
    _check_numbers((names[function], made), module, derivation)
    entries = {
        "function": names[function],
        "module": module,
        "from_statistics": from_statistics(module, names[function], derivation),
    }
    found = {}
    for name, entry in entries.items():
        signature = inspect.signature(getattr(entry, "forward", entry)).parameters
        own = {each: what for each, what in _OWN.items() if each in signature}
        found[name] = verify(entry, derivation, bind_=own, explain=False)
    return found


def _check_numbers(
    entries: Iterable[Callable[..., Any]], module: PreferenceLoss, derivation: Derivation
) -> None:
    """Check defaults, and what a module keeps of what it is made with: no proof speaks of these.

    Raises:
        NotVerifiableError: a number is another one.
    """
    for each in derivation.parameters:
        default = inspect.Parameter.empty if each.default is None else float(each.default)
        for entry in entries:
            parameter = inspect.signature(entry).parameters.get(each.torch)
            if parameter is not None and parameter.default != default:
                message = f"{each.torch} is {parameter.default} by default, and not {default}"
                raise NotVerifiableError(message)
        kept = getattr(module, each.torch, None)
        if kept not in (None, _ANY if each.default is None else default):
            raise NotVerifiableError(f"the module keeps {each.torch} as {kept}")


def from_statistics(
    module: PreferenceLoss, function: Callable[..., Any], derivation: Derivation
) -> Callable[..., Any]:
    """Return a module's `from_statistics` as a function of tensors of tokens, and of masks.

    Args:
        module: the module.
        function: its function of statistics, whose arguments are of tokens here.
        derivation: the specification.
    """
    numbers = [each.torch for each in derivation.parameters]
    wanted = [
        name
        for name in inspect.signature(function).parameters
        if name not in numbers and not name.endswith(_COUNTED) and name not in _MASKS
    ]
    arguments = [*wanted, *_MASKS, *numbers]

    def called(**given: Any) -> Any:
        changed = copy.copy(module)
        for name in numbers:
            setattr(changed, name, given[name])
        return changed.from_statistics(*(_statistics(module, label, given) for label in LABELS))

    called.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in arguments]
    )
    return called


def _statistics(module: PreferenceLoss, label: str, given: Mapping[str, Any]) -> ResponseStatistics:
    """Return the statistics of the responses of a label, zero at padding."""
    mask: Tensor = given[f"{label}_mask"]

    def of(name: str) -> Tensor | None:
        found = given.get(name)
        return None if found is None else torch.where(mask, found, 0.0)

    logps, reference = of(f"{label}_logps"), of(f"ref_{label}_logps")
    assert logps is not None
    needs = module.needs
    names = [*(f"kl_{each}" for each in needs.kl), *needs.statistics]
    measured = {name: of(f"{label}_{stem_of(name, names)}") for name in names}
    fused = {name: each for name, each in measured.items() if name.removeprefix("kl_") in needs.kl}
    rest = {name: each for name, each in measured.items() if name not in fused}
    return ResponseStatistics(
        logps,
        mask,
        reference,
        None if reference is None else logps - reference,
        prev_logps=of(f"prev_{label}_logps"),
        weights={name: _present(of(f"{label}_{name}")) for name in needs.weights},
        vocabulary={name: _present(each) for name, each in rest.items()},
        data={
            name: given[f"{label}_{name}"] if where == "y" else given[name]
            for name, (where, _) in needs.data.items()
        },
        **fused,
    )


def _present(tensor: Tensor | None) -> Tensor:
    assert tensor is not None
    return tensor
