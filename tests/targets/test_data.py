"""Numbers given as data, wherever a result is shown, and the sentences of what has none."""

import json
from pathlib import Path

import jsonschema
import pytest
from rich.console import Console

from midpo_sym.lab import LabError, read_algorithm
from midpo_sym.prover.prove import prove_derivation
from midpo_sym.site.live import program as live
from midpo_sym.site.maths.symbols import entries
from midpo_sym.site.parts.counterexample import counterexamples
from midpo_sym.spec.reading.losses import loads
from midpo_sym.targets.coq.emit import Certificate, emit
from midpo_sym.targets.json import report as emit_json
from midpo_sym.targets.json.report import description, report
from midpo_sym.targets.terminal.points import counterexample

SCHEMA = json.loads(
    (Path(emit_json.__file__).parent / "result.schema.json").read_text(encoding="utf-8")
)
TEXT = """\
title = "T"
summary = "S."
[parameters]
alpha = { domain = "positive", default = "1/2", meaning = "scale" }
[data]
margin = { of = "pair", domain = "positive", latex = '\\Delta', unicode = "Δ", meaning = "offset" }
score = { of = "y", domain = "unit", by_label = true, meaning = "score" }
delta = { of = "batch", domain = "positive", meaning = "mean" }
[prior]
zeta = "ref(y)*exp(delta*score(y))"
[loss]
argument = "alpha*(log(pi(w)/ref(w)) - log(pi(l)/ref(l)) + delta*(score(l) - score(w))) - margin"
"""


@pytest.fixture(scope="module")
def result():
    (found,) = prove_derivation(loads(TEXT, "own.toml"))
    return found


def test_a_witness_is_printed_with_its_data(result):
    console = Console(width=200, no_color=True)
    with console.capture() as capture:
        console.print(counterexample(result, result.witness))
    values = result.witness.models.data
    for shown, key in (
        ("Δ(y_w, y_l)", ("margin", ("w", "l"))),
        ("score(y_w)", ("score", ("w",))),
        ("δ", ("delta", ())),
    ):
        assert f"{shown} = {values[key]}" in capture.get()
    (page,) = counterexamples(result)
    assert any(each.startswith(r"\sym{margin}{\Delta}(y_w, y_l) = ") for each in page.given)


@pytest.mark.slow
def test_reports_for_programs_have_the_data(result):
    told = report([result], {}, steps=False)
    jsonschema.validate(told, SCHEMA)
    (shown,) = told["results"]
    assert shown["prior_for_this_loss"]["failure"]["data"]
    found = {
        (each["datum"], *each["of"]): each["value"] for each in shown["value"]["witness"]["data"]
    }
    assert set(found) == {("margin", "w", "l"), ("score", "w"), ("score", "l"), ("delta",)}
    declared = description(result, (), {})["data"]
    assert [(each["name"], each["of"], each["shape"]) for each in declared] == [
        ("margin", "pair", "(batch,)"),
        ("score", "y", "(batch,)"),
        ("delta", "batch", "()"),
    ]


def test_a_page_explains_them(result):
    found = {each.key: each.domain for each in entries(result.derivation)}
    assert found["margin"] == "more than zero, one for each pair of responses"
    assert found["score"] == "from zero to one, one for each response, for each label its own"
    assert found["delta"] == "more than zero, one for each batch, the same for all its pairs"


def test_a_plot_has_a_slider_for_each(result):
    """m = α (x − δ s_w + δ s_l) − Δ with every slider at 1/2: ½ x − ½."""
    program = live.loss_program(result.statement)
    sliders = live.sliders(result.derivation, program)
    moved = {each.name: each.value for each in sliders}
    assert {"margin", "delta", "score_w", "score_l"} <= set(moved)
    (value, slope) = live.run(program, live.point(program, sliders, 3.0))
    assert value == pytest.approx(0.31326168751822286)  # log(1 + e^−1)
    assert slope == pytest.approx(-0.5 * 0.2689414213699951)  # −½ σ(−1)


def test_what_has_no_data_says_so(result):
    with pytest.raises(LabError, match="own: margin is given as data, and the problems of"):
        read_algorithm(result.derivation)


def test_a_certificate_has_their_values_at_its_point(result):
    """Of each response one, of the pair and of the batch one, as the counterexample has them."""
    made = emit(result)
    assert isinstance(made, Certificate)
    found = made.agreements[0].models.data
    assert f"Definition d_delta : R := {found['delta', ()]}." in made.instances
    assert f"fun _ _ _ => {found['margin', ('w', 'l')]}." in made.instances
    assert "fun _ y => if same_text y [" in made.instances
