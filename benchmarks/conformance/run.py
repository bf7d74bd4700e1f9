"""What the preference losses of libraries are: each asked with `midpo verify`, by hand.

    python benchmarks/conformance/run.py FOLDER [ENVIRONMENT]...

Makes the environments of libraries.toml in a folder, unless they are there, asks in each what the
losses of its libraries are (`ask.py`), and writes results/conformance.csv, .json and the page
site/conformance.md. With environments, the rows of the others stay. It takes 5 GB and half an hour,
and is never run by continuous integration. Nothing that needs CUDA is installed: torch is pinned.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

from page import JSON, ROOT, written

HERE = Path(__file__).resolve().parent
OURS = ("torch==2.13.0", "numpy", "sympy", "mpmath", "click", "jinja2", "rich", "python-flint")


def made(folder: Path, name: str, packages: dict[str, list[str]]) -> Path:
    """Return the Python of an environment, which is made if it is not there."""
    home = folder / name
    python = home / "bin" / "python"
    if python.exists():
        return python
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    constraints = home / "constraints.txt"
    constraints.write_text("torch==2.13.0\n", encoding="utf-8")
    pip = [str(python), "-m", "pip", "install", "--quiet", "--constraint", str(constraints)]
    subprocess.run([*pip, *OURS, *packages["install"]], check=True)
    subprocess.run([*pip, "--no-deps", *packages["alone"]], check=True)
    return python


def asked(python: Path, name: str) -> list[dict[str, str]]:
    """Return the rows of an environment."""
    done = subprocess.run(
        [str(python), str(HERE / "ask.py"), name],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def only_read(data: dict[str, list[dict[str, str]]], like: dict[str, str]) -> list[dict[str, str]]:
    """Return the rows of what was read in repositories, with the columns of the others."""
    return [
        {**dict.fromkeys(like, ""), **row, "verdict": "read, not run"} for row in data["only_read"]
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="of the environments")
    parser.add_argument("environments", nargs="*", help="which; all of them if none is named")
    given = parser.parse_args()
    data = tomllib.loads((HERE / "libraries.toml").read_text(encoding="utf-8"))
    wanted = given.environments or [*data["environment"]]
    new = {
        name: asked(made(given.folder, name, needed), name)
        for name, needed in data["environment"].items()
        if name in wanted
    }
    before = json.loads(JSON.read_text(encoding="utf-8"))  # now: another run may have ended since
    rows: list[dict[str, str]] = []
    for name in data["environment"]:
        rows += new.get(name) or [row for row in before if row.get("environment") == name]
    for path, text in written([*rows, *only_read(data, rows[0])]).items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
