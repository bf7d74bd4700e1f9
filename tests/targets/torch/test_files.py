"""What `midpo generate` writes, when it refuses, and that nothing in a specification gets out."""

import ast
import importlib.util
import math
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import midpo_sym
from midpo_sym import losses, prove
from midpo_sym.spec import library
from midpo_sym.spec.errors import SpecError
from midpo_sym.spec.reading.losses import loads
from midpo_sym.targets.torch.errors import NotProvedError
from midpo_sym.targets.torch.files import changes, render, write
from midpo_sym.targets.torch.names import function_name, module_name

ROOT = Path(midpo_sym.__file__).parent
REFUTED = sorted((Path(__file__).parents[2] / "refuted").glob("*.toml"))

OWN = """
title = "{title}"
summary = "{summary}"
[parameters]
alpha = {{ domain = "positive", default = "1/10", torch = "{torch}", meaning = "{meaning}" }}
[prior]
zeta = "ref(y)"
[loss]
argument = "alpha*log(pi(w)/ref(w)) - alpha*log(pi(l)/ref(l))"
"""


def own(**words: str):
    words = {"title": "Own", "summary": "One.", "torch": "beta", "meaning": "scale", **words}
    return loads(OWN.format(**words), "own.toml")


def imported(text: str, folder: Path, name: str):
    file = folder / f"{name}.py"
    file.write_text(text, encoding="utf-8")
    specification = importlib.util.spec_from_file_location(name, file)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_what_is_committed_is_what_is_generated(midpo):
    outcome = midpo("generate", "--check", "--paper")
    assert (outcome.status, outcome.err) == (0, "")


def test_a_file_that_differs_is_missing_or_stray_is_told(tmp_path):
    (tmp_path / "a.py").write_text("as it was\n")
    (tmp_path / "stray.py").write_text("")
    files = {"a.py": "as it is\n", "b.py": ""}
    found = {each.name: each for each in changes(files, tmp_path)}
    assert {name: each.what for name, each in found.items()} == {
        "a.py": "different",
        "b.py": "missing",
        "stray.py": "stray",
    }
    assert "-as it was\n+as it is\n" in found["a.py"].diff
    write(files, tmp_path)
    assert [(each.name, each.what) for each in changes(files, tmp_path)] == [("stray.py", "stray")]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.py", "b.py", "stray.py"]


def flipped(id_: str, *pairs: tuple[str, str]):
    """Return a specification with some text replaced, which must be there."""
    text = library.get(id_).text
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return loads(text, f"{id_}.toml")


@pytest.mark.slow
def test_a_flipped_sign_is_noticed_by_the_prover_the_file_and_the_values(tmp_path):
    """TDPO with +Δ in the loss alone is refuted; with the prior's sign flipped as well it is
    another loss: proved, but not what is committed, and with another value.

    With log-ratios 0 and divergences 1 and 3 at β = 1, TDPO's argument is −(3 − 1) = −2 and the
    flipped one's is +2: the losses are log(1 + e²) and log(1 + e⁻²).
    """
    loss = ("- alpha*Delta", "+ alpha*Delta")
    with pytest.raises(NotProvedError, match="tdpo is refuted, its argument differs"):
        render(prove(flipped("tdpo", loss)))
    both = flipped("tdpo", loss, ("exp(-K(y))", "exp(K(y))"))
    text = render(prove(both))
    (change,) = (
        each for each in changes({"tdpo.py": text}, ROOT / "losses") if each.name == "tdpo.py"
    )
    assert re.search(r"^-.*logratios \+ chosen_kl", change.diff, re.MULTILINE)
    assert re.search(r"^\+.*logratios - chosen_kl", change.diff, re.MULTILINE)
    zero, one, three = (torch.tensor([x], dtype=torch.float64) for x in (0.0, 1.0, 3.0))
    given = (zero, zero, zero, zero, one, three)
    changed = imported(text, tmp_path, "flipped").tdpo_loss(*given, beta=1.0)[0].item()
    assert losses.tdpo_loss(*given, beta=1.0)[0].item() == pytest.approx(math.log1p(math.exp(2)))
    assert changed == pytest.approx(math.log1p(math.exp(-2)))


