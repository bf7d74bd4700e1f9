"""`midpo theory` and `midpo audit` on the command line."""

import json

import pytest

THEORY = """
title   = "A theory"
summary = "One chain."
[functions]
q = { of = "y", domain = "positive" }
[hypotheses]
sums = { is = "sum(y, q(y)) = 1" }
[[chain]]
id    = "one"
title = "It sums to one"
start = "2*sum(y, q(y))"
[[chain.step]]
rule  = "hypothesis"
to    = "TO"
using = "sums"
"""


@pytest.mark.slow
def test_theory_lists_its_chains(midpo):
    done = midpo("theory", "lemma_1")
    assert done.status == 0
    assert (
        "6 of 6 proved, 17 steps, each checked by the kernel and against the rules it names"
        in done.out
    )
    assert "equal only where q_Y(y) = p_Y(y) everywhere" in done.out
    assert "assumes  Σ_y q_Y(y) = 1" in done.out


@pytest.mark.slow
def test_theory_speaks_json(midpo):
    done = midpo("theory", "optimal_policy/identity", "--json")
    (chain,) = json.loads(done.out)
    assert chain["verdict"] == "proved"
    assert chain["assumptions"] == ["Σ_y π(y|x) = 1"]
    assert [step["relation"] for step in chain["steps"]] == ["="] * 8
    assert chain["steps"][-1]["using"] == ["policy"]
    assert [rule["name"] for rule in chain["steps"][-1]["rules"]] == ["hypothesis", "expansion"]
    assert chain["domains"] == {
        "beta": "positive",
        "pi(x, y)": "positive",
        "zeta(x, y)": "positive",
    }
    assert chain["start"] == {"text": "J(x)", "latex": r"\mathcal{J}_x(x)"}


@pytest.mark.slow
def test_theory_as_latex(midpo):
    """Plain LaTeX: no character that pdflatex does not know, and every group closed."""
    out = midpo("theory", "--latex").out
    assert out.isascii()
    assert out.count("{") == out.count("}")
    assert out.count(r"\begin{align*}") == out.count(r"\end{align*}")
    assert "% lemma_1/least, written by midpo_sym: proved" in out
    assert r"\ge{}& I \tag*{\footnotesize step 2}" in out
    assert "Step 2 is by: log t $\\le$ t $-$ 1, cancellation, logarithm of a quotient" in out
    assert r"Step 1 cites \texttt{lemma\_1/split}." in out
    assert r"For all $p_X(x) > 0$, $p_{Y|X}(y \mid x) > 0$, $q_Y(y) > 0$." in out
    assert r"$\theta \in [0, 1]$" in out
    assert "equal only where $q_Y(y) = p_Y(y)$ everywhere" in out
    assert r"\sum_{y} q_Y(y) = 1." in out
    assert r"p_Y(y) :={}& \sum_{x} p_X(x)\,p_{Y|X}(y \mid x)" in out
    done = midpo("theory", "--latex", "--json")
    assert done.status == 2
    assert "exclude each other" in done.err


def test_a_rejected_step_is_said_in_latex(midpo, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(THEORY.replace("TO", "1"), encoding="utf-8")
    done = midpo("theory", str(path), "--latex")
    assert done.status == 1
    assert "Step 1 does not hold: false: a finite problem shows it." in done.out


def test_what_has_to_differ_from_zero_is_said_in_latex(midpo, tmp_path):
    path = tmp_path / "mine.toml"
    step = '[[chain.step]]\nrule = "cancellation"\nto = "1"\n'
    head = THEORY.partition("[hypotheses]")[0].replace("positive", "real")
    chain = f'[[chain]]\nid = "one"\ntitle = "One"\nfor = "y"\nstart = "q(y)/q(y)"\n{step}'
    path.write_text(head + chain, encoding="utf-8")
    assert r"This needs $q(y) \neq 0$ for every $y$." in midpo("theory", str(path), "--latex").out


def test_a_chain_of_one_s_own(midpo, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(THEORY.replace("TO", "2"), encoding="utf-8")
    assert midpo("theory", str(path)).status == 0
    path.write_text(THEORY.replace("TO", "1"), encoding="utf-8")
    done = midpo("theory", str(path))
    assert done.status == 1
    assert "✗ rejected at step 1" in done.out
    assert "false: a finite problem shows it" in done.out


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"2*sum(y, q(y))"', '"2*sum(y, q(x))"', "q takes an index of the answers here"),
        ('"2*sum(y, q(y))"', '"2*q(y)"', "the index y is bound by nothing"),
        ('"2*sum(y, q(y))"', '"sum(y, sum(y, q(y)))"', "the index y is taken already"),
        ('"2*sum(y, q(y))"', '"sum(a, q(y))"', "a sum over a set that may be infinite"),
        ('"2*sum(y, q(y))"', '"sum(y, log(q(y) - 1))"', "positive by its form"),
        ('"2*sum(y, q(y))"', '"nothing(y)"', "unknown name 'nothing'"),
        ('"2*sum(y, q(y))"', '"derivative(sum(y, q(y)), q)"', "the derivative by what?"),
        ("sum(y, q(y)) = 1", "sum(y, q(y)) = 2", "is no hypothesis"),
        ("sum(y, q(y)) = 1", "q(y) = q(y)", "bound by nothing"),
        ("sum(y, q(y)) = 1", "sum(y, q(y))", "is not an equation"),
        ('using = "sums"', 'using = "sum"', "there is no such hypothesis"),
        ('using = "sums"', "", "the rule hypothesis needs using"),
        ('rule  = "hypothesis"', 'rule  = "algebra"', "is not one of the words allowed"),
        ('rule  = "hypothesis"', 'rule  = "expansion"', "the rule expansion takes none"),
        ('rule  = "hypothesis"', 'rule = "hypothesis"\nrelation = "<="', "gives another relation"),
        ('rule  = "hypothesis"', 'rule = "hypothesis"\nrelation = "<"', "is no relation"),
        ('of = "y"', 'of = "y, y"', "is not a list of indices"),
        ('of = "y"', 'of = ""', "names no index"),
        ("q = {", "y = {", "is the name of an index"),
        ("q = {", "sum = {", "is a reserved word"),
        ('id    = "one"', 'id    = "One"', "is not an id"),
        (
            "[hypotheses]",
            'r = { of = "y", domain = "real" }\n[hypotheses]',
            "declared but never used",
        ),
        ("[[chain]]", "[chains]", "unknown key"),
    ],
)
def test_bad_files_are_refused(midpo, tmp_path, old, new, message):
    """The error names the file and the place, and says what is wrong; nothing is proved."""
    path = tmp_path / "mine.toml"
    text = THEORY.replace("TO", "2")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    done = midpo("theory", str(path))
    assert done.status == 2
    assert message in done.err
    assert "mine.toml:" in done.err
    assert done.out == ""


