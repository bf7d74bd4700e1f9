"""The program knows no algorithm by name: what it does, it does for a specification.

Names are in data: specifications, templates of pages, Coq, TOML; and in what comes out of them.
In the program they may stand in docstrings, in the examples that a command ends its help with, and
in the words of `ALLOWED`, which are printed and decide nothing.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import midpo_sym
from midpo_sym.spec import library

PACKAGE = Path(midpo_sym.__file__).parent
GENERATED = ("losses",)
FRAMEWORK = re.compile("mi[-_]dpo", re.IGNORECASE)  # MI-DPO itself is what the program is about
# Place and the string that may stand there, from its first word that names an algorithm.
ALLOWED = {
    ("site/pages/tutorial.py", "DPO on log-ratios averaged"): "the text of a page, as typed there",
    ("testing/collecting.py", 'simpo", bind={...}'): "an example of the marker, in its error",
    ("spec/reading/keys.py", "simpo/section-4"): "an example in the reference of the keys",
    ("atlas/export.py", "DPO, formal verification"): "keywords of a citation",
    ("lab/study/config.py", "dpo"): "what a study compares with, if it names nothing; an example",
    ("lab/study/arms.py", "dpo"): "a parameter's name: which hyper-parameter is searched first",
    ("site/atlas/words.py", "DPO"): "the glossary",
    ("site/live/beside.py", "dpo"): "what each loss is drawn beside",
}
# Rows about other libraries, in their names, which decide nothing about a loss.
OF_LIBRARIES = tuple(
    f"training/{name}.py" for name in ("conventions", "trl", "axolotl", "ms_swift")
)


def names() -> re.Pattern[str]:
    """Return what matches an id or a word of a title, as a whole word or part of an identifier.

    An underscore parts words, but for those inside an id: `r_dpo` is in `of_r_dpo`, `dpo` as well.
    """
    words = set(library.paper_ids())
    for derivation in library.paper():
        words |= set(re.findall(r"[^\s()]+", derivation.title))
    alternatives = "|".join(sorted(map(re.escape, words), key=len, reverse=True))
    return re.compile(rf"(?<![^\W_])(?<!-)({alternatives})(?![^\W_])", re.IGNORECASE)


def found_in(text: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of each string and identifier of a module that names an algorithm."""
    module, pattern = ast.parse(text), names()
    skipped = {id(each) for node in ast.walk(module) for each in documentation(node)}
    for node in ast.walk(module):
        if id(node) in skipped:
            continue
        for word in words_of(node):
            match = pattern.search(FRAMEWORK.sub("", word))
            if match:
                yield getattr(node, "lineno", 0), FRAMEWORK.sub("", word)[match.start() :]


def documentation(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the docstring of a node, and the examples that a command ends its help with."""
    match node:
        case ast.Module() | ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
            match node.body:
                case [ast.Expr(value=ast.Constant() as docstring), *_]:
                    yield docstring
        case ast.keyword(arg="epilog", value=value):
            yield from ast.walk(value)


def words_of(node: ast.AST) -> Iterator[str]:
    """Yield what a node says itself: a string, or the names it binds or looks up."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            yield node.value
        return
    for _, value in ast.iter_fields(node):
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from (each for each in value if isinstance(each, str))


def modules() -> list[Path]:
    return [
        path
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.relative_to(PACKAGE).parts[0] not in GENERATED
        and path.relative_to(PACKAGE).as_posix() not in OF_LIBRARIES
    ]


@pytest.mark.slow
def test_no_module_names_an_algorithm():
    offences = []
    used = set()
    for path in modules():
        place = path.relative_to(PACKAGE).as_posix()
        for line, text in found_in(path.read_text(encoding="utf-8")):
            allowed = {key for key in ALLOWED if key[0] == place and text.startswith(key[1])}
            used |= allowed
            if not allowed:
                offences.append(f"{place}:{line}: {text[:40]!r}")
    assert offences == []
    assert used == set(ALLOWED), "what is allowed and no longer there is to be taken out"


def test_no_module_is_called_as_an_algorithm():
    pattern = names()
    parts = {part for path in modules() for part in path.relative_to(PACKAGE).with_suffix("").parts}
    assert [each for each in sorted(parts) if pattern.search(each)] == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('if id_ == "dpo": pass', "dpo"),
        ('KNOWN = {"tis_dpo": 1}', "tis_dpo"),
        ('print(f"{x} is SimPO, and {y}")', "SimPO"),
        ('print("as in TDPO₂")', "TDPO₂"),
        ('print("R-DPO")', "R-DPO"),
        ("def simpo_margin(): pass", "simpo"),
        ("from midpo_sym.losses import centropy", "centropy"),
        ("def f(*, of_dice): pass", "dice"),
        ("loss.sparsepo", "sparsepo"),
        ("nonlocal_ = 1\ndef f():\n    global dpo", "dpo"),
    ],
)
def test_a_name_is_found(text, named):
    assert [each[1][: len(named)] for each in found_in(text)] == [named]


@pytest.mark.parametrize(
    "text",
    [
        '"""As in SimPO."""',
        'def f():\n    """As in `simpo/section-4`."""',
        '@command(epilog="Example: midpo show simpo")\ndef show(): pass',
        "from midpo_sym.tensor import mi_dpo_loss",
        'print("midpo: MI-DPO and mi_dpo")',
        "diced = candice = 1",
    ],
)
def test_documentation_and_the_framework_are_no_names(text):
    assert list(found_in(text)) == []
