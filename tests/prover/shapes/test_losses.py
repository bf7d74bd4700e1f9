"""Losses of the field, each in a file of its own under `tests/cases/losses`, and what they are.

What each is was worked out by hand from the formula of the work that its file names: with s(y) the
score and m = s(y_w) − s(y_l), `loss` is −log σ(m) itself; `argument`, another link of m; `scores`,
terms of scores; `terms`, something added or weighed beside. `pair` and `label` are what a prior
has to know at least.
"""

from pathlib import Path

import pytest

from midpo_sym.prover.prove import prove_derivation
from midpo_sym.prover.verdict import Status
from midpo_sym.spec.reading.losses import load

FOLDER = Path(__file__).parents[2] / "cases" / "losses"
# file: what MI-DPO gives, whether that is proved, what a prior is shown to have to know
KNOWN = {
    "alphadpo": ("argument", "refuted", "pair"),
    "alphapo": ("loss", "proved", "response"),
    "bco": ("scores", "proved", None),
    "cauchy": ("argument", "proved", "response"),
    "chipo": ("loss", "proved", "response"),
    "d2po": ("loss", "proved", "response"),
    "dpop1": ("loss", "proved", "label"),
    "dpop2": ("loss", "proved", "label"),
    "dpop3": ("loss", "proved", "label"),
    "dposhift": ("loss", "proved", "label"),
    "exo": ("argument", "proved", "response"),
    "hypo": ("argument", "refuted", "pair"),
    "inpo": ("argument", "proved", "response"),
    "js": ("loss", "proved", "response"),
    "lddpo": ("loss", "refuted", "pair"),
    "modpo": ("loss", "proved", "response"),
    "odpo": ("argument", "refuted", "pair"),
    "orpo": ("terms", "proved", "response"),
    "simper": ("scores", "proved", None),
    "slic": ("terms", "proved", "response"),
    "tpo": ("terms", "proved", "response"),
    "unidpo": ("terms", "proved", "response"),
    "wpo": ("terms", "proved", "response"),
    "xpo": ("terms", "proved", "response"),
}


def test_every_file_is_known():
    assert {path.stem for path in FOLDER.glob("*.toml")} == set(KNOWN)


@pytest.mark.slow
@pytest.mark.parametrize("name", KNOWN)
def test_a_loss_is_what_it_is_known_to_be(name):
    gives, status, knows = KNOWN[name]
    result, *others = prove_derivation(load(FOLDER / f"{name}.toml"))
    assert all(each.as_expected for each in others)
    assert result.as_expected
    assert result.statement.gives == gives
    assert result.verdict.status is result.gradient.status is Status(status)
    if knows is not None:
        assert result.prior.is_needed
        assert result.prior.reach.name.lower() == knows
