"""The attack can fail: each column notices an answer that is wrong."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from attacks import product, shown, torch_files, verdicts
from attacks.product import Answer, Prior, Verdict
from oracles.statement import Statement, read
from oracles.truth import truth

DPO = """
[parameters]
alpha.domain = "positive"
eta.domain = "real"
[prior]
zeta = "ref(y)"
[loss]
argument = "alpha*log(pi(w)/ref(w)) - alpha*log(pi(l)/ref(l))"
"""
PROVED = Verdict("proved", (), (), (), None, None, ())
REFUTED = replace(PROVED, status="refuted")


@pytest.fixture
def dpo() -> Statement:
    return read(DPO)[""]


def answer(value: Verdict, gradient: Verdict, rewards=(None, None)) -> Answer:
    return Answer("", value, gradient, rewards, SimpleNamespace())


def kinds(statement: Statement, said: Answer) -> dict[str, str]:
    return {each.column: each.kind for each in verdicts.check(statement, said, "s", 15)}


def test_right_verdicts_are_right(dpo):
    assert {*kinds(dpo, answer(PROVED, PROVED)).values()} == {"right", "unknown"}


def test_a_proved_falsehood_is_noticed(dpo):
    false = dpo.changed(argument="2*alpha*log(pi(w)/ref(w)) - alpha*log(pi(l)/ref(l))")
    found = kinds(false, answer(PROVED, PROVED))
    assert (found["value"], found["gradient"]) == ("wrong", "wrong")


def test_a_refuted_truth_is_noticed(dpo):
    found = kinds(dpo, answer(REFUTED, REFUTED))
    assert (found["value"], found["gradient"], found["witness"]) == ("wrong",) * 3


def test_a_refuted_gradient_of_an_offset_is_noticed(dpo):
    """Under the identity a constant offset changes the value and not the gradient."""
    a = "(alpha*log(pi(w)/ref(w)) - alpha*log(pi(l)/ref(l)))"
    offset = replace(dpo.changed(argument=f"3 - log(1 + exp(-{a}))"), link="identity")
    found = kinds(offset, answer(REFUTED, REFUTED))
    assert (found["value"], found["gradient"]) == ("right", "wrong")


def test_a_missing_condition_is_noticed(dpo):
    quotient = dpo.changed(zeta="ref(y)*exp(eta/eta)")
    assert kinds(quotient, answer(PROVED, PROVED))["conditions"] == "wrong"
    conditional = replace(PROVED, conditions=("eta",))
    assert kinds(quotient, answer(conditional, conditional))["conditions"] == "right"
    given = replace(conditional, given=("eta",))  # by its domain it may be zero
    assert kinds(quotient, answer(given, given))["conditions"] == "wrong"


def test_a_scale_that_is_not_positive_is_noticed(dpo):
    other = dpo.changed(scale="eta", argument="eta*log(pi(w)/ref(w)) - eta*log(pi(l)/ref(l))")
    assert kinds(other, answer(PROVED, PROVED))["scale"] == "wrong"
    conditional = replace(PROVED, positive=("eta",))
    assert kinds(other, answer(conditional, conditional))["scale"] == "right"


@pytest.mark.parametrize(
    ("said", "kind"), [(("eta", "0"), "wrong"), (("eta", "2"), "wrong"), (("eta", "1"), "right")]
)
def test_a_cure_at_a_pole_or_a_wrong_one_is_noticed(dpo, said, kind):
    other = dpo.changed(zeta="ref(y)**((eta*eta - eta)/(eta*eta - eta)*(2*eta - 1))")
    other = other if said[1] == "0" else dpo.changed(zeta="ref(y)**eta")
    assert verdicts.cure(other, said, "s").kind == kind


@pytest.mark.parametrize(("text", "kind"), [("-eta", "right"), ("eta", "wrong")])
def test_a_wrong_residual_is_noticed(dpo, text, kind):
    offset = dpo.changed(argument="alpha*log(pi(w)/ref(w)) - alpha*log(pi(l)/ref(l)) + eta")
    said = replace(REFUTED, residual=text)
    assert verdicts.residual(offset, said, "s").kind == kind


ROW = {
    "responses": {"w": ["a"], "l": ["b"]},
    "distributions": [
        {
            "model": model,
            "after": [],
            "probabilities": dict(zip("ab∎c", shares, strict=True)),
        }
        for model, shares in (
            ("pi", ("1/2", "1/8", "1/4", "1/8")),
            ("ref", ("1/8", "1/4", "1/2", "1/8")),
        )
    ],
    "parameters": {"alpha": "1", "eta": "0"},
    "weights": [],
    "of": "argument",
    "kind": "exact",
    "framework": "3 log 2",
    "target": "2 log 2",
    "derivative_in": None,
}


@pytest.mark.parametrize(
    ("eta", "target", "kind"),
    [("0", "2 log 2", "right"), ("0", "3 log 2", "wrong"), ("1", "3 log 2", "wrong")],
)
def test_a_witness_with_other_numbers_is_noticed(dpo, eta, target, kind):
    """The log-ratios are log(1/2 : 1/8) = 2 log 2 and log(1/8 : 1/4) = −log 2; 1 is no witness."""
    other = dpo.changed(argument="alpha*log(pi(w)/ref(w)) - eta*log(pi(l)/ref(l))")
    row = ROW | {"parameters": {"alpha": "1", "eta": eta}, "target": target}
    assert verdicts.witness(other, replace(REFUTED, witness=row)).kind == kind


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (Prior("response", "ref(y)"), "right"),
        (Prior("response", "3*sg(ref(y))"), "right"),
        (Prior("response", "pi(y)/sg(pi(y))*ref(y)"), "wrong"),
        (Prior("response", "prev(y)"), "wrong"),
        (Prior("response", "ref(y)", "identity"), "wrong"),
        (Prior("label", "ref(y)"), "wrong"),
        (Prior("pair", None), "wrong"),
        (Prior("unknown", None), "unknown"),
    ],
)
def test_a_wrong_prior_is_noticed(dpo, said, kind):
    assert shown.prior(dpo, said, "s").kind == kind


def test_a_pair_that_is_one_is_right(dpo):
    pair = dpo.changed(argument="alpha*log(pi(w))*log(ref(l))")
    assert shown.prior(pair, Prior("pair", None), "s").kind == "right"
    label = dpo.changed(argument="alpha*log(pi(w)) - 2*alpha*log(pi(l))")
    assert shown.margins(label, "s") == (True, False)


@pytest.mark.parametrize(
    ("chains", "kind"),
    [
        ({"reward": [("log(pi(y)**2)", "2*log(pi(y))")]}, "right"),
        ({"reward": [("log(pi(y)**2)", "log(pi(y))")]}, "wrong"),
        ({"target": [("eta", "eta + 0"), ("eta", "eta")]}, "wrong"),
        ({"reward": [("log(Z(x)/zeta(y))", "log(Z(x)) - log(ref(y))")]}, "right"),
        ({"reward": []}, "wrong"),
        (None, "wrong"),
    ],
)
def test_a_wrong_step_is_noticed(dpo, monkeypatch, chains, kind):
    monkeypatch.setattr(product, "steps", lambda _: chains)
    assert shown.derivation(dpo, answer(PROVED, PROVED), "s").kind == kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (r"\frac{a}{b}", "right"),
        (r"\frac{a}{b", "wrong"),
        (r"a}{", "wrong"),
        (r"\input{/etc/passwd}", "wrong"),
        (r"\left(a", "wrong"),
        (r"a \\b", "right"),
    ],
)
def test_wrong_latex_is_noticed(monkeypatch, text, kind):
    monkeypatch.setattr(product, "latex", lambda _: text)
    monkeypatch.setattr(product, "control_words", frozenset)
    assert shown.latex(answer(PROVED, PROVED)).kind == kind


TORCH = '''
from torch.nn.functional import logsigmoid
def dpo_loss(chosen_logps, rejected_logps, ref_chosen_logps, ref_rejected_logps, *, alpha):
    """DPO.

    Args:
        chosen_logps: log π(y_w); shape (batch,).
        rejected_logps: log π(y_l); shape (batch,).
        ref_chosen_logps: log π_ref(y_w); shape
            (batch,).
        ref_rejected_logps: log π_ref(y_l); shape (batch,).
        alpha: scale.
    """
    chosen = alpha * (chosen_logps - ref_chosen_logps)
    rejected = alpha * (rejected_logps - ref_rejected_logps)
    return -logsigmoid(chosen - rejected), chosen.detach(), rejected.detach()
'''


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("", "", "right"),
        ("-logsigmoid(chosen - rejected)", "rejected - chosen", "wrong"),
        ("-logsigmoid(chosen", "-logsigmoid(chosen.detach()", "wrong"),
        ("chosen.detach(), rej", "2 * chosen.detach(), rej", "wrong"),
        ("rejected_logps - ref", "rejected_logps + ref", "wrong"),
    ],
)
def test_a_wrong_torch_loss_is_noticed(dpo, before, after, kind):
    text = TORCH.replace(before, after) if before else TORCH
    names = {"alpha": "alpha", "eta": "eta"}
    assert torch_files.check(dpo, text, names, "s").kind == kind


def test_padding_that_counts_is_noticed(dpo):
    """The mean over all places, padding included, is not the sum over the tokens."""
    other = dpo.changed(argument="sum_t(exp(log(pi(w, t)))) - sum_t(pi(l, t))")
    other = other.changed(zeta="pi(y)/exp(sum_t(pi(y, t))/alpha)")
    assert truth(other, "s").gradient
    text = '''
import torch
def any_loss(chosen_logps, rejected_logps, chosen_mask, rejected_mask):
    """Any.

    Args:
        chosen_logps: log π(y_w,t), 0 at padding; shape (batch, tokens).
        rejected_logps: log π(y_l,t), 0 at padding; shape (batch, tokens).
        chosen_mask: true at the tokens of y_w; shape (batch, tokens).
        rejected_mask: true at the tokens of y_l; shape (batch, tokens).
    """
    one, other = (
        torch.where(mask, logps, 0).exp().mul(MASK).sum(1)
        for logps, mask in ((chosen_logps, chosen_mask), (rejected_logps, rejected_mask))
    )
    return -torch.nn.functional.logsigmoid(one - other), one.detach(), other.detach()
'''
    for mask, kind in (("mask", "right"), ("1", "wrong")):
        said = torch_files.check(other, text.replace("MASK", mask), {"alpha": "alpha"}, "s")
        assert said.kind == kind


LENGTH = """
title = "t"
summary = "s"
[parameters]
alpha = { domain = "positive", meaning = "m" }
[prior]
zeta = "ref(y)"
[loss]
argument = "alpha*log(pi(w)/ref(w)) - alpha*log(pi(l)/ref(l)) + length(w)"
"""


@pytest.mark.slow
def test_a_point_that_shows_no_need_of_the_label_is_noticed(dpo, tmp_path):
    """DPO plus |y_w|: three responses' margins add up to |y_b|, so a prior has to know the label.

    Those of DPO add up to nothing at any point.
    """
    file = tmp_path / "length.toml"
    file.write_text(LENGTH)
    statement, said = read(LENGTH)[""], product.prior(file)
    assert said.reach == "label"
    assert said.failure is not None
    assert shown.prior(statement, said, "s").kind == "right"
    for change in (
        {"total": "1 + log 2"},
        {"margins": said.failure["margins"][:2]},
        {"parameters": {"alpha": "-2"}},
    ):
        false = replace(said, failure=said.failure | change)
        assert shown.prior(statement, false, "s").kind == "wrong", change
    assert shown.prior(dpo, said, "s").kind == "wrong"


@pytest.mark.parametrize(
    ("enclosures", "kind"),
    [
        ([["2.07", "2.08"], ["1.38", "1.39"], ["0.68", "0.70"]], "right"),
        ([["2.08", "2.09"], ["1.38", "1.39"], ["0.69", "0.71"]], "wrong"),  # 3 log 2 is 2.0794…
        ([["2.07", "2.08"], ["1.38", "2.07"], ["0.00", "0.70"]], "wrong"),  # they meet
        ([["2.07", "2.08"], ["1.38", "1.39"], ["0.70", "0.71"]], "wrong"),  # log 2 is 0.6931…
    ],
)
def test_an_enclosure_without_its_number_is_noticed(dpo, enclosures, kind):
    """At the point above: 3 log 2 against 2 log 2."""
    other = dpo.changed(argument="alpha*log(pi(w)/ref(w)) - eta*log(pi(l)/ref(l))")
    named = dict(zip(("framework", "target", "difference"), enclosures, strict=True))
    row = ROW | {"kind": "enclosure", "enclosures": named}
    assert verdicts.witness(other, replace(REFUTED, witness=row)).kind == kind
