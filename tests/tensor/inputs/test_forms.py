"""The same pairs in every form that a batch comes in give the loss, the rewards and the gradients
that the plain form gives, through logits and through hidden states."""

import pytest
import torch
from oracles.tensor.literal import DPO, TDPO, SimPO, SparsePO
from torch.testing import assert_close

from midpo_sym import losses
from midpo_sym.tensor import OutputHead, response_statistics

ROWS, TOKENS, WIDTH, VOCABULARY = 6, 7, 5, 13
LENGTHS = (7, 5, 6, 4, 7, 3)
EXACT = {"rtol": 1e-10, "atol": 1e-12}


@pytest.fixture
def plain():
    """Six responses, three pairs, padded on the right; two tokens of prompt each."""
    torch.manual_seed(41)
    double = {"dtype": torch.float64}
    labels = torch.randint(VOCABULARY, (ROWS, TOKENS))
    labels[:, :2] = -100
    for row, length in enumerate(LENGTHS):
        labels[row, length:] = -100
    return {
        "hidden": torch.randn(ROWS, TOKENS, WIDTH, **double),
        "ref_hidden": torch.randn(ROWS, TOKENS, WIDTH, **double),
        "weight": torch.randn(VOCABULARY, WIDTH, **double),
        "labels": labels,
    }


def evaluate(loss, batch, way="hidden", **keywords):
    """Return the mean loss, the rewards and the gradient by the weight of the lm_head."""
    weight = batch["weight"].clone().requires_grad_()
    states = {name: batch[name] for name in ("hidden", "ref_hidden") if name in batch}
    given = {"reduction": "mean"} | keywords
    if way == "head":
        reference = {"ref_head": OutputHead(batch["weight"])} if "ref_hidden" in states else {}
        head = OutputHead(weight)
        found = loss.from_head(
            states.pop("hidden"), head, batch["labels"], **states, **reference, **given
        )
    elif way == "hidden":
        reference = {"ref_weight": batch["weight"]} if "ref_hidden" in states else {}
        found = loss.from_hidden(
            states.pop("hidden"), weight, batch["labels"], **states, **reference, **given
        )
    else:

        def project(each, matrix):
            if isinstance(each, tuple):
                return tuple(project(part, matrix) for part in each)
            return each @ matrix.t()

        logits = project(states["hidden"], weight)
        if "ref_hidden" in states:
            given["ref_logits"] = project(states["ref_hidden"], batch["weight"])
        found = loss.from_logits(logits, batch["labels"], **given)
    (gradient,) = torch.autograd.grad(found[0].sum(), weight)
    return *found, gradient


def shifted(batch):
    labels = torch.nn.functional.pad(batch["labels"][:, 1:], (0, 1), value=-100)
    return batch | {"labels": labels}, {"shifted": True}


def interleaved(batch):
    order = torch.tensor([0, 3, 1, 4, 2, 5])
    rows = {name: batch[name][order] for name in ("hidden", "ref_hidden", "labels")}
    return batch | rows, {"pairs": "interleaved"}


def two_tensors(batch):
    names = ("hidden", "ref_hidden", "labels")
    sides = {name: (batch[name][:3], batch[name][3:, :6].clone()) for name in names}
    sides["labels"] = (batch["labels"][:3], batch["labels"][3:, :6].clone())
    return batch | sides, {}


def packed(batch):
    names = ("hidden", "ref_hidden", "labels")
    parts = {
        name: torch.cat([row[:length] for row, length in zip(batch[name], LENGTHS, strict=True)])
        for name in names
    }
    starts = torch.tensor([0, *LENGTHS]).cumsum(0)
    return batch | parts, {"cu_seqlens": starts}


def segments(batch):
    """Two rows of three responses, the second padded in front."""
    rows = {}
    for name in ("hidden", "ref_hidden", "labels"):
        first, second = (
            torch.cat([batch[name][k, : LENGTHS[k]] for k in some])
            for some in ((0, 1, 2), (3, 4, 5))
        )
        blank = first.new_full((len(first) - len(second), *first.shape[1:]), -100)
        rows[name] = torch.stack([first, torch.cat([blank, second])])
    ids = torch.tensor([[0] * 7 + [1] * 5 + [2] * 6, [-1] * 4 + [3] * 4 + [4] * 7 + [5] * 3])
    return batch | rows, {"segments": ids}


