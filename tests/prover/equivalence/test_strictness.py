"""What must not be said of two losses, each with the reason worked out by hand."""

from __future__ import annotations

import pytest

import midpo_sym
from midpo_sym.prover.equivalence.answers import COMMON, SPECIAL_RIGHT

LR = "alpha*(log(pi(w)/ref(w)) - log(pi(l)/ref(l)))"
LENGTHS = "(length(w) - length(l))"


@pytest.fixture
def loss(tmp_path):
    """Return what writes a specification with α > 0 and other parameters."""

    def write(name, argument, plus="", zeta="ref(y)", **domains):
        rows = {"alpha": "positive", **domains}
        lines = [
            'title = "t"',
            'summary = "s"',
            "[parameters]",
            *(f'{each} = {{ domain = "{domain}", meaning = "m" }}' for each, domain in rows.items()),
            f'[prior]\nzeta = "{zeta}"\ngives = "{"terms" if plus else "argument"}"',
            f'[loss]\nargument = "{argument}"',
            *([f'plus = "{plus}"'] if plus else []),
        ]
        path = tmp_path / f"{name}.toml"
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    return write


def where(found):
    return [each.changes.where for each in found.relations]


@pytest.mark.slow
def test_equal_lengths_are_those_of_the_pair(loss):
    """−λ log π(y_o) over |y_o| and over |y_w|: at |y_w| = |y_l| = 2 and |y_o| = 1 they are
    −λ log π(y_o) and half of it. Where every response is one token they are the same."""
    paths = [
        loss(each, LR, f"-lam*log(pi(o))/length({each})", lam="positive") for each in ("o", "w")
    ]
    assert where(midpo_sym.diff(*paths)) == ["one token"]


@pytest.mark.parametrize(
    ("mine", "theirs", "kind"),
    [
        ("positive", "real", COMMON),  # B at u = −1 is A with no b
        ("positive", "nonnegative", COMMON),  # B at u = 0
        ("open unit", "real", COMMON),  # B at u = 2
        ("positive", "open unit", SPECIAL_RIGHT),
        ("real", "real", SPECIAL_RIGHT),
        ("nonnegative", "unit", SPECIAL_RIGHT),
    ],
)
def test_a_special_case_keeps_all_its_values(loss, mine, theirs, kind):
    """A has b(|y_w| − |y_l|) and c log-ratios of the reference, B has u(|y_w| − |y_l|). At c = 0
    they are the same if u = b: B is a special case if b takes all values that u takes."""
    more = "c*(log(ref(w)) - log(ref(l)))"
    one = loss("one", f"{LR} + b*{LENGTHS} + {more}", b=mine, c="real")
    other = loss("other", f"{LR} + u*{LENGTHS}", u=theirs)
    assert midpo_sym.diff(one, other).closest.kind == kind
