"""Commands as a reader would type them, run when the page is built.

The installed program is looked up by its name, as a shell would: pages document the command line,
and do not build on it.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from contextlib import chdir, redirect_stderr, redirect_stdout
from importlib.metadata import entry_points
from pathlib import Path

from midpo_sym.session import remembered

_TIME = re.compile(r" +\d+ ms$| +time$", re.MULTILINE)
_RULE = re.compile(r"^( *)─+$", re.MULTILINE)


def run(command: str, folder: Path) -> str:
    """Return what `midpo …` prints in a folder, both streams, without how long it took."""
    program, *arguments = command.split()
    stream = io.StringIO()
    before = sys.argv
    sys.argv = [program, *arguments]
    try:
        with chdir(folder), redirect_stdout(stream), redirect_stderr(stream):
            _program(program)()
    except SystemExit:
        pass
    finally:
        sys.argv = before
    return _timeless(stream.getvalue()).strip("\n")


@remembered(8)
def _program(name: str) -> Callable[[], None]:
    (found,) = entry_points(group="console_scripts", name=name)
    program: Callable[[], None] = found.load()
    return program


def _timeless(text: str) -> str:
    """Return output without the column of times, which differ from run to run."""
    if not _TIME.search(text):
        return text
    text = _TIME.sub("", text)
    lines = text.splitlines()
    rule = next((k for k, line in enumerate(lines) if _RULE.fullmatch(line)), None)
    if rule is not None:
        end = next((k for k in range(rule, len(lines)) if not lines[k].strip()), len(lines))
        longest = max(len(line) for line in lines[max(0, rule - 1) : end] if "─" not in line)
        lines[rule] = " " + "─" * longest
    return "\n".join(line.rstrip() for line in lines)