def padded_left(batch):
    rolled = {
        name: torch.stack(
            [row.roll(TOKENS - length, 0) for row, length in zip(batch[name], LENGTHS, strict=True)]
        )
        for name in ("hidden", "ref_hidden", "labels")
    }
    return batch | rolled, {}


FORMS = [shifted, interleaved, two_tensors, packed, segments, padded_left]


@pytest.mark.parametrize("way", ["hidden", "head", "logits"])
@pytest.mark.parametrize("form", FORMS)
def test_a_form_changes_nothing(form, way, plain):
    if form is two_tensors:
        plain["labels"][3:, 6:] = -100
    batch, keywords = form(plain)
    wanted = evaluate(TDPO(), plain, way)
    for found, each in zip(evaluate(TDPO(), batch, way, **keywords), wanted, strict=True):
        assert_close(found, each, **EXACT)


def test_a_prompt_is_shared_by_both_responses(plain):
    """One row holds prompt, chosen, rejected; the first rejected token is predicted by the prompt's
    end, so that the two rows of the plain form repeat the prompt's states."""
    torch.manual_seed(1)
    prompt, chosen, rejected = (torch.randn(3, n, WIDTH, dtype=torch.float64) for n in (2, 3, 2))
    ids = {n: torch.randint(VOCABULARY, (3, n)) for n in (3, 2)}
    blank = torch.full((3, 2), -100)
    hidden = torch.zeros(6, 5, WIDTH, dtype=torch.float64)
    hidden[:3], hidden[3:, :4] = torch.cat([prompt, chosen], 1), torch.cat([prompt, rejected], 1)
    labels = torch.full((6, 5), -100)
    labels[:3, 2:], labels[3:, 2:4] = ids[3], ids[2]
    two = {"hidden": hidden, "weight": plain["weight"], "labels": labels}
    one = {
        "hidden": torch.cat([prompt, chosen, rejected], 1),
        "weight": plain["weight"],
        "labels": torch.cat([blank, ids[3], ids[2]], 1),
    }
    row = torch.tensor([[0, 0, 1, 1, 1, 2, 2]]).expand(3, -1)
    for way in ("hidden", "logits"):
        wanted = evaluate(SimPO(), two, way)
        found = evaluate(SimPO(), one, way, pairs="shared", segments=row)
        for each, other in zip(found, wanted, strict=True):
            assert_close(each, other, **EXACT)


@pytest.mark.parametrize("way", ["hidden", "logits"])
@pytest.mark.parametrize("loss", [TDPO(), SimPO(), DPO()])
def test_a_pair_with_an_empty_response_is_skipped(loss, way, plain):
    """As if the pair were not there; and where none is left, the loss and its gradient are 0."""
    without = {
        name: each[[0, 2, 3, 5]] if name != "weight" else each for name, each in plain.items()
    }
    if isinstance(loss, SimPO):
        del plain["ref_hidden"], without["ref_hidden"]
    wanted = evaluate(loss, without, way)
    for row in (1, 4):
        labels = plain["labels"].clone()
        labels[row] = -100
        found = evaluate(loss, plain | {"labels": labels}, way, empty="skip")
        assert_close(found[0], wanted[0], **EXACT)
        assert_close(found[3], wanted[3], **EXACT)
        assert found[1][1] == found[2][1] == 0
        with pytest.raises(ValueError, match=r"labels: response \d .*pass empty='skip'"):
            evaluate(loss, plain | {"labels": labels}, way)
    nothing = evaluate(loss, plain | {"labels": torch.full_like(labels, -100)}, way, empty="skip")
    assert nothing[0] == 0
    assert not nothing[3].any()


