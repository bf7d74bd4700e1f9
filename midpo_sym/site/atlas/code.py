"""What a reader copies: how to call a loss, its configuration elsewhere, and how to cite it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import midpo_sym
from midpo_sym.spec import library
from midpo_sym.spec.model import Derivation

INSTALL = "pip install '.[torch]'  # in a checkout of midpo_sym"
_LOSSES = Path(midpo_sym.__file__).parent / "losses"
_DIGEST = re.compile(r"\(sha256 ([0-9a-f]+)\)")
_ARGUMENT = re.compile(r"^    (\w+): ((?:.|\n(?!    \w|\S|\n))*)", re.MULTILINE)
_SHAPE = re.compile(r"shape \(batch,( tokens)?\)")
_TRAINER = re.compile(r"(?P<name>\w+)Trainer")
_SETTING = re.compile(r"--at (\w+)=(\S+)")
_RIGHT = ("proved", "equal under this binding")  # verdicts of conformance


@dataclass(frozen=True, slots=True)
class Code:
    """The torch loss that comes with the package.

    Attributes:
        module: its file, as seen from the package.
        text: what the file says.
        usage: a program that calls it.
    """

    module: str
    text: str
    usage: str


def code_of(derivation: Derivation) -> Code | None:
    """Return the torch loss of a specification; None if there is none, or one of another text."""
    atlas = derivation.path.parent.name == library.ATLAS
    path = _LOSSES / ("atlas" if atlas else "") / f"{derivation.id}.py"
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8")
    made_from = _DIGEST.search(text)
    if not made_from or not sha256(derivation.text.encode()).hexdigest().startswith(made_from[1]):
        return None
    module = path.relative_to(_LOSSES.parent.parent).as_posix()
    return Code(module, text, _usage(derivation.id, ast.parse(text)))


def _usage(id_: str, module: ast.Module) -> str:
    """Return a program that calls a loss once, with numbers of the right shapes."""
    name = f"{id_}_loss"
    function = next(
        each for each in module.body if isinstance(each, ast.FunctionDef) and each.name == name
    )
    given = function.args.args
    wanted = [each.arg for each in given[: len(given) - len(function.args.defaults)]]
    section = (ast.get_docstring(function) or "").partition("\nArgs:\n")[2]
    said = dict(_ARGUMENT.findall(section))
    lines = [_line(each, " ".join(said[each].split())) for each in wanted]
    missing = [
        each.arg
        for each, default in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
        if default is None
    ]
    values = ", ".join(f"{each}=0.5" for each in missing)  # no default: its authors name none
    return "\n".join(
        [
            "import torch",
            "from midpo_sym import losses",
            "",
            f'loss = losses.get("{id_}")({values})',
            "losses_of_pairs, chosen_rewards, rejected_rewards = loss(",
            *lines,
            ")",
            "losses_of_pairs.mean().backward()",
        ]
    )


def _line(name: str, said: str) -> str:
    """Return an argument with numbers for two pairs, or for three tokens of each response."""
    shape = _SHAPE.search(said)
    if not shape:
        return f"    {name}=torch.tensor(1.0),"
    tokens = bool(shape[1])
    if name.endswith("_logps") and not name.startswith(("ref_", "prev_")):
        one, end = "-1.5" if tokens else "-12.0", ", requires_grad=True"
    elif name.endswith("_logps"):
        one, end = "-1.6" if tokens else "-13.0", ""
    elif name.endswith("_lengths"):
        one, end = "8", ""
    else:
        one, end = "1.0", ""
    return f"    {name}=torch.full(({'2, 3' if tokens else '2,'}), {one}{end}),"


@dataclass(frozen=True, slots=True)
class Configuration:
    """How TRL is told to train with a loss.

    Attributes:
        version: of TRL.
        text: the line.
        verdict: what was found of that function.
        remark: what the row says besides.
    """

    version: str
    text: str
    verdict: str
    remark: str


def configurations(rows: Iterable[Mapping[str, str]]) -> Iterator[Configuration]:
    """Yield what TRL calls a loss, of the rows of the conformance about it."""
    for row in rows:
        trainer = _TRAINER.match(row["loss"])
        if row["library"] != "trl" or row["verdict"] not in _RIGHT or not trainer:
            continue
        values = ", ".join(f'{key}="{value}"' for key, value in _SETTING.findall(row["command"]))
        text = f"{trainer['name']}Config({values})"
        yield Configuration(row["version"], text, row["verdict"], row["remark"])


def citation(derivation: Derivation, page: str) -> str:
    """Return the BibTeX entry of a page, in the version of the package that made it.

    Args:
        derivation: the loss.
        page: its address on the website, from the first level.
    """
    version = midpo_sym.__version__
    fields = {
        "author": "{The midpo_sym developers}",
        "title": f"{{{derivation.title}, in an atlas of preference losses with computed verdicts}}",
        "note": f"midpo_sym {version}, page {page}",
        "version": version,
    }
    lines = [f"  {name:<7} = {{{value}}}" for name, value in fields.items()]
    return "\n".join([f"@misc{{midposym_{derivation.id},", ",\n".join(lines), "}"])
