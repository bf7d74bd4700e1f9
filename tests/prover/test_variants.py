"""The language reaches beyond the paper: other losses people publish, each with its prior.

What is expected comes from the general fact that a loss −log σ(g(y_w) − g(y_l)) is MI-DPO with
log ζ = log π − g/α, worked out by hand for each file; Σ, powers and quotients are then rewritten so
that the file does not simply say that.
"""

import re
from pathlib import Path

import pytest

import midpo_sym
from midpo_sym.prover.verdict import LABELS_ASSUMPTION, Refuted

VARIANTS = sorted((Path(__file__).parents[1] / "variants").glob("*.toml"))
BY_LABEL = {"dpo_shift", "dpop"}  # g differs for the two responses


@pytest.mark.slow
@pytest.mark.parametrize("path", VARIANTS, ids=lambda path: path.stem)
def test_a_published_variant_proves(path):
    result = midpo_sym.prove(path)
    assert result.as_expected, result.verdict
    labels = LABELS_ASSUMPTION in result.verdict.assumptions
    assert labels == (path.stem in BY_LABEL)
    assert result.steps.reward


@pytest.mark.slow
@pytest.mark.parametrize("path", VARIANTS, ids=lambda path: path.stem)
def test_the_variant_with_its_responses_swapped_is_refuted(path, tmp_path):
    """Swapping w and l turns the argument around, so it is MI-DPO's only if it is zero.

    A mixture of probabilities is a power of two only where the models agree, and there the
    argument vanishes: no exact witness can be found, but enclosures show it.
    """
    head, argument = path.read_text(encoding="utf-8").rsplit("argument", 1)
    swapped = re.sub(r"\b[wl]\b(?=[,)])", lambda found: {"w": "l", "l": "w"}[found[0]], argument)
    other = tmp_path / path.name
    other.write_text(f"{head}argument{swapped}", encoding="utf-8")
    verdict = midpo_sym.prove(other).verdict
    assert isinstance(verdict, Refuted)
    assert verdict.witness.kind == ("enclosure" if path.stem == "js_dpo" else "exact")