@pytest.mark.parametrize("way", ["hidden", "logits"])
def test_sums_of_the_reference_do_where_the_loss_needs_no_more(way, plain):
    """Made under inference mode, as a cached reference is."""
    states = plain.pop("ref_hidden")
    with torch.inference_mode():
        logps = (states @ plain["weight"].t()).log_softmax(-1)[:, :-1]
        live = plain["labels"][:, 1:] != -100
        token = logps.gather(-1, plain["labels"][:, 1:].clamp_min(0).unsqueeze(-1)).squeeze(-1)
        token = torch.where(live, token, 0)
        per_token = torch.nn.functional.pad(token, (1, 0))
    loss = losses.DPOLoss(beta=0.3)
    wanted = evaluate(loss, plain, way, ref_logps=per_token)
    found = evaluate(loss, plain, way, ref_logps=per_token.sum(-1))
    for each, other in zip(found, wanted, strict=True):
        assert_close(each, other, **EXACT)
    with pytest.raises(ValueError, match="needs the reference token by token"):
        evaluate(DPO(), plain, way, ref_logps=per_token.sum(-1))


def test_means_in_the_place_of_sums_are_noticed(plain):
    plain["labels"][:, 2:] = plain["labels"][0, 2:]
    policy = response_statistics(plain["hidden"] @ plain["weight"].t(), plain["labels"])
    del plain["ref_hidden"]
    with pytest.warns(UserWarning, match="look like means over tokens"):
        evaluate(losses.DPOLoss(), plain, ref_logps=policy.total("logps") / policy.lengths)


@pytest.mark.parametrize("way", ["hidden", "logits"])
def test_what_is_made_of_the_losses(way, plain):
    """By hand: Σ w·ℓ / Σ w, and (1 − ε)·ℓ(m) + ε·ℓ(−m), of ℓ = −log σ."""
    one = evaluate(TDPO(), plain, way, reduction="none")
    argument = one[1] - one[2]
    smooth = -0.9 * argument.sigmoid().log() - 0.1 * (-argument).sigmoid().log()
    weights = torch.tensor([1.0, 0.0, 3.0], dtype=torch.float64)
    found = evaluate(TDPO(), plain, way, sample_weights=weights, label_smoothing=0.1)
    assert_close(found[0], (smooth * weights).sum() / 4, **EXACT)
    total = evaluate(TDPO(), plain, way, reduction="sum", label_smoothing=0.1)
    assert_close(total[0], smooth.sum(), **EXACT)
    with pytest.raises(ValueError, match="sample_weights: expected shape"):
        evaluate(TDPO(), plain, way, sample_weights=weights[:2])
    with pytest.raises(ValueError, match=r"label_smoothing is 0\.5; expected"):
        evaluate(TDPO(), plain, way, label_smoothing=0.5)


@pytest.mark.parametrize("way", ["hidden", "logits"])
def test_beta_of_each_pair_and_as_a_tensor(way, plain):
    loss = losses.TDPOLoss(beta=0.2)
    betas = torch.tensor([0.1, 0.2, 0.7], dtype=torch.float64, requires_grad=True)
    found = evaluate(loss, plain, way, beta=betas)
    by_hand = [
        evaluate(losses.TDPOLoss(beta=float(each)), plain, way, reduction="none")[0][k]
        for k, each in enumerate(betas.detach())
    ]
    assert_close(found[0], torch.stack(by_hand).mean(), **EXACT)
    scalar = evaluate(loss, plain, way, beta=torch.tensor(0.7, dtype=torch.float64))
    assert_close(scalar[0], evaluate(losses.TDPOLoss(beta=0.7), plain, way)[0], **EXACT)
    with pytest.raises(ValueError, match=r"beta is -0\.7.*; expected a finite number above 0"):
        evaluate(loss, plain, way, beta=-betas)
    with pytest.raises(ValueError, match="beta is -5; expected a finite number above 0"):
        loss.beta = -5
    assert loss.beta == 0.2


