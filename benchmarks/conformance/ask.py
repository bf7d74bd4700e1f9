"""What the losses of one environment are: run inside of it, with this repository on the path.

python benchmarks/conformance/ask.py ENVIRONMENT [FORMULA]... prints the rows as JSON, one a line;
with formulas, those that are asked to be one of them.
"""

from __future__ import annotations

import contextlib
import json
import math
import shlex
import signal
import sys
import tomllib
import warnings
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FORMULAS = (HERE / "formulas", ROOT / "tests" / "cases" / "code")  # before what is shipped
OTHERS = (ROOT / "tests" / "cases" / "losses",)
SECONDS = 60  # of the processor, for one question

sys.path.insert(0, str(ROOT))

from midpo_sym.code import searching  # noqa: E402 - see above
from midpo_sym.code.attempts import question_of  # noqa: E402
from midpo_sym.code.inputs.binding import bind as bound  # noqa: E402
from midpo_sym.code.inputs.instance import MANY, Batch  # noqa: E402
from midpo_sym.code.loading import load  # noqa: E402
from midpo_sym.code.running import Subject  # noqa: E402
from midpo_sym.code.verdicts import Counterexample, Status, Verification  # noqa: E402
from midpo_sym.code.verify import NotVerifiableError  # noqa: E402
from midpo_sym.pipeline import Pipeline  # noqa: E402
from midpo_sym.session import Session, remembering  # noqa: E402
from midpo_sym.spec import library  # noqa: E402
from midpo_sym.spec.model import Derivation  # noqa: E402


def questions(environment: str) -> Iterator[dict[str, Any]]:
    """Yield what is asked in an environment."""
    data = tomllib.loads((HERE / "libraries.toml").read_text(encoding="utf-8"))
    for group in data["group"]:
        if group["environment"] != environment:
            continue
        for row in group["rows"]:
            found = {**group, **row}
            found["bind"] = {**group.get("bind", {}), **row.get("bind", {})}
            found["at"] = dict(row.get("at", {}))
            if "type" in row:
                found["at"] = {"loss_type": row["type"], **found["at"]}
            yield found


def formula(name: str) -> str:
    """Return an id, or the path of a formula in this repository."""
    folders = FORMULAS if library.is_shipped(name) else (*FORMULAS, *OTHERS)
    paths = [path for each in folders if (path := each / f"{name}.toml").is_file()]
    return str(paths[0].relative_to(ROOT)) if paths else name


def command(asked: Mapping[str, Any]) -> str:
    """Return the command that asks the question."""
    parts = ["midpo", "verify", asked["target"], "--as", formula(asked["as"])]
    for name, text in asked["bind"].items():
        parts += ["--bind", f"{name}={text}"]
    for name, value in asked["at"].items():
        parts += ["--at", f"{name}={value}"]
    return shlex.join(parts)


def answer(asked: Mapping[str, Any]) -> dict[str, str]:
    """Return the row of a question."""
    with remembering(Session()):
        derivation = library.find(formula(asked["as"]))
        try:
            function = load(asked["target"])
            found = Pipeline().verify(function, derivation, bind=asked["bind"], at=asked["at"])
        except (NotVerifiableError, TimeoutError) as error:
            said = {"verdict": "cannot be read", "where": str(error).partition("\n")[0]}
        except Exception as error:  # noqa: BLE001 - a fault of ours is no verdict
            said = {"verdict": "cannot be read", "where": f"{type(error).__name__}: {error}"}
        else:
            said = _said(function, derivation, asked, found)
    name = " ".join([asked["name"], *([asked["type"]] if "type" in asked else [])])
    if "type" not in asked and asked["target"].startswith("opake"):
        name = asked["target"].rpartition(":")[2]
    extra = [f"{key}={value}" for key, value in asked["at"].items() if key != "loss_type"]
    return {
        "library": asked["package"],
        "version": metadata.version(asked["package"]),
        "loss": ", ".join([name, *extra]),
        "as": asked["as"],
        "verdict": "",
        "value": "",
        "gradient": "",
        "rewards": "",
        "holds for": "",
        "batch": "",
        "where": "",
        "is": "",
        **said,
        "remark": asked.get("convention", "") or asked.get("remark", ""),
        "read": asked["read"],
        "command": command(asked),
        "environment": asked["environment"],
    }


