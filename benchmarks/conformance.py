"""What the preference losses of a library are: each asked with `midpo verify`, by hand.

    python benchmarks/conformance.py [--install FOLDER]

With --install, the pinned versions are installed into a folder of their own, without what they
depend on: their losses are plain torch. Writes results/conformance.csv, .json and .md. Formulas are
in tests/cases/code, as the papers print them. A convention that is documented is no error.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import json
import subprocess
import sys
import warnings
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CASES = ROOT / "tests" / "cases" / "code"
RESULTS = ROOT / "benchmarks" / "results"
PINNED = ("liger-kernel==0.8.5",)

sys.path.insert(0, str(ROOT))


@dataclass(frozen=True)
class Row:
    """A loss of a library, and what it is asked to be.

    Attributes:
        package: whose version is shown.
        loss: as the library calls it.
        target: module and name of the function.
        spec: an id, or a file of tests/cases/code.
        at: values of arguments.
        remark: what to know beside the verdict.
    """

    package: str
    loss: str
    target: str
    spec: str
    at: dict[str, str] = field(default_factory=dict)
    remark: str = ""


def of_liger(loss: str, kind: str, name: str, spec: str, remark: str = "", **at: str) -> Row:
    target = f"liger_kernel.chunked_loss.{kind}_loss:LigerFusedLinear{name}Function"
    return Row("liger-kernel", loss, f"{target}.preference_loss_fn", spec, at, remark)


LIGER = (
    of_liger("DPO, sigmoid", "dpo", "DPO", "dpo", loss_type="sigmoid"),
    of_liger(
        "DPO, sigmoid, smoothed",
        "dpo",
        "DPO",
        "cdpo.toml",
        "label_smoothing is taken, and used by other types only",
        loss_type="sigmoid",
    ),
    *(
        of_liger(f"DPO, {each}", "dpo", "DPO", f"{each}.toml", loss_type=each)
        for each in (
            *("hinge", "exo_pair", "nca_pair", "robust", "bco_pair", "sppo_hard"),
            *("apo_zero", "apo_down", "discopop"),
        )
    ),
    of_liger("SimPO", "simpo", "SimPO", "simpo", "its rewards are without the margin"),
    of_liger("CPO", "cpo", "CPO", "cpo.toml"),
    of_liger("ORPO", "orpo", "ORPO", "orpo.toml"),
    of_liger("KTO", "kto", "KTO", "kto.toml", "for a pair; the anchor is an argument"),
)


def asked(row: Row) -> dict[str, str]:
    """Return the verdicts on a row, as text."""
    import midpo_sym  # noqa: PLC0415 - after the library's folder is on the path

    module, _, name = row.target.partition(":")
    function = importlib.import_module(module)
    for part in name.split("."):
        function = getattr(function, part)
    spec = CASES / row.spec if row.spec.endswith(".toml") else row.spec
    found = midpo_sym.verify(function, spec, at=row.at)
    settings = " ".join(f"--at {key}={value}" for key, value in row.at.items())
    place = f"tests/cases/code/{row.spec}" if row.spec.endswith(".toml") else row.spec
    rewards = {each.status.value for each in found.outputs.values()}
    return {
        "library": row.package,
        "version": metadata.version(row.package),
        "loss": row.loss,
        "as": row.spec.removesuffix(".toml"),
        "value": found.value.status.value,
        "gradient": found.gradient.status.value,
        "rewards": ", ".join(sorted(rewards)),
        "holds for": "all hyper-parameters" if found.holds_for_all else "three settings",
        "batch": found.reduction if found.value.status.value == "proved" else "",
        "is": "; ".join(found.suggestions),
        "remark": row.remark,
        "command": f"midpo verify {row.target} --as {place} {settings}".strip(),
    }


def written(rows: list[dict[str, str]]) -> None:
    """Write the matrix as CSV, JSON and Markdown."""
    with (RESULTS / "conformance.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    text = json.dumps(rows, indent=2, ensure_ascii=False)
    (RESULTS / "conformance.json").write_text(f"{text}\n", encoding="utf-8")
    shown = [name for name in rows[0] if name != "command"]
    lines = [
        "# What the losses of libraries are",
        "",
        "Each function was run on variables and compared with its paper's formula by the kernel",
        "(decision 29). What is proved holds for all inputs; what differs was seen by running the",
        "function. Made by `python benchmarks/conformance.py`; the command that asks for each row",
        "is in `conformance.csv`.",
        "",
        f"| {' | '.join(shown)} |",
        f"|{'---|' * len(shown)}",
        *(f"| {' | '.join(row[name] for name in shown)} |" for row in rows),
        "",
    ]
    (RESULTS / "conformance.md").write_text("\n".join(lines), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--install", type=Path, metavar="FOLDER", help="install the libraries")
    folder = parser.parse_args().install
    if folder is not None:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        subprocess.run([*pip, "--target", str(folder), *PINNED], check=True)
        sys.path.insert(1, str(folder))
    rows = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the libraries' own
        for row in LIGER:
            rows.append(asked(row))
            print(*(rows[-1][name] for name in ("loss", "as", "value", "gradient", "rewards")))
    written(rows)


if __name__ == "__main__":
    main()