@pytest.mark.slow
@pytest.mark.parametrize("path", REFUTED, ids=lambda path: path.stem)
def test_what_is_refuted_generates_nothing_and_says_why(midpo, path, tmp_path):
    out = tmp_path / "loss.py"
    outcome = midpo("generate", "--spec", path, "--out", out)
    if outcome.status == 0:  # refuted in the gradient only: the value is proved
        assert "its gradient is another one" in out.read_text().lower().replace("\n    ", " ")
        return
    assert outcome.status == 1
    assert "is refuted" in outcome.err
    assert not out.exists()


@pytest.mark.slow
def test_what_is_undecided_generates_nothing(midpo, tmp_path):
    """Σ max(1, π_t) is |y|, as no probability is above 1, but beyond the prover."""
    spec = tmp_path / "square.toml"
    spec.write_text(
        OWN.format(title="Square", summary="One.", torch="beta", meaning="scale")
        .replace('"ref(y)"', '"ref(y)*exp(-sum_t(max(1, pi(y, t))))"')
        .replace(
            '"alpha*log(pi(w)/ref(w)) - alpha*log(pi(l)/ref(l))"',
            '"alpha*(log(pi(w)/ref(w)) + length(w)) - alpha*(log(pi(l)/ref(l)) + length(l))"',
        )
    )
    outcome = midpo("generate", "--spec", spec)
    assert outcome.status == 1
    assert "square is undecided" in outcome.err


@pytest.mark.slow
def test_the_file_of_ones_own_loss_needs_torch_and_the_kernels_only(midpo, tmp_path):
    spec, out = tmp_path / "own.toml", tmp_path / "own_loss.py"
    spec.write_text(OWN.format(title="Own", summary="One.", torch="beta", meaning="scale"))
    assert midpo("generate", "--spec", spec, "--out", out).status == 0
    modules = {
        node.module
        for node in ast.walk(ast.parse(out.read_text()))
        if isinstance(node, ast.ImportFrom)
    }
    assert modules == {"__future__", "torch", "torch.nn.functional", "midpo_sym.tensor"}
    again = midpo("generate", "--spec", spec, "--out", out)
    assert again.status == 2
    assert "--force replaces it" in again.err
    assert midpo("generate", "--spec", spec, "--out", out, "--check").status == 0
    out.write_text(out.read_text() + "# mine\n")
    told = midpo("generate", "--spec", spec, "--out", out, "--diff")
    assert told.status == 1
    assert "-# mine" in told.out
    assert midpo("generate", "--spec", spec, "--out", out, "--force").status == 0
    assert "# mine" not in out.read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--out", "x.py"), "--out and --force go with --spec"),
        (("--check", "--diff"), "exclude each other"),
        (("--spec", "missing.toml"), "there is no such file"),
    ],
)
def test_bad_input_is_told(midpo, arguments, said):
    outcome = midpo("generate", *arguments)
    assert outcome.status == 2
    assert said in outcome.err


@pytest.mark.slow
def test_the_same_specification_gives_the_same_bytes():
    assert render(prove("sparsepo")) == render(prove("sparsepo"))


def test_the_header_names_the_specification_and_its_hash():
    """The digits are those of sha256sum, and no date is in the file."""
    import hashlib  # noqa: PLC0415

    digest = hashlib.sha256(library.get("tdpo").text.encode()).hexdigest()
    first = (ROOT / "losses" / "tdpo.py").read_text(encoding="utf-8").splitlines()[0]
    assert first == (
        f"# Generated by `midpo generate` from tdpo.toml (sha256 {digest[:12]}). Do not edit."
    )


HOSTILE = [
    '\\"\\"\\"; import os; os.abort(); \\"\\"\\"',
    "\\\\\\\"\\\"\\\" + os.abort() + '''",
    "os.abort() # }} {% os %} os.abort()",
    "ends with a backslash \\\\",
    "%s {{ 7*7 }} {% raw %}",
]


@pytest.mark.slow
@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("where", ["title", "summary", "meaning"])
def test_text_stays_text(where, text):
    """Whatever is in title, summary or meaning ends up in a docstring, and nowhere else."""
    derivation = own(**{where: text})
    module = ast.parse(render(prove(derivation)))
    calls = {ast.unparse(node.func) for node in ast.walk(module) if isinstance(node, ast.Call)}
    assert not any("os" in call.split(".") for call in calls)
    plain = {
        ast.unparse(n.func)
        for n in ast.walk(ast.parse(render(prove(own()))))
        if isinstance(n, ast.Call)
    }
    assert {call for call in calls if "Loss" not in call} == {c for c in plain if "Loss" not in c}


