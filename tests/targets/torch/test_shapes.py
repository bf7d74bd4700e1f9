"""Losses of other shapes as torch, against what a person would write from the papers' formulas.

lr is log π/π_ref of a whole response. Each file is also compared with the specification by the
program itself before it is written (`targets.torch.check`), in value and in every derivative.
"""

import pytest
import torch
from torch.nn.functional import logsigmoid, relu

from midpo_sym.prover.prove import prove_derivation
from midpo_sym.spec import loads
from midpo_sym.targets.torch import files

HEAD = 'title = "{0}"\nsummary = "s"\n'
EXO = "sigmoid(a)*(logsigmoid(a) - log(1 - rho)) + sigmoid(-a)*(logsigmoid(-a) - log(rho))"
LR = "log(pi({0})/ref({0}))"
MARGIN = f"beta*({LR.format('w')} - {LR.format('l')})"
W, L = (f"beta*{LR.format(s)}" for s in "wl")
DOMAINS = {
    "beta": "positive",
    "epsilon": "unit",
    "z0": "real",
    "delta": "real",
    "lam": "positive",
    "rho": "open unit",
}
VALUES = {"beta": 0.3, "epsilon": 0.2, "z0": 0.7, "delta": -0.4, "lam": 1.7, "rho": 0.15}


def ipo(w, r, _pw, *, beta, **_):
    return (w - r - 1 / (2 * beta)) ** 2


def cdpo(w, r, _pw, *, beta, epsilon, **_):
    m = beta * (w - r)
    return -(1 - epsilon) * logsigmoid(m) - epsilon * logsigmoid(-m)


def exo(w, r, _pw, *, beta, rho, **_):
    m = beta * (w - r)
    one, other = torch.sigmoid(m), torch.sigmoid(-m)
    log = torch.tensor([1 - rho, rho], dtype=torch.float64).log()
    return one * (logsigmoid(m) - log[0]) + other * (logsigmoid(-m) - log[1])


def log_sum(w, r, _pw, *, beta, lam, **_):
    m = beta * (w - r)
    return torch.logsumexp(torch.stack([-m, -lam * m]), 0)


def kto(w, r, _pw, *, beta, z0, lam, **_):
    return 1 - torch.sigmoid(beta * (w - z0)) + lam * (1 - torch.sigmoid(beta * (z0 - r)))


def bco(w, r, _pw, *, beta, delta, **_):
    return -logsigmoid(beta * w - delta) - logsigmoid(-(beta * r - delta))


def nca(w, r, _pw, *, beta, **_):
    return -logsigmoid(beta * w) - logsigmoid(-beta * w) / 2 - logsigmoid(-beta * r) / 2


def sppo(w, r, _pw, *, beta, **_):
    return (w - 1 / (2 * beta)) ** 2 + (r + 1 / (2 * beta)) ** 2


def slic(w, r, pw, *, delta, lam, **_):
    return relu(delta - (w - r)) - lam * pw


def rpo(w, r, pw, *, beta, lam, **_):
    return -logsigmoid(beta * (w - r)) - lam * pw


