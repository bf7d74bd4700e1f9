"""Add your own algorithm: a tutorial whose every output is what the program printed just now."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from midpo_sym.session import remembered
from midpo_sym.site.mkdocs.commands import run
from midpo_sym.site.mkdocs.templating import fenced, render
from midpo_sym.site.pages.page import Pages
from midpo_sym.site.parts.material import Material

_PATH = "add_your_own.md"

# Averaged log-ratios, at first with the prior of DPO: a plausible mistake.
_FIRST = """title   = "My loss"
summary = "DPO on log-ratios averaged over the tokens."

[parameters]
alpha = { domain = "positive", default = "1/10", torch = "beta", meaning = "scale of the reward" }

[prior]
zeta = "ref(y)"

[loss]
argument = "alpha/length(w)*log(pi(w)/ref(w)) - alpha/length(l)*log(pi(l)/ref(l))"
"""
_CLAIM = """
[[claim]]
id     = "main"
work   = "Somebody 2025"
place  = "equation 3"
status = "proved"
"""


def make(material: Material, cache: Path | None) -> Pages:
    """Return the tutorial."""
    del material, cache
    return Pages({_PATH: _page()}, [{"Add your own": _PATH}])


@remembered(1)  # it depends on the program only, which does not change while a server runs
def _page() -> bytes:
    with TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "my_loss.toml"
        shown = {"new": _console("midpo new my_loss", folder)}
        shown["start"] = fenced("toml", path.read_text(encoding="utf-8"))
        shown["first"] = fenced("toml", _write(path, _FIRST))
        shown["refuted"] = _console("midpo prove my_loss.toml", folder)
        shown["prior"] = _console("midpo prior my_loss.toml", folder)
        right = run("midpo prior my_loss.toml", folder).rpartition("\n")[2]
        second = _FIRST.replace('zeta = "ref(y)"', right)
        _write(path, second)
        shown["repaired"] = fenced("toml", f"[prior]\n{right}")
        shown["proved"] = _console("midpo prove my_loss.toml --steps", folder)
        _write(path, second.replace('"1/10"', '"0.1"'))
        shown["error"] = _console("midpo check my_loss.toml", folder)
        _write(path, second + _CLAIM)
        shown["claim"] = fenced("toml", _CLAIM.strip())
        shown["claimed"] = _console("midpo prove my_loss.toml", folder)
    return render("tutorial.md", **shown)


def _write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return text


def _console(command: str, folder: Path) -> str:
    return fenced("console", f"$ {command}\n{run(command, folder)}")
