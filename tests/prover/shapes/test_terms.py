"""Losses of other shapes than MI-DPO's, as their papers print them: what of MI-DPO each term is.

With s(y) = α log π(y)/ζ(y), each row says by hand what the argument of each link is: sign, the
response of the score ("" for s(y_w) − s(y_l)), and the anchor. The formulas are those of the works
named, with lr(y) = log π(y)/π_ref(y).
"""

from dataclasses import dataclass

import pytest

from midpo_sym.language.grammar.losses import Scope, parse
from midpo_sym.language.printing.text import to_text
from midpo_sym.prover.prove import prove_derivation, prove_statement
from midpo_sym.prover.verdict import EXACT_PRIOR_ASSUMPTION, Proved, Refuted, Status
from midpo_sym.spec import SpecError, loads

HEAD = """
title = "t"
summary = "s"
"""
PARAMETERS = {
    "beta": "positive",
    "epsilon": "unit",
    "z0": "real",
    "delta": "real",
    "lambda_": "nonnegative",
    "tau": "positive",
}
LR = "log(pi({0})/ref({0}))"
MARGIN = f"beta*({LR.format('w')} - {LR.format('l')})"
W, L = (f"beta*{LR.format(s)}" for s in "wl")


@dataclass(frozen=True)
class Row:
    """A loss: its terms as (weight, link, argument), and what each is."""

    terms: tuple[tuple[str, str, str], ...]
    parts: tuple[tuple[int, str, str], ...]
    gives: str = "argument"
    plus: str = ""
    zeta: str = "ref(y)"
    scale: str = "beta"


