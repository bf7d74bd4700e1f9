"""Losses of any shape: sums of weighted terms, and what is added to them."""

from dataclasses import replace
from io import StringIO

import pytest
from generators.trees.words import loss, prior, shipped
from rich.console import Console

from midpo_sym.language import tree
from midpo_sym.language.links import LINKS, VARIABLE
from midpo_sym.language.objective import Objective, ShapeError, Term
from midpo_sym.prover.prove import Result, prove_statement
from midpo_sym.prover.verdict import Proved, Refuted
from midpo_sym.spec.model import Statement
from midpo_sym.targets.coq.emit import Certificate, emit
from midpo_sym.targets.json.report import report
from midpo_sym.targets.latex.losses import to_document
from midpo_sym.targets.terminal.losses import story
from midpo_sym.targets.torch.files import planned

MARGIN = loss("alpha*log(pi(w)/ref(w)) - alpha*log(pi(l)/ref(l))")
HALF = loss("1/2")
NLL = loss("-log(pi(w))")


def check(objective: Objective) -> Result:
    """Return whether DPO's prior gives a loss."""
    return prove_statement(Statement(loss("alpha"), prior("ref(y)"), objective), shipped("dpo"))


def halves() -> Objective:
    term = Term(LINKS["logsigmoid"], MARGIN, HALF)
    return Objective((term, term))


def test_the_loss_is_the_sum_of_its_parts():
    """½ max(0, 1 − m) + m² is 1/2·max(0, 1 − a) + a·a at a = m, worked out as text."""
    objective = Objective(
        (Term(LINKS["hinge"], loss("gamma"), HALF),), (loss("gamma**2"), loss("-eta"))
    )
    assert objective.loss == loss("1/2*max(0, 1 - gamma) + gamma**2 - eta")
    assert Objective.of("square", loss("gamma")).loss == loss("(1 - gamma)**2")


def test_a_link_has_one_variable_and_no_other():
    for link in LINKS.values():
        names = {node for node in link.body.walk() if isinstance(node, tree.Parameter)}
        assert names == {VARIABLE}, link.name


@pytest.mark.slow
def test_two_halves_of_a_loss_are_the_loss():
    """½ L + ½ L = L, in value and in gradient; no prior is found, and none is excluded."""
    result = check(halves())
    assert isinstance(result.verdict, Proved)
    assert isinstance(result.gradient, Proved)
    assert result.prior.zeta is None or result.prior.gives_loss


def test_an_additive_term_is_what_differs():
    """MI-DPO minus (MI-DPO + NLL) is −NLL = log π(y_w)."""
    result = check(Objective((Term(LINKS["logsigmoid"], MARGIN),), (NLL,)))
    assert isinstance(result.verdict, Refuted)
    assert result.verdict.part == "loss"
    assert result.residual == loss("log(pi(w))")
    assert isinstance(result.gradient, Refuted)


def test_a_term_of_one_response_against_an_anchor_is_no_margin():
    """σ-links of each response against a constant: KTO's shape. It is not MI-DPO's loss.

    At π = π_ref and η = 0 the loss is 1/2 + 1/2, and MI-DPO's is log 2.
    """
    score = loss("alpha*log(pi(w)/ref(w)) - eta")
    other = loss("eta - alpha*log(pi(l)/ref(l))")
    result = check(Objective((Term(LINKS["sigmoid"], score), Term(LINKS["sigmoid"], other))))
    assert not isinstance(result.verdict, Proved)
    assert isinstance(result.gradient, Refuted)


def test_one_term_stays_itself_and_more_become_one_under_the_identity():
    term = Term(LINKS["hinge"], MARGIN)
    assert Objective((term,)).as_term() is term
    whole = halves().as_term()
    assert whole.link.name == "identity"
    assert whole.loss == tree.Neg(tree.Neg(halves().loss))


def test_nothing_is_no_objective():
    with pytest.raises(ValueError, match="no terms"):
        Objective(())


def test_where_one_term_is_wanted_the_parts_are_counted():
    with pytest.raises(ShapeError, match="has 2 weighted terms and 1 additive term"):
        replace(halves(), additive=(NLL,)).only_term()


@pytest.mark.slow
def test_every_target_prints_all_terms_or_says_that_it_has_none():
    """None prints the whole as if it were one link of one argument."""
    result = check(halves())
    assert planned(result).term.link == LINKS["identity"]
    found = emit(result)
    assert isinstance(found, Certificate)
    assert found.definitions.count("1 / 2 *") == 2
    assert len(report([result], {})["results"][0]["statement"]["terms"]) == 2
    console = Console(width=200, file=StringIO())
    console.print(story(result))
    assert console.file.getvalue().count("(1/2) × logsigmoid of") == 2
    assert to_document([result]).count(r"\frac{1}{2}") == 2
