"""The help of every command, as the program prints it."""

from __future__ import annotations

import re
from pathlib import Path

from midpo_sym.session import remembered
from midpo_sym.site.mkdocs.commands import run
from midpo_sym.site.mkdocs.templating import fenced, render
from midpo_sym.site.pages.page import Pages
from midpo_sym.site.parts.material import Material

_PATH = "command_line.md"
_COMMAND = re.compile(r"^  ([a-z-]+) ", re.MULTILINE)


def make(material: Material, cache: Path | None) -> Pages:
    """Return the page."""
    del material, cache
    return Pages({_PATH: _page()}, [{"Command line": _PATH}])


@remembered(1)  # it depends on the program only
def _page() -> bytes:
    commands = []
    for name in _subcommands("midpo"):
        inner = [f"{name} {each}" for each in _subcommands(f"midpo {name}")]
        commands += [name, *inner]
    return render(
        "command_line.md",
        top=_console("midpo --help"),
        commands=[(name, _console(f"midpo {name} --help")) for name in commands],
    )


def _subcommands(command: str) -> list[str]:
    listed = run(f"{command} --help", Path.cwd()).partition("Commands:")[2]
    return _COMMAND.findall(listed)


def _console(command: str) -> str:
    return fenced("console", f"$ {command}\n{run(command, Path.cwd())}")