PAIR = (1, "", "0")
ROWS = {
    # 2310.12036: (lr_w - lr_l - 1/(2τ))²
    "ipo": Row(
        (("1", "(a - 1/(2*tau))**2", f"{LR.format('w')} - {LR.format('l')}"),), (PAIR,), scale="1"
    ),
    # 2309.06657: max(0, 1 - β(lr_w - lr_l))
    "hinge": Row((("1", "hinge", MARGIN),), (PAIR,)),
    # 2305.10425: max(0, δ - log π(w) + log π(l)) - λ log π(w)
    "slic": Row(
        (("1", "max(0, delta - a)", "log(pi(w)) - log(pi(l))"),),
        (PAIR,),
        gives="terms",
        plus="-lambda_*log(pi(w))",
        zeta="1",
        scale="1",
    ),
    # cDPO: -(1 - ε) log σ(m) - ε log σ(-m), as one link, and as two terms
    "cdpo": Row(
        (("1", "(1 - epsilon)*log(1 + exp(-a)) + epsilon*log(1 + exp(a))", MARGIN),), (PAIR,)
    ),
    "cdpo, two terms": Row(
        (("1 - epsilon", "logsigmoid", MARGIN), ("epsilon", "logsigmoid", f"-({MARGIN})")),
        (PAIR, (-1, "", "0")),
    ),
    # 2403.00409: [-(1 - ε) log σ(m) + ε log σ(-m)]/(1 - 2ε)
    "robust": Row(
        (
            (
                "1",
                "((1 - epsilon)*log(1 + exp(-a)) - epsilon*log(1 + exp(a)))/(1 - 2*epsilon)",
                MARGIN,
            ),
        ),
        (PAIR,),
    ),
    # 2406.08414: (1 - σ(m/τ))(-log σ(m)) + σ(m/τ) exp(-m)
    "discopop": Row(
        (("1", "log(1 + exp(-a))/(1 + exp(a/tau)) + exp(-a)/(1 + exp(-a/tau))", MARGIN),),
        (PAIR,),
    ),
    # 2402.01306: 1 - σ(β(lr_w - z0)) and 1 - σ(β(z0 - lr_l))
    "kto": Row(
        (
            ("1", "sigmoid", f"beta*({LR.format('w')} - z0)"),
            ("lambda_", "sigmoid", f"beta*(z0 - {LR.format('l')})"),
        ),
        ((1, "w", "beta*z0"), (-1, "l", "beta*z0")),
        gives="scores",
    ),
    # 2404.04656: -log σ(β lr_w - δ) - log σ(-(β lr_l - δ))
    "bco": Row(
        (("1", "logsigmoid", f"{W} - delta"), ("1", "logsigmoid", f"-({L} - delta)")),
        ((1, "w", "delta"), (-1, "l", "delta")),
        gives="scores",
    ),
    # 2402.05369: -log σ(r_w) - ½ log σ(-r_w) - ½ log σ(-r_l)
    "nca": Row(
        (
            ("1", "logsigmoid", W),
            ("1/2", "logsigmoid", f"-{W}"),
            ("1/2", "logsigmoid", f"-{L}"),
        ),
        ((1, "w", "0"), (-1, "w", "0"), (-1, "l", "0")),
        gives="scores",
    ),
    # 2405.00675: (lr_w - 1/(2β))² + (lr_l + 1/(2β))²
    "sppo": Row(
        (
            ("1", "(a - 1/(2*beta))**2", LR.format("w")),
            ("1", "(a + 1/(2*beta))**2", LR.format("l")),
        ),
        ((1, "w", "0"), (1, "l", "0")),
        gives="scores",
        scale="1",
    ),
    # 2408.06266, APO-zero: 1 - σ(r_w) + σ(r_l)
    "apo zero": Row(
        (("1", "sigmoid", W), ("1", "sigmoid", f"-({L})")),
        ((1, "w", "0"), (-1, "l", "0")),
        gives="scores",
    ),
    # 2408.06266, APO-down: σ(r_w) + 1 - σ(r_w - r_l)
    "apo down": Row(
        (("1", "sigmoid", f"-({W})"), ("1", "sigmoid", MARGIN)),
        ((-1, "w", "0"), PAIR),
        gives="scores",
    ),
    # 2412.14516: -log σ(lr_w - lr_l) + λ/2 [(lr_w - 1/(2β))² + (lr_l + 1/(2β))²]
    "cal-dpo": Row(
        (
            ("1", "logsigmoid", f"{LR.format('w')} - {LR.format('l')}"),
            ("lambda_/2", "(a - 1/(2*beta))**2", LR.format("w")),
            ("lambda_/2", "(a + 1/(2*beta))**2", LR.format("l")),
        ),
        (PAIR, (1, "w", "0"), (1, "l", "0")),
        gives="scores",
        scale="1",
    ),
    # 2401.08417: -log σ(β(log π(w) - log π(l))) - λ log π(w)
    "cpo": Row(
        (("1", "logsigmoid", "beta*(log(pi(w)) - log(pi(l)))"),),
        (PAIR,),
        gives="terms",
        plus="-lambda_*log(pi(w))",
        zeta="1",
    ),
    # 2402.13228: -log σ(β(lr_w - lr_l - λ max(0, -lr_w)))
    "dpop": Row(
        (("1", "logsigmoid", f"{MARGIN} - beta*lambda_*max(0, -{LR.format('w')})"),),
        (PAIR,),
        zeta="ref(y)*by_label(exp(lambda_*max(0, log(ref(y)/pi(y)))), 1)",
    ),
    # 2406.11827 (weights before the loss, held still): w(w) w(l) × DPO
    "weighted": Row((("sg(pi(w)*pi(l))", "logsigmoid", MARGIN),), (PAIR,), gives="terms"),
    # 2404.05868, NPO: -(2/β) log σ(-β lr) of one response
    "npo": Row((("2/beta", "logsigmoid", f"-{L}"),), ((-1, "l", "0"),), gives="scores"),
}


def specification(row: Row, more: str = "") -> str:
    """Return the file of a row; parameters that it does not use are left out."""
    terms = "".join(
        f'[[loss.term]]\nweight = "{weight}"\nlink = "{link}"\nargument = "{argument}"\n'
        for weight, link, argument in row.terms
    )
    plus = f'plus = "{row.plus}"\n' if row.plus else ""
    rest = f'[prior]\nzeta = "{row.zeta}"\nscale = "{row.scale}"\ngives = "{row.gives}"\n'
    rest += f"[loss]\n{plus}{terms}{more}"
    used = "".join(
        f'[parameters.{name}]\ndomain = "{domain}"\nmeaning = "m"\n'
        for name, domain in PARAMETERS.items()
        if name in rest
    )
    return HEAD + used + rest


def judged(row: Row):
    """Return the result of a row."""
    derivation = loads(specification(row), "t.toml")
    (result,) = prove_derivation(derivation)
    return result


def read(text: str):
    """Return an anchor as a tree."""
    return parse(text, Scope(frozenset(), PARAMETERS))