@pytest.mark.parametrize(
    "name",
    ["torch", "argument", "chosen_logps", "self", "given", "weight", "train", "filled_x", "max"],
)
def test_a_name_that_the_code_needs_is_refused(name):
    with pytest.raises(SpecError, match=r"parameters\.alpha\.torch: the generated loss uses"):
        render(prove(own(torch=name)))


@pytest.mark.parametrize("name", ["logps", "rejected_x", "my_lengths", "weighted_sum", "labels"])
def test_a_weight_that_would_be_taken_for_something_else_is_refused(name):
    """`rejected_x` gives the tensor `chosen_rejected_x`, which would belong to both responses."""
    text = OWN.format(title="Own", summary="One.", torch="beta", meaning="scale")
    weights = f'[weights]\nmu = {{ domain = "real", torch = "{name}", meaning = "one" }}\n[prior]'
    text = text.replace("[prior]", weights).replace('"ref(y)"', '"ref(y)*exp(sum_t(mu(y, t)))"')
    text = text.replace(
        '"alpha*log(pi(w)/ref(w)) - alpha*log(pi(l)/ref(l))"',
        '"alpha*(log(pi(w)/ref(w)) - sum_t(mu(w, t)) - log(pi(l)/ref(l)) + sum_t(mu(l, t)))"',
    )
    with pytest.raises(SpecError, match=r"weights\.mu\.torch: the generated loss uses this name"):
        render(prove(loads(text, "own.toml")))


def test_names_of_functions_and_classes():
    assert [function_name(each) for each in ("tdpo", "my_loss")] == ["tdpo_loss", "my_loss"]
    titles = {
        "TDPO₂": "TDPO2Loss",
        "TIS-DPO": "TISDPOLoss",
        "cEntropy (H-DPO)": "CEntropyLoss",
        "my loss": "MyLoss",
        "損失": "XLoss",
        "1st": "XLoss",
        "Preference": "MyPreferenceLoss",
    }
    assert {title: module_name(title, "x") for title in titles} == titles


def test_docstrings_say_no_more_than_the_verdict():
    """TDPO₂'s gradient is refuted for its prior: its docstring must not claim it."""
    tdpo2, tdpo = losses.tdpo2_loss.__doc__, losses.tdpo_loss.__doc__
    assert "Proved: the value and the gradient are those of MI-DPO" in tdpo
    assert "the value and the gradient" not in tdpo2
    assert "Its gradient is another one (refuted)" in tdpo2
    assert "assuming that no response is both chosen and rejected" in " ".join(
        losses.simpo_loss.__doc__.split()
    )


def test_without_torch_the_import_says_what_to_install():
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "try:\n    import midpo_sym.losses\n"
        "except ImportError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "pip install 'torch>=2.6', or in a checkout pip install '.[torch]'" in done.stdout


@pytest.mark.slow
def test_losses_load_no_prover():
    code = (
        "import sys, midpo_sym.losses\n"
        "print([name for name in sys.modules if name.startswith('midpo_sym.')])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = {name.split(".")[1] for name in ast.literal_eval(done.stdout)}
    assert loaded == {"_moved", "losses", "tensor"}


def test_the_index_says_what_each_loss_needs():
    """By hand, from the papers' formulas: reference, divergences, lengths, weights."""
    needs = {name: tuple(entry)[2:] for name, entry in losses.INDEX.items()}
    assert needs == {
        "dpo": (True, False, False, False),
        "centropy": (True, False, False, False),
        "dice": (True, False, False, False),
        "r_dpo": (True, False, True, False),
        "simpo": (False, False, True, False),
        "sparsepo": (True, True, False, True),
        "tdpo": (True, True, False, False),
        "tdpo2": (True, True, False, False),
        "tis_dpo": (True, True, False, True),
    }
    assert losses.names() == tuple(needs)
    with pytest.raises(ValueError, match="there is no loss 'ppo'; expected one of: dpo"):
        losses.get("ppo")
