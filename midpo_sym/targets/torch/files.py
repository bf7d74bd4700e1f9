"""Files of losses: from plans to text, and the text beside what lies in the folder."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from midpo_sym.files import write_file
from midpo_sym.language.objective import ShapeError
from midpo_sym.plan.losses import Plan, plan_loss
from midpo_sym.prover.prove import Result
from midpo_sym.prover.special_cases import Specialisation
from midpo_sym.prover.verdict import Proved
from midpo_sym.targets.protocol import Target
from midpo_sym.targets.torch.check.compare import IN_PYTHON, IN_TORCH, check, has_torch
from midpo_sym.targets.torch.errors import NotExpressibleError, NotProvedError
from midpo_sym.targets.torch.file import LossFile, loss_file
from midpo_sym.targets.torch.prose import why_not
from midpo_sym.targets.torch.target import TorchTarget, environment

INDEX = "__init__.py"
_FIND = ("properties", "find")  # a module of the package, and what it has for its index
LOSSES = Path(__file__).resolve().parents[2] / "losses"
TORCH: Target = TorchTarget()


@dataclass(frozen=True, slots=True)
class Row:
    """A loss in the index of all.

    Attributes:
        id: of the specification.
        function: name of the function.
        module: name of the class.
        needs_reference: whether it needs log-probabilities of a frozen model.
        needs_kl: whether it needs divergences over the whole vocabulary.
        needs_lengths: whether it needs numbers of tokens.
        needs_weights: whether it needs weights of tokens.
    """

    id: str
    function: str
    module: str
    needs_reference: bool
    needs_kl: bool
    needs_lengths: bool
    needs_weights: bool


@dataclass(frozen=True, slots=True)
class Change:
    """How a file differs from what would be generated.

    Attributes:
        name: of the file.
        what: `missing`, `stray` or `different`.
        diff: from what is there to what would be generated, in unified form.
    """

    name: str
    what: str
    diff: str


def planned(result: Result, specialises: Iterable[Specialisation] = ()) -> Plan:
    """Return the plan of a statement that torch has code for.

    Raises:
        NotProvedError: the statement is not proved.
        NotExpressibleError: the target refuses it; says why.
    """
    if not isinstance(result.verdict, Proved):
        raise NotProvedError(why_not(result))
    try:
        plan = plan_loss(result, specialises)
    except ShapeError as error:
        message = f"{result.derivation.id}: {error}; there is no code for more"
        raise NotExpressibleError(message) from None
    reason = TORCH.refusal(plan)
    if reason:
        raise NotExpressibleError(reason)
    return plan


def render(
    result: Result, specialises: Iterable[Specialisation] = (), *, said: str | None = None
) -> str:
    """Return the file of one loss, after running it and comparing it with the specification.

    Args:
        result: of the statement of [prior] and [loss].
        specialises: what the algorithm becomes at special values.
        said: how its header says that it was checked; None for how it was. To compare with a file
            that was generated where torch is, on a machine without.

    Raises:
        NotProvedError: the statement is not proved.
        NotExpressibleError: there is no code for it, or none that can be checked.
        WrongCodeError: the code computes something else than the specification says.
        SpecError: a name of the specification cannot be used in Python.
    """
    plan = planned(result, specialises)
    in_torch = has_torch()
    text = TorchTarget(said or (IN_TORCH if in_torch else IN_PYTHON)).print(plan)
    check(text, loss_file(plan), result.derivation, in_torch=in_torch)
    return text


def render_without_running(result: Result, specialises: Iterable[Specialisation] = ()) -> str:
    """Return the file of one loss for those who only show it, without executing it.

    It is the file of the package if that is what would be generated: it was run when it was
    written. Of any other specification the formulas are evaluated in plain Python.

    Raises:
        NotGeneratedError: there is none, as `render` says.
        SpecError: a name of the specification cannot be used in Python.
    """
    plan = planned(result, specialises)
    text = TorchTarget(IN_TORCH).print(plan)
    written = LOSSES / f"{result.derivation.id}.py"
    if written.is_file() and written.read_text(encoding="utf-8") == text:
        return text
    text = TorchTarget(IN_PYTHON).print(plan)
    check(text, loss_file(plan), result.derivation, in_torch=False)
    return text


def render_all(proved: Mapping[str, tuple[Result, tuple[Specialisation, ...]]]) -> dict[str, str]:
    """Return the files of the package of losses, by name; each says that it was run in torch.

    Args:
        proved: for each id, its result and what it becomes at special values.

    Raises:
        NotGeneratedError: a statement is not proved, or there is no right code for it.
    """
    rows = [_row(id_, loss_file(planned(*each))) for id_, each in proved.items()]
    exports = {"Entry", "INDEX", "find", "get", "mi_dpo_loss", "names"}
    exports |= {each.function for each in rows} | {each.module for each in rows}
    index = environment().get_template("losses.py.jinja")
    # Constants, classes, functions, each by name: the order that linters want
    order = sorted(exports, key=lambda name: (not name.isupper(), name.islower(), name))
    files = {f"{id_}.py": render(*each, said=IN_TORCH) for id_, each in proved.items()}
    imports = sorted([*((row.id, f"{row.module}, {row.function}") for row in rows), _FIND])
    return {**files, INDEX: index.render(plans=rows, exports=order, imports=imports)}


def changes(files: Mapping[str, str], folder: Path) -> list[Change]:
    """Return how a folder differs from the files that would be generated, strays included."""
    there = {path.name: path for path in folder.glob("*.py")}
    found = []
    for name in sorted({*files, *there}):
        wanted = files.get(name)
        text = there[name].read_text(encoding="utf-8") if name in there else None
        if wanted == text:
            continue
        what = "missing" if text is None else "stray" if wanted is None else "different"
        old, new = ((each or "").splitlines(keepends=True) for each in (text, wanted))
        diff = "".join(difflib.unified_diff(old, new, f"{name} as it is", f"{name} generated"))
        found.append(Change(name, what, diff))
    return found


def write(files: Mapping[str, str], folder: Path) -> list[Change]:
    """Write what differs, and return what was changed, and the strays, which stay.

    Raises:
        FileError: a file cannot be written.
    """
    found = changes(files, folder)
    for each in found:
        if each.what != "stray":
            write_file(folder / each.name, files[each.name].encode(), force=True)
    return found


def _row(id_: str, each: LossFile) -> Row:
    needs = dict(each.needs)
    return Row(
        id_,
        each.function,
        each.module,
        needs_reference="reference" in needs,
        needs_kl="kl" in needs,
        needs_lengths="lengths" in needs,
        needs_weights="weights" in needs,
    )