# name: what MI-DPO gives, the scale, what is added, the terms, and the loss by hand
LOSSES = {
    "ipo": ("argument", "1", "", [("1", "(a - 1/(2*beta))**2", MARGIN.replace("beta*", ""))], ipo),
    "cdpo": (
        "argument",
        "beta",
        "",
        [("1", "(epsilon - 1)*logsigmoid(a) - epsilon*logsigmoid(-a)", MARGIN)],
        cdpo,
    ),
    # 2402.00856: KL(Bernoulli(σ(m)) ‖ Bernoulli(1 − ε)); functions of numbers in the link
    "exo": (
        "argument",
        "beta",
        "",
        [
            (
                "1",
                EXO,
                MARGIN,
            )
        ],
        exo,
    ),
    # a function of several tensors in the link, and nowhere else
    "logs": ("argument", "beta", "", [("1", "log(exp(-a) + exp(-lam*a))", MARGIN)], log_sum),
    "cdpo2": (
        "argument",
        "beta",
        "",
        [("1 - epsilon", "logsigmoid", MARGIN), ("epsilon", "logsigmoid", f"-({MARGIN})")],
        cdpo,
    ),
    "kto": (
        "scores",
        "beta",
        "",
        [
            ("1", "sigmoid", f"beta*({LR.format('w')} - z0)"),
            ("lam", "1 - sigmoid(a)", f"beta*(z0 - {LR.format('l')})"),
        ],
        kto,
    ),
    "bco": (
        "scores",
        "beta",
        "",
        [("1", "logsigmoid", f"{W} - delta"), ("1", "softplus(-a)", f"-({L} - delta)")],
        bco,
    ),
    "nca": (
        "scores",
        "beta",
        "",
        [("1", "logsigmoid", W), ("1/2", "logsigmoid", f"-{W}"), ("1/2", "logsigmoid", f"-{L}")],
        nca,
    ),
    "sppo": (
        "scores",
        "1",
        "",
        [
            ("1", "(a - 1/(2*beta))**2", LR.format("w")),
            ("1", "(a + 1/(2*beta))**2", LR.format("l")),
        ],
        sppo,
    ),
    "slic": (
        "terms",
        "1",
        "-lam*log(pi(w))",
        [("1", "max(0, delta - a)", f"{LR.format('w')} - {LR.format('l')}")],
        slic,
    ),
    "rpo": ("terms", "beta", "-lam*log(pi(w))", [("1", "logsigmoid", MARGIN)], rpo),
}


def generated(name):
    """Return the function of a loss, of the file that is written for it, and its class."""
    gives, scale, plus, terms, _ = LOSSES[name]
    rest = f'[prior]\nzeta = "ref(y)"\nscale = "{scale}"\ngives = "{gives}"\n[loss]\n'
    rest += f'plus = "{plus}"\n' if plus else ""
    for weight, link, argument in terms:
        rest += f'[[loss.term]]\nweight = "{weight}"\nlink = "{link}"\nargument = "{argument}"\n'
    used = "".join(
        f'[parameters.{each}]\ndomain = "{domain}"\nmeaning = "m"\n'
        for each, domain in DOMAINS.items()
        if each in rest
    )
    derivation = loads(HEAD.format(name) + used + rest, f"{name}.toml")
    (result,) = prove_derivation(derivation)
    names: dict = {}
    exec(files.render(result), names)  # what the program has generated and checked
    values = {each: value for each, value in VALUES.items() if each in rest}
    return names[f"{name}_loss"], names[files_class(names)], values


def files_class(names):
    """Return the name of the class that a file defines."""
    return next(key for key in names if key.endswith("Loss") and key != "PreferenceLoss")


@pytest.mark.slow
@pytest.mark.parametrize("name", LOSSES)
def test_generated_code_is_the_loss_of_the_paper(name):
    """Value and gradient, in float64, and finite at extreme log-ratios in float32."""
    function, module, values = generated(name)
    by_hand = LOSSES[name][-1]
    torch.manual_seed(0)
    given = [(-30 * torch.rand(64, dtype=torch.float64)).requires_grad_() for _ in range(2)]
    refs = [-30 * torch.rand(64, dtype=torch.float64) for _ in range(2)]
    losses, _, _ = function(*given, *refs, **values)
    ratios = given[0] - refs[0], given[1] - refs[1]
    wanted = by_hand(*ratios, given[0], **VALUES)
    torch.testing.assert_close(losses, wanted)
    found = torch.autograd.grad(losses.sum(), given)
    expected = torch.autograd.grad(wanted.sum(), given)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)
    torch.testing.assert_close(module(**values)(*given, *refs)[0], wanted)


