"""The configuration of a study: one TOML file, read strictly."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from midpo_sym.lab.checks import LabError
from midpo_sym.lab.training.losses import find_loss, parameters_of
from midpo_sym.lab.training.priors import KINDS
from midpo_sym.lab.training.settings import ModelSettings, ReferenceSettings, TrainingSettings
from midpo_sym.lab.worlds.settings import WorldSettings, between

T = TypeVar("T")
SHIPPED = Path(__file__).parent / "settings"
_SECTIONS = ("study", "model", "reference", "training", "search", "losses", "worlds")


@dataclass(frozen=True, slots=True)
class StudySettings:
    """What is compared.

    Attributes:
        losses: ids of losses.
        priors: kinds of learned priors, of `training.KINDS`.
        baseline: the loss that each other one is compared with.
        again: the loss that runs once more under another name, as a planted null.
        seeds: how many of each world are compared.
        tuning_seeds: how many others choose the hyper-parameters.
        trials: hyper-parameters that each loss may try.
        tau: what a nat of KL(π‖π_ref) costs, in units of the reward.
        level: of all tests together.
    """

    losses: tuple[str, ...]
    priors: tuple[str, ...] = ()
    baseline: str = "dpo"
    again: str = "dpo"
    seeds: int = 10
    tuning_seeds: int = 2
    trials: int = 6
    tau: float = 0.5
    level: float = 0.05

    def __post_init__(self) -> None:
        """Check everything that needs no loss.

        Raises:
            LabError: one setting is not allowed.
        """
        for name, least, most in (
            ("seeds", 1, 999),
            ("tuning_seeds", 1, 999),
            ("trials", 1, 1000),
        ):
            between(getattr(self, name), name, least, most, whole=True)
        between(self.tau, "tau", 1e-3, 1e3)
        between(self.level, "level", 1e-4, 0.5)
        for name in ("losses", "priors"):
            _check_names(getattr(self, name), name)
        for each in self.priors:
            if each not in KINDS:
                raise LabError(f"priors has {each!r}; allowed: {', '.join(KINDS)}")
        for name in ("baseline", "again"):
            if getattr(self, name) not in self.losses:
                raise LabError(
                    f"{name} is {getattr(self, name)!r}; it has to be one of losses: "
                    f"{', '.join(self.losses)}"
                )


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """Where hyper-parameters are looked for; every loss has as many trials.

    Attributes:
        learning_rate: of Adam.
        sums: β of losses of sums of log-probabilities.
        means: β of losses that divide by lengths.
        factors: of any other first parameter, times its default.
    """

    learning_rate: tuple[float, ...] = (1e-3, 3e-3)
    sums: tuple[float, ...] = (0.1, 0.3, 1.0)
    means: tuple[float, ...] = (1.0, 3.0, 10.0)
    factors: tuple[float, ...] = (0.3, 1.0, 3.0)

    def __post_init__(self) -> None:
        """Check that each is a list of positive numbers.

        Raises:
            LabError: one is not.
        """
        for each in fields(self):
            _check_numbers(getattr(self, each.name), each.name)


@dataclass(frozen=True, slots=True)
class Study:
    """A whole configuration.

    Attributes:
        name: of the file.
        study: what is compared.
        model: sizes of policy, reference and priors.
        reference: how it is trained.
        training: the budget of each run.
        search: where hyper-parameters are looked for.
        grids: by loss and parameter, values to try instead of those of `search`.
        worlds: kinds of worlds by name.
        own: files of the user's losses, by id.
    """

    name: str
    study: StudySettings
    model: ModelSettings
    reference: ReferenceSettings
    training: TrainingSettings
    search: SearchSettings
    grids: Mapping[str, Mapping[str, tuple[float, ...]]]
    worlds: Mapping[str, WorldSettings]
    own: Mapping[str, Path] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """The sha256 of what decides the results: the same settings, the same digest."""
        parts = asdict(self)
        own = {
            name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in self.own.items()
        }
        text = json.dumps({**parts, "name": "", "own": own}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def read_study(path: Path, own: Mapping[str, Path] | None = None) -> Study:
    """Return the configuration of a file.

    Args:
        path: of a TOML file.
        own: files of the user's losses, by id; they are compared besides those that are named.

    Raises:
        LabError: it cannot be read, or a setting is not allowed: which, what was read, what is
            allowed, and the cure.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LabError(f"{path}: {(error.strerror or str(error)).lower()}; name a file") from None
    except UnicodeDecodeError:
        raise LabError(f"{path}: it is not UTF-8; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise LabError(f"{path}: it is no TOML: {error}") from None
    return _read(found, str(path), path.stem, own or {})


def _read(found: dict[str, Any], place: str, name: str, own: Mapping[str, Path]) -> Study:
    _check_keys(found, _SECTIONS, place)
    if not found.get("worlds"):
        raise LabError(f"{place}: [worlds] is missing; give one, such as [worlds.plain]")
    for section in _SECTIONS:
        _check_table(found.get(section, {}), f"{place}: [{section}]")
    if "losses" not in found.get("study", {}):
        raise LabError(f"{place}: [study] losses is missing; list ids, such as losses = ['dpo']")
    study = dict(found["study"])
    if own and isinstance(study["losses"], list):
        study["losses"] = [*study["losses"], *(each for each in own if each not in study["losses"])]
    result = Study(
        name=name,
        study=_section(StudySettings, study, f"{place}: [study]"),
        model=_section(ModelSettings, found.get("model", {}), f"{place}: [model]"),
        reference=_section(ReferenceSettings, found.get("reference", {}), f"{place}: [reference]"),
        training=_section(TrainingSettings, found.get("training", {}), f"{place}: [training]"),
        search=_section(SearchSettings, found.get("search", {}), f"{place}: [search]"),
        grids=_grids(found.get("losses", {}), place, own),
        worlds={
            each: _section(WorldSettings, table, f"{place}: [worlds.{each}]")
            for each, table in found["worlds"].items()
        },
        own=dict(own),
    )
    for each in result.worlds:
        if not each.replace("_", "").isalnum():
            raise LabError(f"{place}: [worlds.{each}]: a world's name is letters, digits and _")
    for each in result.study.losses:
        try:
            find_loss(each, own)
        except LabError as error:
            raise LabError(f"{place}: [study] losses: {error}") from None
    return result


def _section(kind: type[T], table: Any, place: str) -> T:
    """Return settings from a table; what it leaves out has its default."""
    _check_table(table, place)
    names = [each.name for each in fields(kind)]  # type: ignore[arg-type]
    _check_keys(table, names, place)
    values = {
        name: tuple(value) if isinstance(value, list) else value for name, value in table.items()
    }
    try:
        return kind(**values)
    except LabError as error:
        raise LabError(f"{place} {error}") from None


def _grids(
    tables: dict[str, Any], place: str, own: Mapping[str, Path]
) -> dict[str, dict[str, tuple[float, ...]]]:
    found: dict[str, dict[str, tuple[float, ...]]] = {}
    for name, table in tables.items():
        here = f"{place}: [losses.{name}]"
        _check_table(table, here)
        try:
            allowed = ("beta",) if name in KINDS else (*parameters_of(find_loss(name, own)),)
            _check_keys(table, (*allowed, "learning_rate"), here)
            for each, values in table.items():
                _check_numbers(tuple(values) if isinstance(values, list) else values, each)
        except LabError as error:
            text = str(error)
            raise LabError(text if text.startswith(place) else f"{here} {text}") from None
        found[name] = {each: tuple(map(float, values)) for each, values in table.items()}
    return found


def _check_table(table: Any, place: str) -> None:
    if not isinstance(table, dict):
        raise LabError(f"{place} is {table!r}; it has to be a table of settings")


def _check_keys(table: Mapping[str, Any], allowed: tuple[str, ...] | list[str], place: str) -> None:
    for key in table:
        if key not in allowed:
            near = get_close_matches(key, allowed, 1)
            cure = f"did you mean {near[0]}?" if near else "leave it out"
            raise LabError(
                f"{place}: there is no setting {key!r}; allowed: {', '.join(allowed)}; {cure}"
            )


def _check_names(values: Any, name: str) -> None:
    if not isinstance(values, tuple) or not all(isinstance(each, str) for each in values):
        raise LabError(f"{name} is {values!r}; it has to be a list of names in quotes")
    twice = [each for each in values if values.count(each) > 1]
    if twice:
        raise LabError(f"{name} has {twice[0]!r} twice; leave one out")


def _check_numbers(values: Any, name: str) -> None:
    numbers = isinstance(values, tuple) and all(
        isinstance(each, int | float) and not isinstance(each, bool) and 0 <= each < float("inf")
        for each in values
    )
    if not numbers or not values:
        raise LabError(f"{name} is {values!r}; it has to be a list of numbers of at least 0")
