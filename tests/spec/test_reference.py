"""`derivations/README.md` says what the code says: every word, no other, with the same meaning."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from midpo_sym.language import constants
from midpo_sym.language.errors import LanguageError
from midpo_sym.language.grammar import limits
from midpo_sym.language.grammar.losses import Scope, parse
from midpo_sym.language.links import LINKS
from midpo_sym.language.printing import symbols
from midpo_sym.language.quantities.data import ARITIES
from midpo_sym.language.vocabulary import (
    CHECKED,
    DOMAINS,
    FUNCTIONS,
    GIVES,
    QUANTITIES,
    RESERVED,
    RESPONSES,
    STATUSES,
)
from midpo_sym.prover.prove import prove_derivation
from midpo_sym.spec import SpecError, loads
from midpo_sym.spec.reading import files, statements
from midpo_sym.spec.reading import tables as tables_of_a_file
from midpo_sym.spec.reading.keys import KEYS

README = (Path(__file__).parents[2] / "derivations" / "README.md").read_text(encoding="utf-8")
MODULES = (
    import_module("midpo_sym.spec.reading.losses"),
    import_module("midpo_sym.spec.reading.objectives"),
    files,
    statements,
    tables_of_a_file,
    limits,
    constants,
    symbols,
)

Rows = list[tuple[str, ...]]


def tables(text: str) -> dict[str, Rows]:
    """Return the rows of the table under each heading, without its head."""
    found: dict[str, Rows] = {}
    heading = ""
    for line in text.splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        elif line.startswith("|"):
            cells = tuple(cell.strip() for cell in line.strip("|").split(" | "))
            found.setdefault(heading, []).append(cells)
    return {heading: rows[2:] for heading, rows in found.items()}


def rows_of_keys(name: str) -> Rows:
    """Return the rows that a table of the file must have."""
    return [
        (f"`{key.name}`", key.kind, "yes" if key.required else "no", key.meaning)
        for key in KEYS[name].values()
    ]


def rows_of_words(words: dict) -> Rows:
    """Return the rows that a table of callable words must have."""
    return [
        (f"`{word.name}`", " or ".join(f"`{usage}`" for usage in word.usage), word.meaning)
        for word in words.values()
    ]


def rows_of_limits() -> set[tuple[str, str]]:
    """Return name and value of every `MAX_` constant that a reader of files can meet."""
    return {
        (f"`{name}`", f"{value:,}")
        for module in MODULES
        for name, value in vars(module).items()
        if name.startswith("MAX_")
    }


EXPECTED = {
    "The file": rows_of_keys(""),
    **{f"`[{name}]`": rows_of_keys(name) for name in KEYS if name not in ("", "claim", "term")},
    "`[[claim]]`": rows_of_keys("claim"),
    "`[[loss.term]]`": rows_of_keys("term"),
    "What MI-DPO gives": [(f"`{name}`", meaning) for name, meaning in GIVES.items()],
    "Arities": [
        (f"`{each.of}`", f"`score{each.arguments}`", each.each, f"`{each.shape}`")
        for each in ARITIES.values()
    ],
    "Quantities": rows_of_words(QUANTITIES),
    "Functions": rows_of_words(FUNCTIONS),
    "Responses": [(f"`{name}`", meaning) for name, meaning in RESPONSES.items()],
    "Domains": [(f"`{name}`", meaning) for name, meaning in DOMAINS.items()],
    "Checked": [(f"`{name}`", meaning) for name, meaning in CHECKED.items()],
    "Statuses": [(f"`{name}`", meaning) for name, meaning in STATUSES.items()],
    "Links": [(f"`{name}`", f"`{link.text}`") for name, link in LINKS.items()],
}


def test_there_is_a_table_for_everything_and_no_other():
    """The headings with tables are those of the code, and the limits."""
    assert set(tables(README)) == {*EXPECTED, "Limits"}


@pytest.mark.parametrize("heading", EXPECTED)
def test_a_table_says_what_the_code_says(heading):
    """Row by row, in the order of the code."""
    assert tables(README)[heading] == EXPECTED[heading]


def test_the_limits_are_those_of_the_code():
    """Every constant has a row with its value."""
    rows = tables(README)["Limits"]
    assert {row[:2] for row in rows} == rows_of_limits()
    assert len(rows) == 14


def test_a_changed_table_is_noticed():
    """A word too few, a word too many and another meaning each make a difference."""
    row = next(line for line in README.splitlines() if line.startswith("| `hinge`"))
    for changed in ("", f"{row}\n| `hinge2` | `0` |", row.replace("max", "min")):
        assert tables(README.replace(row, changed))["Links"] != EXPECTED["Links"]


def test_reserved_words_are_named():
    """Those that have no table of their own are `x`, `zeta` and the token position."""
    text = README[README.index("## Names") :]
    for word in RESERVED:
        assert f"`{word}" in text


def example() -> str:
    """Return the file that the page starts with."""
    found = re.search(r"```toml\n(.*?)```", README, re.DOTALL)
    assert found
    return found[1]


def test_the_example_is_proved():
    """The first file of the page is complete, and its claim holds."""
    (result,) = prove_derivation(loads(example(), "dpo.toml"))
    assert result.claim
    assert result.claim.is_main
    assert result.as_expected
    assert result.expected[0].value == "proved"


def test_the_error_is_real():
    """The change that the page names gives the error that it shows."""
    change = re.search(r"With\n`(default = .*?)` in", README)
    shown = re.search(r"```text\n(.*?)\n```", README, re.DOTALL)
    assert change
    assert shown
    text = example()
    wrong = text.replace('default = "1/10"', change[1])
    assert wrong != text
    with pytest.raises(SpecError) as caught:
        loads(wrong, "dpo.toml")
    assert str(caught.value) == shown[1]


def test_the_cures_named_are_those_given():
    """The page's examples of what to write instead."""
    text = README[README.index("## Errors") :]
    found = re.findall(r"`([^`]+)` (?:it is )?`([^`]+)`", text.partition("With")[0])
    assert len(found) == 3
    scope = Scope(frozenset("wl"), {"a": "positive", "b": "real"})
    for written, cure in found:
        with pytest.raises(LanguageError) as caught:
            parse(written, scope)
        assert caught.value.advice.instead == cure


def test_the_symbols_named_are_let_through():
    """The page's examples of symbols, in both notations, are the same three."""
    text = README[README.index("A symbol is one") :]
    shown = re.findall("`([^`]+)`", text.partition("No other")[0])[1:]
    assert list(map(symbols.fold_latex, shown[:3])) == list(map(symbols.fold_unicode, shown[3:]))