EQUATION = """
title   = "A theory"
summary = "One chain."
[functions]
q = { of = "y", domain = "DOMAIN" }
r = { of = "y", domain = "real" }
h = { of = "y", domain = "real" }
[definitions]
inverse = { of = "y", is = "1/h(y)" }
[hypotheses]
known = { is = "q(y) = BODY", for = "y" }
[[chain]]
id    = "one"
title = "It is known"
for   = "y1"
start = "q(y1) + r(y1)*h(y1)"
[[chain.step]]
rule  = "hypothesis, definition"
to    = "BODY1 + r(y1)/inverse(y1)"
using = "known"
"""


@pytest.mark.parametrize(
    ("domain", "body", "message"),
    [
        ("positive", "r(y)", "makes something positive equal to what may not be"),
        ("nonnegative", "-1", "makes something nonnegative equal to what may not be"),
        ("unit", "2", "makes something unit equal to what may not be"),
        ("real", "2*q(y)", "is circular"),
        ("real", "derivative(r(y), r, q)", "is circular"),
    ],
)
def test_a_hypothesis_that_nothing_satisfies_is_refused(midpo, tmp_path, domain, body, message):
    """f = −1 for an f that is not negative would prove everything; f = 2 f says nothing."""
    path = tmp_path / "mine.toml"
    text = EQUATION.replace("DOMAIN", domain).replace("BODY1", "2").replace("BODY", body)
    path.write_text(text, encoding="utf-8")
    done = midpo("theory", str(path))
    assert done.status == 2
    assert message in done.err


def test_a_condition_is_about_every_element(midpo, tmp_path):
    """The line speaks of y₁, the definition that divides by h of y: the condition is for all y."""
    path = tmp_path / "mine.toml"
    text = EQUATION.replace("DOMAIN", "nonnegative").replace("BODY1", "2").replace("BODY", "2")
    path.write_text(text, encoding="utf-8")
    done = midpo("theory", str(path))
    assert done.status == 0
    assert "assumes  h(y) ≠ 0 for every y" in done.out


@pytest.mark.parametrize("target", ["lemma", "lemma_1/splits", "nowhere.toml"])
def test_an_unknown_derivation(midpo, target):
    done = midpo("theory", target)
    assert done.status == 2
    assert "there is no such" in done.err


@pytest.mark.slow
def test_audit_prints_the_table(midpo):
    done = midpo("audit")
    assert done.status == 0
    assert "101 statements: 70 proved, 14 refuted, 17 not checked" in done.out
    for line in ("dual-substituted", "box-joint", "eq-5", "typically-fixed"):
        assert line in done.out


@pytest.mark.slow
def test_audit_tells_the_whole_story(midpo):
    done = midpo("audit", "dual-substituted")
    assert done.status == 0
    for part in (
        "residual",
        "witness",
        "meant",
        "repaired",
        "a definite meaning, and is false",
        "appendix A",
    ):
        assert part in done.out


@pytest.mark.slow
def test_audit_shows_the_witness_of_a_claim(midpo):
    done = midpo("audit", "recovery-sparsepo")
    assert "An exact counterexample. Four tokens" in done.out


@pytest.mark.slow
def test_audit_speaks_json(midpo):
    (entry,) = json.loads(midpo("audit", "simpo-assumption-sufficient", "--json").out)
    assert entry["verdict"] == entry["expected"] == "refuted"
    assert entry["residual"] == "-2*gamma/alpha"
    assert entry["repair"]["verdict"] == "proved"
    assert entry["repair"]["evidence"]["claims"] == {"simpo/section-4": "proved"}


def test_an_unknown_entry(midpo):
    done = midpo("audit", "dual-substitute")
    assert done.status == 2
    assert "there is no such entry" in done.err
    assert "did you mean dual-substituted" in done.err
