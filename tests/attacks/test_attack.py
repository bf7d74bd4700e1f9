"""Random specifications through the whole program: nothing that it shows may be wrong.

Thousands of cases are for `benchmarks/attack.py`. Here each group of columns gets cases of its own.
"""

from collections import Counter

import pytest
from attacks.findings import Finding
from attacks.run import BRIEF, attack
from generators.cases import Case, case

pytestmark = pytest.mark.slow

SEED = 5
# What is cheap gets many cases; the rest some, of which most are proved.
GROUPS = {
    "verdicts": (tuple(BRIEF), [*range(110)]),
    "priors": (("prior", "reward", "json"), [*range(120, 140)]),
    "derivations": (("steps", "latex"), [n for n in range(160, 180) if n % 20 < 8]),
    "certificates": (("certificate", "printed"), [n for n in range(180, 200) if n % 20 < 6]),
    "torch": (("torch",), [n for n in range(200, 240) if n % 20 < 8]),
}
COLUMNS = [(group, column) for group, (columns, _) in GROUPS.items() for column in sorted(columns)]
Found = list[tuple[Case, Finding]]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Findings of a group, each group attacked once."""
    known: dict[str, Found] = {}

    def of(group: str) -> Found:
        if group not in known:
            folder = tmp_path_factory.mktemp(group)
            columns, numbers = GROUPS[group]
            known[group] = [
                (drawn, finding)
                for drawn in (case(SEED, number) for number in numbers)
                for finding in attack(drawn, folder, columns, points=15)
            ]
        return known[group]

    return of


@pytest.mark.parametrize(("group", "column"), COLUMNS)
def test_nothing_shown_is_wrong(found, group, column):
    rows = [(drawn, each) for drawn, each in found(group) if each.column == column]
    bad = [
        f"{drawn.name}: {each.kind}: {each.detail}"
        for drawn, each in rows
        if each.kind in ("wrong", "exception")
    ]
    assert not bad, "\n".join(bad)
    if column != "cures":  # there are few of these
        assert sum(each.kind == "right" for _, each in rows) > 0


@pytest.mark.parametrize("group", GROUPS)
def test_no_case_is_refused(found, group):
    bad = [f"{c.name}: {each.detail}" for c, each in found(group) if each.kind == "exception"]
    assert not bad, "\n".join(bad)


@pytest.mark.parametrize(
    ("group", "column", "share"),
    [("verdicts", "value", 0.4), ("priors", "prior", 0.15), ("torch", "torch", 0.8)],
)
def test_most_questions_get_an_answer(found, group, column, share):
    counts = Counter(each.kind for _, each in found(group) if each.column == column)
    assert counts["unknown"] <= share * counts.total()
