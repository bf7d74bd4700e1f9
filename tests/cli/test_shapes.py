"""Losses of several terms on the command line: as a table, JSON and LaTeX."""

import json
from pathlib import Path

import jsonschema
import pytest

from midpo_sym.targets.json import report as emit_json

SCHEMA = json.loads(
    (Path(emit_json.__file__).parent / "result.schema.json").read_text(encoding="utf-8")
)
TRUE = """
title = "LN-DPO"
summary = "Averaged log-ratios."
[parameters]
alpha = { domain = "positive", meaning = "scale" }
[prior]
zeta = "pi(y)*(ref(y)/pi(y))**(1/length(y))"
[loss]
argument = "alpha/length(w)*log(pi(w)/ref(w)) - alpha/length(l)*log(pi(l)/ref(l))"
"""


@pytest.fixture
def spec(tmp_path):
    def write(text, name="own.toml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


KTO = """
title = "KTO"
summary = "s"
[parameters]
alpha = { domain = "positive", meaning = "m" }
z0 = { domain = "real", meaning = "m" }
[prior]
zeta = "ref(y)"
gives = "terms"
[loss]
plus = "-log(pi(w))"
[[loss.term]]
link = "1/(1 + exp(a))"
argument = "alpha*(log(pi(w)/ref(w)) - z0)"
[[loss.term]]
weight = "2"
link = "(a - 1)**2 + a"
argument = "alpha*(z0 - log(pi(l)/ref(l)))"
"""


@pytest.mark.slow
def test_json_of_several_terms_follows_the_schema(midpo, spec):
    """Link and argument are null, each term has its own, and what it is read as."""
    found = json.loads(midpo("prove", spec(KTO), "--json").out)
    jsonschema.validate(found, SCHEMA)
    (result,) = found["results"]
    statement = result["statement"]
    assert (statement["gives"], statement["link"], statement["argument"]) == ("terms", None, None)
    assert [each["link"] for each in statement["terms"]] == ["sigmoid", "(a - 1)**2 + a"]
    assert [each["weight"] for each in statement["terms"]] == ["1", "2"]
    assert statement["plus"] == ["-log(pi(w))"]
    read = [(each["sign"], each["score_of"], each["anchor"]) for each in result["parts"]]
    assert read == [(1, "w", "alpha*z0"), (-1, "l", "alpha*z0")]


WITH_DATA = """
title = "With data"
summary = "s"
[parameters]
alpha = { domain = "positive", meaning = "m" }
[data]
z0 = { of = "batch", domain = "real", meaning = "m" }
score = { of = "y", domain = "real", by_label = true, meaning = "m" }
[prior]
zeta = "ref(y)"
gives = "argument"
[loss]
link = "(1 - a)**4"
argument = "alpha*log(pi(w)/ref(w)) + score(w) + z0 - alpha*log(pi(l)/ref(l)) - score(l)"
"""


@pytest.mark.slow
def test_points_with_data_follow_the_schema(midpo, spec):
    """The numbers of responses and of the batch stand beside the models, in every point."""
    found = json.loads(midpo("prove", spec(WITH_DATA), "--json").out)
    jsonschema.validate(found, SCHEMA)
    (result,) = found["results"]
    (part,) = result["parts"]
    for point in (part["value"]["witness"], result["prior_for_this_loss"]["failure"]):
        assert {each["datum"] for each in point["data"]} == {"z0", "score"}


def test_a_prior_under_another_link_gives_the_argument(midpo, spec):
    """DPO's prior under (1 - a)⁴ gives the argument, and the loss to nobody."""
    text = WITH_DATA.split("[data]", maxsplit=1)[0] + "[prior]" + WITH_DATA.split("[prior]")[1]
    text = text.replace(" + score(w) + z0", "").replace(" - score(l)", "")
    (result,) = json.loads(midpo("prove", spec(text), "--json").out)["results"]
    prior = json.loads(midpo("prior", spec(text), "--json").out)
    assert result["value"]["status"] == "proved"
    for said in (result["prior_for_this_loss"], prior):
        assert (said["zeta"], said["gives"], said["link"]) == ("ref(y)", "argument", "(1 - a)**4")


@pytest.mark.slow
def test_several_terms_are_shown_term_by_term(midpo, spec):
    """In the table, in the derivations, and in LaTeX, whose equation is that of the verdict."""
    out = midpo("prove", spec(KTO), "--steps").out
    assert "a = −(s(y_l) − α·z₀): minus MI-DPO's score of y_l against the anchor α·z₀" in out
    assert "plus −log π(y_w)" in out
    assert out.count("the score of MI-DPO") == 2
    latex = midpo("prove", spec(KTO), "--latex").out
    assert r"= -\left(s(y_l) - \alpha\,z_{0}\right)." in latex
    wrong = KTO.replace("- z0", "- z0*length(w)")
    assert r"\neq s(y_w)" in midpo("prove", spec(wrong), "--latex").out


@pytest.mark.slow
def test_a_loss_under_another_link_is_told_what_to_ask(midpo, spec):
    """Refuted as a whole, and the argument is right: `gives` says so."""
    hinge = TRUE.replace("[loss]", '[loss]\nlink = "hinge"')
    out = midpo("prove", spec(hinge)).out
    assert "differs in" in out
    assert 'gives = "argument" says that MI-DPO has its argument' in out
    given = hinge.replace("[prior]", '[prior]\ngives = "argument"')
    assert "MI-DPO's argument, under the link hinge" in midpo("prove", spec(given)).out


@pytest.mark.slow
@pytest.mark.parametrize("option", ["--json", "--latex", "--steps"])
def test_several_terms_that_are_no_mi_dpo_are_shown_as_a_whole(option, midpo, spec):
    """What is asked by default of several terms is refuted, and printed in every form."""
    whole = KTO.replace('gives = "terms"\n', "")
    outcome = midpo("prove", spec(whole), option)
    assert outcome.status == 1
    assert "refuted" in outcome.out
    assert outcome.err == ""


@pytest.mark.slow
@pytest.mark.parametrize("link", ["(a - 1)**4", "any", "hinge"])
def test_the_prior_of_a_typed_link_is_said_to_give_the_argument(link, midpo, spec):
    """`midpo prior` names the link, whether it is a row of the table or not."""
    given = TRUE.replace("[loss]", f'[loss]\nlink = "{link}"').replace(
        "[prior]", '[prior]\ngives = "argument"'
    )
    outcome = midpo("prior", spec(given))
    assert outcome.status == 0
    text = " ".join(outcome.out.split())
    assert "MI-DPO with it has the argument of this loss" in text
    assert f"under the link {link}" in text
    shown = " ".join(midpo("prove", spec(given)).out.split())
    assert "for the argument of this loss has to know the response alone" in shown


def test_scores_alone_have_no_prior_of_a_pair(midpo, spec):
    """No prior is solved from scores, and none is said to be needed."""
    text = KTO.replace('plus = "-log(pi(w))"', "").replace('"terms"', '"scores"')
    found = json.loads(midpo("prove", spec(text), "--json").out)["results"][0]
    assert found["prior_for_this_loss"]["reach"] == "unknown"
    assert "any prior" not in midpo("prove", spec(text)).out


@pytest.mark.parametrize("link", ["(a - 1)**2", "-2*logsigmoid(a)", "any"])
def test_the_prior_of_a_loss_under_a_link_that_is_typed(link, midpo, spec):
    """It is that of the argument, and the link is named by its text."""
    given = TRUE.replace("[loss]", f'[loss]\nlink = "{link}"')
    given = given.replace("[prior]", '[prior]\ngives = "argument"')
    outcome = midpo("prior", spec(given))
    assert outcome.status == 0
    assert f"under the link {link};" in " ".join(outcome.out.split())
    assert json.loads(midpo("prior", spec(given), "--json").out)["link"] == link


@pytest.mark.slow
def test_the_prior_of_several_terms_is_of_minus_the_whole(midpo, spec):
    """Two scores have one by label, a product of both has none; no link is made up for them."""
    found = " ".join(midpo("prior", spec(KTO)).out.split())
    assert "MI-DPO with it has minus this loss as its argument" in found
    mixed = KTO.replace('plus = "-log(pi(w))"', 'plus = "log(pi(w))*log(pi(l))"')
    outcome = midpo("prior", spec(mixed))
    assert outcome.status == 1
    assert "MI-DPO has minus this loss as its argument: it would" in " ".join(outcome.out.split())
    assert "identity" not in found + outcome.out


@pytest.mark.slow
def test_the_priors_of_the_whole_and_of_a_term_stand_side_by_side(midpo, spec):
    """In one wording, which says of each what MI-DPO has with it: of the second term it is minus.

    The second argument is s(y_l) − s(y_w), minus that of DPO, whose prior is π_ref.
    """
    pair = "alpha*log(pi(l)/ref(l)) - alpha*log(pi(w)/ref(w))"
    text = KTO.replace("alpha*(z0 - log(pi(l)/ref(l)))", pair)
    out = " ".join(midpo("prior", spec(text)).out.split())
    whole, term = "minus this loss as its argument", "minus the argument of term 2"
    assert out.index(f"For MI-DPO to have {whole}:") < out.index(f"For MI-DPO to have {term}:")
    assert out.count(f"MI-DPO with it has {term}: proved") == 1
    found = json.loads(midpo("prior", spec(text), "--json").out)
    assert (found["of"], [each["of"] for each in found["others"]]) == (whole, [term])
    assert found["others"][0]["zeta"] == "ref(y)"
    (result,) = json.loads(midpo("prove", spec(text), "--json").out)["results"]
    assert result["prior_for_this_loss"]["of"] == term
    assert f"for {term} has to know" in " ".join(midpo("prove", spec(text)).out.split())


def test_a_loss_has_one_prior_where_nothing_is_read_term_by_term(midpo, spec):
    """And what MI-DPO has with it is said all the same."""
    found = json.loads(midpo("prior", spec(TRUE), "--json").out)
    assert (found["of"], found["others"]) == ("this loss", [])