def test_a_loss_is_made_with_a_tensor(plain):
    """It is checked, and a parameter is learned: dL/dβ by the two sides of β."""
    learned = torch.nn.Parameter(torch.tensor(0.7, dtype=torch.float64))
    loss = losses.TDPOLoss(beta=learned)
    assert list(loss.parameters()) == [learned]
    found = loss.from_statistics(*statistics(plain), reduction="mean")[0]
    around = [
        losses.TDPOLoss(beta=each).from_statistics(*statistics(plain), reduction="mean")[0]
        for each in (0.7 - 1e-6, 0.7, 0.7 + 1e-6)
    ]
    assert_close(found, around[1], **EXACT)
    (slope,) = torch.autograd.grad(found, learned)
    assert slope.item() == pytest.approx((around[2] - around[0]).item() / 2e-6, rel=1e-6)
    with pytest.raises(ValueError, match=r"beta is -0\.\d+; expected a finite number above 0"):
        losses.TDPOLoss(beta=torch.tensor(-0.1))
    with pytest.raises(TypeError, match=r"beta is a tensor of shape \(2,\)"):
        losses.TDPOLoss(beta=torch.tensor([0.1, 0.2]))


def statistics(batch):
    logits, reference = (batch[name] @ batch["weight"].t() for name in ("hidden", "ref_hidden"))
    return response_statistics(
        logits, batch["labels"], ref_logits=reference, kl=("ref_pi",)
    ).chunk()


def test_vocabularies_padded_to_different_sizes(plain):
    wide = torch.cat([plain["weight"], plain["weight"][:3]])
    logits = plain["hidden"] @ wide.t()
    reference = plain["ref_hidden"] @ plain["weight"].t()
    wanted = TDPO().from_logits(logits[..., :VOCABULARY], plain["labels"], ref_logits=reference)
    found = TDPO().from_logits(logits, plain["labels"], ref_logits=reference, vocabulary=VOCABULARY)
    assert_close(found, wanted)
    with pytest.raises(ValueError, match="by padding only, pass vocabulary=13"):
        TDPO().from_logits(logits, plain["labels"], ref_logits=reference)
    states = {"ref_hidden": plain["ref_hidden"], "ref_weight": plain["weight"]}
    states |= {"vocabulary": VOCABULARY, "reduction": "none"}
    assert_close(TDPO().from_hidden(plain["hidden"], wide, plain["labels"], **states), wanted)


def test_negative_log_likelihoods_are_noticed(plain):
    del plain["ref_hidden"]
    with pytest.raises(ValueError, match="log-probabilities are 0 or less, got 6"):
        evaluate(losses.DPOLoss(), plain, ref_logps=torch.arange(1.0, 7.0))


def test_mistakes_are_named(plain):
    logits, labels = plain["hidden"] @ plain["weight"].t(), plain["labels"]
    cases = [
        ((logits, labels), {"refernce_logits": logits}, TypeError, "did you mean ref_logits"),
        ((logits[:, :-1], labels[:, 1:]), {}, ValueError, "shifted already. Pass shifted=True"),
        ((labels, logits), {}, TypeError, "are two arguments swapped"),
        (((logits[:3], logits[3:]), labels), {}, ValueError, r"labels: expected two tensors"),
        ((logits, labels), {"pairs": "mixed"}, ValueError, "pairs: expected 'halves'"),
        ((logits, labels), {"pairs": "shared"}, ValueError, "segments: missing"),
        ((logits, labels), {"empty": "drop"}, ValueError, "empty: expected 'raise' or 'skip'"),
        ((logits[0], labels[0]), {"cu_seqlens": torch.tensor([0, 3, 5])}, ValueError, "up to 7"),
    ]
    for given, keywords, error, message in cases:
        with pytest.raises(error, match=message):
            SimPO().from_logits(*given, **keywords)
    weights = {"mu1": torch.ones(6, 7), "mu": torch.ones(6, 7)}
    with pytest.raises(TypeError, match="got mu; did you mean mu"):
        SparsePO().from_logits(logits, labels, ref_logits=logits, **weights)


@pytest.mark.slow
def test_skipping_means_the_same_compiled(plain):
    torch.compiler.reset()
    plain["labels"][1] = -100
    del plain["ref_hidden"]
    logits = plain["hidden"] @ plain["weight"].t()

    def run(given, labels):
        return SimPO().from_logits(given, labels, empty="skip", reduction="mean")[0]

    compiled = torch.compile(run, fullgraph=True, backend="aot_eager")
    assert_close(compiled(logits, plain["labels"]), run(logits, plain["labels"]))