@pytest.mark.slow
@pytest.mark.parametrize("name", ROWS)
def test_a_loss_is_read_as_its_formula_says(name):
    """Value and gradient are proved, and each term has the sign, the score and the anchor."""
    row = ROWS[name]
    result = judged(row)
    assert result.verdict.status is result.gradient.status is Status.PROVED
    found = [(p.reading.sign, p.reading.score_of, p.reading.anchor) for p in result.parts]
    assert found == [(sign, of, read(anchor)) for sign, of, anchor in row.parts]
    exact = EXACT_PRIOR_ASSUMPTION in result.verdict.assumptions
    assert exact is any(of for _, of, _ in row.parts)


WRONG = {
    # The temperature of the scale is not that of the loss.
    "ipo": Row((("1", "square", MARGIN),), (), scale="1"),
    # A length term that no score against a constant has.
    "kto": Row((("1", "sigmoid", f"beta*({LR.format('w')} - z0*length(w))"),), (), gives="scores"),
    # The anchor is measured against half a score.
    "half": Row((("1", "logsigmoid", f"{W}/2 - delta"),), (), gives="scores"),
    # Both responses, with another weight each.
    "shift": Row((("1", "logsigmoid", f"{W} - 2*{L}"),), (), gives="terms"),
    # A score where MI-DPO's argument is asked for.
    "score": Row((("1", "logsigmoid", W),), ()),
    # The first term is right, the second is not.
    "second": Row((("1", "hinge", MARGIN), ("1", "hinge", f"2*({MARGIN})")), ()),
    # The other response of the pair in a maximum: 2602.11902, HyPO.
    "hypo": Row(
        (("1", "logsigmoid", "log(pi(w)/pi(l)) - max(0, log(ref(w)/ref(l)))"),),
        (),
        scale="1",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_reading_is_refuted(name):
    """With a point at which the sides differ, and never proved in gradient."""
    result = judged(WRONG[name])
    assert isinstance(result.verdict, Refuted)
    assert not isinstance(result.gradient, Proved)
    assert result.verdict.witness.left != result.verdict.witness.right
    if name == "second":
        assert result.verdict.part == "argument of term 2"


def test_a_refutation_excludes_minus_the_argument_too():
    """An argument that is minus MI-DPO's is proved to be just that, whatever it is called."""
    row = Row((("1", "hinge", f"-({MARGIN})"),), ())
    (part,) = judged(row).parts
    assert (part.reading.sign, part.verdict.status) == (-1, Status.PROVED)


@pytest.mark.slow
def test_what_speaks_of_no_response_is_no_score():
    """A score of π is not the same for all responses, as every constant is."""
    row = Row((("1", "hinge", MARGIN), ("1", "hinge", "beta*z0")), (), gives="scores")
    verdict = judged(row).verdict
    assert isinstance(verdict, Refuted)
    assert verdict.part == "argument of term 2"


def test_a_gradient_may_differ_where_values_agree():
    """A stop-gradient in an argument keeps its value, and not its gradient."""
    row = Row((("1", "hinge", f"sg({MARGIN})"),), ())
    result = judged(row)
    assert result.verdict.status is Status.PROVED
    assert result.gradient.status is Status.REFUTED


@pytest.mark.slow
@pytest.mark.parametrize(
    ("expected", "right"), [("pair", True), ("label", False), ("response", False)]
)
def test_a_claim_may_say_what_a_prior_has_to_know(expected, right):
    """HyPO needs the other response of the pair: that is shown, and other expectations fail."""
    claim = f"""
[[claim]]
id = "c"
work = "w"
place = "p"
status = "refuted"
knows = "{expected}"
"""
    (result,) = prove_derivation(loads(specification(WRONG["hypo"], claim), "t.toml"))
    assert result.as_expected is right


@pytest.mark.slow
def test_the_whole_loss_is_under_its_own_link():
    """A typed link that is the log-sigmoid, written out or not, is MI-DPO's own."""
    row = Row((("1", "log(1 + exp(-a))", MARGIN),), (), gives="loss")
    assert judged(row).verdict.status is Status.PROVED
    row = Row((("1", "log(1 + exp(-2*a))/2", MARGIN),), (), gives="loss")
    assert judged(row).verdict.status is not Status.PROVED


def test_a_statement_may_hold_under_any_link():
    """GPO, 2402.05749: f(β(lr_w − lr_l)) for any f; wrong arguments are refuted for any f too."""
    row = Row((("1", "any", MARGIN),), ())
    result = judged(row)
    assert result.verdict.status is result.gradient.status is Status.PROVED
    assert judged(Row((("1", "any", f"2*({MARGIN})"),), ())).verdict.status is Status.REFUTED
    with pytest.raises(SpecError, match='gives = "argument"'):
        loads(specification(Row((("1", "any", MARGIN),), (), gives="loss")), "t.toml")


def test_claims_replace_terms():
    """A claim may have terms of its own; the file's stay as they are."""
    claim = f"""
[[claim]]
id = "c"
work = "w"
place = "p"
status = "proved"
gives = "scores"
term = [{{ link = "hinge", argument = "{W} - z0" }}]
"""
    derivation = loads(specification(ROWS["hinge"], claim), "t.toml")
    result = prove_statement(derivation.claims[0].statement, derivation, derivation.claims[0])
    (part,) = result.parts
    assert (part.reading.score_of, to_text(part.reading.anchor)) == ("w", "z0")
    assert len(derivation.statement.target.terms) == 1


BAD = {
    "unknown link": (Row((("1", "hinj", MARGIN),), ()), "did you mean hinge?"),
    "no variable": (Row((("1", "beta + 1", MARGIN),), ()), "a link without its variable a"),
    "a response": (Row((("1", "a + log(pi(w))", MARGIN),), ()), "the response w does not exist"),
    "plus": (
        Row((("1", "hinge", MARGIN),), (), plus="-log(pi(w))"),
        'write gives = "terms"',
    ),
    "weight": (Row((("pi(w)", "hinge", MARGIN),), ()), 'write gives = "terms"'),
    "gives": (Row((("1", "hinge", MARGIN),), (), gives="link"), "loss, argument, scores, terms"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_terms_are_refused_with_their_place(name):
    """The message names what is wrong, and what is allowed or cures it."""
    row, said = BAD[name]
    with pytest.raises(SpecError) as caught:
        loads(specification(row), "t.toml")
    assert said in str(caught.value)
    assert "t.toml:" in str(caught.value)


def test_a_file_has_an_argument_or_terms():
    """Neither, or both, is refused."""
    text = specification(ROWS["hinge"])
    with pytest.raises(SpecError, match="the loss has no argument"):
        loads(text[: text.index("[[loss.term]]")] + 'plus = "beta"\n', "t.toml")
    both = text.replace("[loss]\n", f'[loss]\nargument = "{MARGIN}"\n')
    with pytest.raises(SpecError, match="the loss has terms, each with a link and an argument"):
        loads(both, "t.toml")


@pytest.mark.parametrize(
    "declared",
    [
        '[parameters.a]\ndomain = "real"\nmeaning = "m"\n',
        '[weights.a]\ndomain = "real"\nmeaning = "m"\n',
        '[data.a]\nof = "batch"\ndomain = "real"\nmeaning = "m"\n',
        '[definitions.a]\nis = "2"\n',
    ],
)
def test_the_variable_of_a_link_is_nothing_else(declared):
    """Nothing that is declared is called a beside a typed link."""
    text = specification(ROWS["ipo"]).replace("[prior]", f"{declared}[prior]")
    with pytest.raises(SpecError, match="a is the variable of a link"):
        loads(text, "t.toml")


MISTAKES = {
    "-logsigmoid(m)": ("unknown name 'm'", "write a, if the argument of the link is meant"),
    "1 - sigmoid(x)": ("unknown name 'x'", "write a, if the argument of the link is meant"),
    "atan(a)": ("unknown name 'atan'", "write cauchy_cdf(a) for atan(a)/3.14... + 1/2"),
    "erf(a)": ("unknown name 'erf'", 'link = "any", if every function is meant'),
    "log-sigmoid": ("is not the name of a link", "did you mean logsigmoid?"),
    "Log_Sigmoid": ("is not the name of a link", "did you mean logsigmoid?"),
    "a + pi(w)": ("the response w does not exist here", "into weight, or into argument"),
    "log(a)": ("positive by its form", "write what is positive, such as exp(a)"),
    "relu(1 - a)": ("unknown name 'relu'", "write max(0, 1 - a)"),
}


@pytest.mark.parametrize("link", MISTAKES)
def test_a_link_that_cannot_be_read_has_a_cure_for_links(link):
    """What may stand in a link is not what may stand in an argument, and neither is the cure."""
    message, cure = MISTAKES[link]
    text = specification(ROWS["hinge"]).replace('link = "hinge"', f'link = "{link}"')
    with pytest.raises(SpecError, match=message) as error:
        loads(text, "t.toml")
    assert cure in error.value.advice.cure
