"""Compare everything that the program prints and writes with what another revision does.

    python benchmarks/same_results.py --against REVISION [--terms FILE] [--keep DIR]

Both revisions read the same files: their own shipped specifications, and the case files, variants
and refuted specifications of the tests of this checkout. Compared to the byte, times left out: the
reports on claims, derivations, the audit and priors (JSON and for people), LaTeX, the shipped
specifications and losses, the losses and certificates of all specifications, and the pages of the
website but for those about the code itself. Exit status 1 if anything differs.

A change of words goes with its list: each line of FILE is `old => new`, a regular expression and
what replaces it in what the other revision printed; what still differs then is reported.
"""

from __future__ import annotations

import argparse
import difflib
import filecmp
import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SPECIFICATIONS = ("tests/cases", "tests/variants", "tests/refuted")
TIMES = (
    (re.compile(r'"seconds": [0-9.e-]+'), '"seconds": 0'),
    (re.compile(r" *\d+(?:\.\d+)? ms\b"), " 0 ms"),
    (re.compile(r"(?m)^ ─+ *$"), " ─"),  # a rule and a heading, as wide as the times below them
    (re.compile(r"(?m) +time$"), " time"),
)
# What the pages below say is about the code: its modules, files, commands and decisions.
OF_THE_CODE = (
    ".midpo.json",
    "api.md",
    "trust",
    "decisions",
    "reference",
    "command_line",
    "command-line",
)
SHOWN = 40  # lines of a difference


def commands(specifications: list[Path], out: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield what to run, with the name of the file that keeps what it prints."""
    yield "prove.json", ["prove", "--json", "--steps"]
    yield "prove.txt", ["prove", "--steps"]
    yield "prove.tex", ["prove", "--latex"]
    yield "theory.json", ["theory", "--json"]
    yield "theory.txt", ["theory"]
    yield "theory.tex", ["theory", "--latex"]
    yield "audit.json", ["audit", "--json"]
    yield "audit.txt", ["audit"]
    yield "list.json", ["list", "--json"]
    yield "generate.txt", ["generate", "--check"]
    yield "certify.txt", ["certify", "--emit-only", "--out", str(out / "certificates")]
    yield "coverage.txt", ["certify", "--coverage"]
    yield "stage.txt", ["site", "stage", "--out", str(out / "pages")]
    for spec in [*sorted(Path("derivations").glob("*.toml")), *specifications]:
        if spec.name == "sources.toml":
            continue
        name, file = f"each/{spec.parent.name}/{spec.stem}", str(spec)
        yield f"{name}/prove.json", ["prove", "--json", "--steps", file]
        yield f"{name}/prove.txt", ["prove", "--steps", file]
        yield f"{name}/prove.tex", ["prove", "--latex", file]
        yield f"{name}/prior.json", ["prior", "--json", file]
        yield f"{name}/prior.txt", ["prior", file]
        yield f"{name}/show.txt", ["show", file]
        loss = out / "losses" / spec.parent.name / f"{spec.stem}.py"
        loss.parent.mkdir(parents=True, exist_ok=True)
        yield f"{name}/generate.txt", ["generate", "--spec", file, "--out", str(loss)]
        coq = out / "coq" / spec.parent.name / spec.stem
        yield f"{name}/certify.txt", ["certify", "--emit-only", "--out", str(coq), file]


def capture(out: Path) -> None:
    """Run every command in the checkout that is the working folder, and keep what it prints."""
    from midpo_sym.cli import main  # noqa: PLC0415 - of the checkout that PYTHONPATH names

    specifications = [each for folder in SPECIFICATIONS for each in sorted_specs(ROOT / folder)]
    for name, arguments in commands(specifications, out):
        file = out / "printed" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(printed(main, arguments, out), encoding="utf-8")


def sorted_specs(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.toml"))


def printed(main: object, arguments: list[str], out: Path) -> str:
    """Return what a command prints to both streams, and its exit status, times left out."""
    assert callable(main)
    streams = io.StringIO(), io.StringIO()
    before, sys.argv = sys.argv, ["midpo", *arguments]
    status: object = 0
    try:
        with redirect_stdout(streams[0]), redirect_stderr(streams[1]):
            main()
    except SystemExit as stop:
        status = stop.code
    except Exception as error:  # noqa: BLE001 - a crash is a result to compare, too
        status = f"{type(error).__name__}: {error}"
    finally:
        sys.argv = before
    text = "\n".join([*(each.getvalue() for each in streams), f"exit status {status}\n"])
    for pattern, constant in TIMES:
        text = pattern.sub(constant, text)
    for path, name in ((out, "OUT"), (Path.cwd(), "CHECKOUT"), (ROOT, "CHECKOUT")):
        text = text.replace(str(path), name)
    return text


@contextmanager
def checkout(revision: str) -> Iterator[Path]:
    """Give a checkout of a revision, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "checkout"
        git("worktree", "add", "--quiet", "--detach", str(path), revision)
        try:
            yield path
        finally:
            git("worktree", "remove", "--force", str(path))


def git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(ROOT), *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def run(root: Path, out: Path) -> None:
    """Capture what a checkout prints, in a process of its own."""
    out.mkdir(parents=True)
    subprocess.run(
        [sys.executable, __file__, "--capture", str(out)],
        check=True,
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root), "PYTHONHASHSEED": "0", "COLUMNS": "160"},
    )


def differences(before: Path, after: Path, terms: list[tuple[str, str]]) -> Iterator[str]:
    """Yield what differs between two captures, a file at a time."""
    files = sorted(
        {
            path.relative_to(root)
            for root in (before, after)
            for path in root.rglob("*")
            if path.is_file() and not any(part.startswith(OF_THE_CODE) for part in path.parts)
        }
    )
    for file in files:
        one, other = before / file, after / file
        if not one.exists() or not other.exists():
            yield f"{file}: only {'after' if other.exists() else 'before'}"
            continue
        if filecmp.cmp(one, other, shallow=False):
            continue
        texts = [each.read_text(encoding="utf-8", errors="replace") for each in (one, other)]
        for old, new in terms:
            texts[0] = re.sub(old, new, texts[0])
        if texts[0] == texts[1]:
            continue
        lines = [text.splitlines() for text in texts]
        shown = [*difflib.unified_diff(*lines, "before", "after", n=0, lineterm="")]
        more = [f"... {len(shown) - SHOWN} lines more"] if len(shown) > SHOWN else []
        yield "\n".join([str(file), *shown[:SHOWN], *more])


def read_terms(path: Path | None) -> list[tuple[str, str]]:
    """Read the terms that a revision changes, and their replacements."""
    if path is None:
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = [line.split(" => ", 1) for line in lines if " => " in line]
    return [(old, new) for old, new in pairs]


def main() -> int:
    """Compare this checkout with another revision."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--against", metavar="REVISION", help="the revision to compare with")
    parser.add_argument("--terms", type=Path, metavar="FILE", help="terms that have changed")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep captures here, by revision")
    parser.add_argument("--capture", type=Path, metavar="DIR", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.capture:
        capture(options.capture.resolve())
        return 0
    if not options.against:
        parser.error("--against is missing")
    with tempfile.TemporaryDirectory() as folder:
        kept = (options.keep or Path(folder)).resolve()
        before = kept / git("rev-parse", options.against)
        if not before.exists():
            with checkout(options.against) as root:
                run(root, before)
        after = Path(folder) / "now"
        run(ROOT, after)
        found = [*differences(before, after, read_terms(options.terms))]
        count = sum(path.is_file() for path in after.rglob("*"))
    print("\n\n".join([*found, f"{count} files compared, {len(found)} differ"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
