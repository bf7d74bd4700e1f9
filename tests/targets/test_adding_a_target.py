"""How to add a target: the six steps of `targets.protocol`, taken for one that prints prefix form.

It knows four operations and refuses what needs others, so it can be read in a minute.
"""

import pytest

from midpo_sym import prove
from midpo_sym.plan import operations
from midpo_sym.plan.losses import plan_loss
from midpo_sym.spec import library
from midpo_sym.targets.protocol import Target
from midpo_sym.targets.torch.target import TorchTarget


class PrefixTarget:
    """Arguments in prefix form, such as `(+ (length w) (- (length l)))`."""

    name = "prefix"
    known = (operations.Parameter, operations.Statistic, operations.Add, operations.Mul)

    def refusal(self, plan):
        for each in plan.argument.walk():
            if not isinstance(each, self.known):
                id_, what = plan.result.derivation.id, type(each).__name__
                return f"the prefix form has no {what}, which {id_} needs; torch has"
        return ""

    def print(self, plan):
        return self.text(plan.argument)

    def text(self, node):
        match node:
            case operations.Parameter(name=name):
                return name
            case operations.Statistic(kind=kind, of=of, response=response):
                return f"({' '.join([kind.name.lower().replace('_', '-'), *of, response])})"
            case operations.Mul(factors=factors):
                return f"(* {' '.join(map(self.text, factors))})"
            case operations.Add(terms=terms):
                signed = [(sign, self.text(each)) for sign, each in terms]
                return f"(+ {' '.join(t if sign > 0 else f'(- {t})' for sign, t in signed)})"
        raise AssertionError(node)


@pytest.mark.parametrize("target", [PrefixTarget(), TorchTarget()], ids=lambda each: each.name)
def test_a_target_has_the_members_of_the_protocol(target):
    members = {name for name in vars(Target) if name[0] != "_"}
    assert members == {"name", "refusal", "print"}
    assert all(hasattr(target, name) for name in members)


def test_a_new_target_prints_a_plan():
    """DPO is α log π(y_w)/π_ref(y_w) − α log π(y_l)/π_ref(y_l)."""
    text = PrefixTarget().print(plan_loss(prove("dpo")))
    assert text == "(+ (* alpha (log-ratio ref w)) (- (* alpha (log-ratio ref l))))"


@pytest.mark.slow
def test_what_a_target_cannot_print_is_refused_with_a_sentence():
    """SimPO divides by lengths, SparsePO weighs tokens; torch has code for every loss."""
    target = PrefixTarget()
    plans = {each.id: plan_loss(prove(each)) for each in library.paper()}
    refused = {id_: target.refusal(plan) for id_, plan in plans.items()}
    said = "the prefix form has no {}, which {} needs; torch has"
    assert refused["simpo"] == said.format("Div", "simpo")
    assert refused["sparsepo"] == said.format("Sum", "sparsepo")
    assert refused["dpo"] == ""
    assert not any(map(TorchTarget().refusal, plans.values()))