def _said(
    function: Any, derivation: Derivation, asked: Mapping[str, Any], found: Verification
) -> dict[str, str]:
    loss = {found.value.status, found.gradient.status}
    said = {
        "value": found.value.status.value,
        "gradient": found.gradient.status.value,
        "rewards": ", ".join(sorted({each.status.value for each in found.outputs.values()})),
        "is": "; ".join(found.suggestions),
    }
    if loss == {Status.PROVED}:
        verdict = "equal under this binding" if "convention" in asked else "proved"
        at = "three settings of the hyper-parameters" if found.settings else "all hyper-parameters"
        return {**said, "verdict": verdict, "holds for": at, "batch": found.reduction}
    if Status.DIFFERS in loss:
        shown = found.value.counterexample or found.gradient.counterexample
        return {**said, "verdict": "differs", "where": _where(shown)}
    shown, points = tested(function, derivation, asked)
    reason = found.value.reason or found.gradient.reason
    if shown is not None:
        return {**said, "verdict": "differs", "where": _where(shown)}
    if points:
        where = f"equal at {points} random points; not read: {reason}"
        return {**said, "verdict": "tested, not proved", "where": where}
    return {**said, "verdict": "cannot be read", "where": reason}


def tested(
    function: Any, derivation: Derivation, asked: Mapping[str, Any]
) -> tuple[Counterexample | None, int]:
    """Return where a function that was not read differs by its numbers, and how many were tried."""
    subject = Subject.of(function, [each.torch for each in derivation.parameters])
    binding = bound(subject.function, derivation, asked["bind"], asked["at"], subject.attributes)
    batches = [
        Batch(n, binding.by_token, binding.numbers, symbolic=False, by_word=binding.by_word)
        for n in (1, 2, MANY)
    ]
    try:
        given = [question_of(subject, binding, derivation, each) for each in batches]
        for each in given:
            next(searching.runs(each))
        found = searching.search(given, "float32", ["value", "gradient"])
    except Exception:  # noqa: BLE001 - whatever the library raises, it is not tested
        return None, 0
    return next(iter(found.values()), None), searching.POINTS * len(batches)


def _where(shown: Counterexample | None) -> str:
    if shown is None:
        return ""
    given = ", ".join(f"{name} = {_short(value)}" for name, value in shown.arguments.items())
    return f"{shown.what} = {_number(shown.found)}, not {_number(shown.wanted)}, at {given}"


def _short(value: Any) -> str:
    if isinstance(value, float):
        return _number(value)
    return f"[{', '.join(map(_short, value))}]" if isinstance(value, list) else str(value)


def _number(value: float) -> str:
    return f"{value:.7g}" if math.isfinite(value) else str(value)


def _late(*_: object) -> None:
    message = f"it took more than {SECONDS} seconds"
    raise TimeoutError(message)


def main() -> None:
    warnings.simplefilter("ignore")  # the libraries' own
    signal.signal(signal.SIGPROF, _late)
    rows, sys.stdout = sys.stdout, sys.stderr  # libraries print when they are imported
    wanted = sys.argv[2:]
    asked_of = [each for each in questions(sys.argv[1]) if not wanted or each["as"] in wanted]
    for target in dict.fromkeys(each["target"] for each in asked_of):
        with contextlib.suppress(NotVerifiableError):
            load(target)  # imports take long, and are not a part of the question
    for asked in asked_of:
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        row = answer(asked)
        signal.setitimer(signal.ITIMER_PROF, 0)
        print(json.dumps(row, ensure_ascii=False), file=rows, flush=True)
        shown = (row[each] for each in ("library", "loss", "as", "verdict", "rewards"))
        print(*shown, sep=" | ", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