@pytest.mark.slow
@pytest.mark.parametrize("name", LOSSES)
def test_hidden_states_are_projected_once(name, monkeypatch):
    """Each of these losses is one of whole responses; its gradients are those from the logits."""
    _, module, values = generated(name)
    loss = module(**values)
    torch.manual_seed(0)
    hidden, weight = torch.randn(4, 6, 5), torch.randn(11, 5)
    hidden, weight = (each.double().requires_grad_() for each in (hidden, weight))
    labels, mask = torch.randint(11, (4, 6)), torch.ones(4, 6, dtype=torch.bool)
    mask[1, 4:] = mask[2, 3:] = False
    ref_logps = -torch.rand(4, 6, dtype=torch.float64)
    given = {"mask": mask, "ref_logps": ref_logps if loss.needs.reference else None}
    wanted, *_ = loss.from_logits(hidden @ weight.t(), labels, **given)
    expected = torch.autograd.grad(wanted.mean(), (hidden, weight))
    # What the others would call.
    for path in ("hidden.linear_statistics", "logits.response_statistics"):
        monkeypatch.setattr(f"midpo_sym.tensor.entries.{path}", None)
    found, *_ = loss.from_hidden(hidden, weight, labels, **given)
    torch.testing.assert_close(found, wanted.mean())
    for one, other in zip(torch.autograd.grad(found, (hidden, weight)), expected, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", LOSSES)
def test_nothing_overflows_that_has_a_value(name, dtype):
    """At log-ratios of ±10⁴ losses and gradients are finite."""
    function, _, values = generated(name)
    for both in ((-1e4, 0.0), (0.0, -1e4), (-1e4, -1e4)):
        given = [torch.full((3,), each, dtype=dtype, requires_grad=True) for each in both]
        refs = [torch.full((3,), -5e3, dtype=dtype) for _ in range(2)]
        losses, _, _ = function(*given, *refs, **values)
        assert losses.isfinite().all()
        for each in torch.autograd.grad(losses.sum(), given):
            assert each.isfinite().all()


@pytest.mark.parametrize(
    ("link", "losses"),
    [
        ("-sigmoid(beta)*a", [0.0, -1.0]),  # σ(0) = 1/2
        ("(exp(beta) - a)**2", [1.0, 1.0]),
        ("softplus(beta)/log(2) - a/2", [1.0, 0.0]),  # log(1 + e⁰) = log 2
        ("3 + beta + a - a", [3.0, 3.0]),  # its variable cancels
    ],
)
def test_functions_of_parameters_in_a_link(link, losses):
    """A file that calls the functions of numbers has what they come from; at β = 0, by hand."""
    text = HEAD.format("own") + 'parameters.beta = { domain = "real", meaning = "m" }\n'
    text += '[prior]\nzeta = "ref(y)"\nscale = "1"\ngives = "argument"\n'
    argument = f"{LR.format('w')} - {LR.format('l')}"
    text += f'[loss]\nlink = "{link}"\nargument = "{argument}"\n'
    (result,) = prove_derivation(loads(text, "own.toml"))
    names: dict = {}
    exec(files.render(result), names)  # what the program has generated and checked
    found = names["OwnLoss"](beta=0.0).link(torch.tensor([0.0, 2.0]))
    torch.testing.assert_close(found, torch.tensor(losses))


def test_a_number_of_one_response_alone():
    """A weight of the rejected response: the chosen one's is not an argument, by hand 2·(-m)."""
    text = HEAD.format("own") + 'data.score = { of = "y", domain = "real", meaning = "m" }\n'
    text += '[prior]\nzeta = "ref(y)"\nscale = "1"\ngives = "terms"\n[loss]\n'
    argument = f"{LR.format('w')} - {LR.format('l')}"
    text += f'[[loss.term]]\nweight = "score(l)"\nlink = "identity"\nargument = "{argument}"\n'
    (result,) = prove_derivation(loads(text, "own.toml"))
    names: dict = {}
    exec(files.render(result), names)  # what the program has generated and checked
    logps = (torch.tensor([each]) for each in (-1.0, -2.0, -3.0, -5.0))
    losses, _, _ = names["own_loss"](*logps, rejected_score=torch.tensor([2.0]))
    torch.testing.assert_close(losses, torch.tensor([2.0]))  # m = (-1 + 3) - (-2 + 5) = -1


def test_a_link_that_is_typed_keeps_its_parameters():
    """The class takes the link's parameter from itself, the function from its arguments."""
    _, module, _ = generated("ipo")
    argument = torch.tensor([0.0, 2.0])
    torch.testing.assert_close(module(beta=0.25).link(argument), torch.tensor([4.0, 0.0]))
