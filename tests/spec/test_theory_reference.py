"""The READMEs of theory and audit say what the code says: every word, no other, same meaning."""

import re

import pytest
from generators.trees.words import DERIVATIONS

from midpo_sym.chains.chain import check_theory
from midpo_sym.language.indexed import SETS
from midpo_sym.language.laws import THEORY_RULES
from midpo_sym.language.vocabulary import (
    AUDIT_STATUSES,
    CATEGORIES,
    FORMS,
    PROPERTIES,
    THEORY_FUNCTIONS,
)
from midpo_sym.spec.reading.keys import AUDIT_KEYS, THEORY_KEYS
from midpo_sym.spec.reading.theory import loads_theory

THEORY = (DERIVATIONS / "theory" / "README.md").read_text(encoding="utf-8")
AUDIT = (DERIVATIONS / "audit" / "README.md").read_text(encoding="utf-8")


def tables(text):
    """Return the rows of the table under each heading, without its head."""
    found, heading = {}, ""
    for line in text.splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        elif line.startswith("|"):
            cells = tuple(cell.strip() for cell in line.strip("|").split(" | "))
            found.setdefault(heading, []).append(cells)
    return {heading: rows[2:] for heading, rows in found.items()}


def keys(rows):
    return [
        (f"`{k.name}`", k.kind, "yes" if k.required else "no", k.meaning) for k in rows.values()
    ]


def pairs(rows):
    return [(f"`{name}`", meaning) for name, meaning in rows.items()]


EXPECTED = {
    "theory": {
        "Sets": pairs(SETS),
        "Words": [
            (f"`{w.name}`", " or ".join(f"`{usage}`" for usage in w.usage), w.meaning)
            for w in THEORY_FUNCTIONS.values()
        ],
        "Rules": [
            (r.name, r.law, ", ".join(f"`{need}`" for need in r.needs))
            for r in THEORY_RULES.values()
        ],
        "The file": keys(THEORY_KEYS[""]),
        **{
            f"`[{name}]`": keys(THEORY_KEYS[name])
            for name in ("source", "parameters", "functions", "definitions", "hypotheses")
        },
        "`[[chain]]`": keys(THEORY_KEYS["chain"]),
        "`[[chain.step]]`": keys(THEORY_KEYS["step"]),
    },
    "audit": {
        "Statuses": pairs(AUDIT_STATUSES),
        "Categories": pairs(CATEGORIES),
        "Forms": pairs(FORMS),
        "Properties": pairs(PROPERTIES),
        "The file": keys(AUDIT_KEYS[""]),
        "`[[entry]]`": keys(AUDIT_KEYS["entry"]),
        "`[entry.repair]`": keys(AUDIT_KEYS["repair"]),
    },
}


@pytest.mark.parametrize(("name", "text"), [("theory", THEORY), ("audit", AUDIT)])
def test_the_tables_are_those_of_the_code(name, text):
    found = tables(text)
    assert set(found) == set(EXPECTED[name])
    for heading, rows in EXPECTED[name].items():
        padded = [
            row if len(row) > 2 or heading != "Rules" else (*row, "") for row in found[heading]
        ]
        assert padded == rows, heading


def test_the_file_shown_is_proved(tmp_path):
    (text,) = re.findall(r"```toml\n(.*?)```", THEORY, re.DOTALL)
    (result,) = check_theory(loads_theory(text, tmp_path / "gibbs.toml"))
    assert result.theorem is not None
    assert str(result.theorem.left) == "0"
