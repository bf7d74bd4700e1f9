"""Trees as operations: no probability is formed, sums are masked where padding counts."""

import pytest

from midpo_sym.language.build import (
    exp,
    kl_ref_pi,
    length,
    log,
    maximum,
    parameter,
    pi,
    ref,
    sg,
    sum_t,
    weight,
)
from midpo_sym.plan import operations
from midpo_sym.plan.lower import Lowering
from midpo_sym.plan.operations import (
    Add,
    Column,
    Detached,
    Div,
    Exp,
    Filled,
    Kind,
    Log,
    LogSumExp,
    Max,
    Mul,
    Number,
    Parameter,
    Pow,
    Shape,
    Statistic,
    Sum,
)

ETA, C = parameter("eta", "positive"), parameter("c")
OMEGA, MU = weight("omega", "w", "positive"), weight("mu", "w")


def statistic(kind: Kind, *of: str, by_token: bool = False) -> Statistic:
    return Statistic(kind, of, "w", by_token)


PI, REF = (statistic(Kind.LOG_PROBABILITY, each) for each in ("pi", "ref"))
RATIO = statistic(Kind.LOG_RATIO, "ref")
LENGTH = statistic(Kind.LENGTH)
PI_T = statistic(Kind.LOG_PROBABILITY, "pi", by_token=True)
RATIO_T = statistic(Kind.LOG_RATIO, "ref", by_token=True)
OMEGA_T, MU_T = (statistic(Kind.WEIGHT, each, by_token=True) for each in ("omega", "mu"))

SUMMED = {
    "log π/π_ref": (log(pi("w") / ref("w")), RATIO),
    "π/π_ref": (pi("w") / ref("w"), Exp(RATIO)),
    "log π^η": (log(pi("w") ** ETA), Mul((Parameter("eta"), PI))),
    "log (π + π_ref)": (log(pi("w") + ref("w")), LogSumExp((PI, REF))),
    "log max(π, π_ref)": (log(maximum(pi("w"), ref("w"))), Max(PI, REF)),
    "log (η exp(c))": (
        log(ETA * exp(C)),
        Add(((1, Log(Parameter("eta"))), (1, Parameter("c")))),
    ),
    "log π − log π": (log(pi("w")) - log(pi("w")), Number(0)),
    "c η π": (C * (ETA * pi("w")), Mul((Parameter("c"), Parameter("eta"), Exp(PI)))),
    "c²": (C**2, Pow(Parameter("c"), Number(2))),
    "η²": (ETA**2, Pow(Parameter("eta"), Number(2))),
    "η⁹": (ETA**9, Exp(Mul((Number(9), Log(Parameter("eta")))))),
    "sg(log π)": (sg(log(pi("w"))), Detached(PI)),
    "sg(c)": (sg(C), Parameter("c")),
    "a sum that comes summed": (
        sum_t("w", log(pi("w", "t") / ref("w", "t")) + kl_ref_pi("w")),
        Add(((1, RATIO), (1, statistic(Kind.VOCABULARY, "kl_ref_pi")))),
    ),
}


@pytest.mark.parametrize("name", SUMMED)
def test_what_is_of_whole_responses(name):
    tree, expected = SUMMED[name]
    assert Lowering(by_token=False, frozen="ref").value(tree) == expected


BY_TOKEN = {
    "log π/π_ref of the response": (
        log(pi("w") / ref("w")),
        Sum("w", RATIO_T, masked=False),
    ),
    "0 at padding": (
        sum_t("w", MU * log(pi("w", "t") / ref("w", "t"))),
        Sum("w", Mul((MU_T, RATIO_T)), masked=False),
    ),
    "log 0 at padding": (sum_t("w", log(OMEGA)), Sum("w", Log(Filled(OMEGA_T)), masked=True)),
    "1 at padding": (
        sum_t("w", pi("w", "t")),
        Sum("w", Exp(Filled(PI_T)), masked=True),
    ),
    "the same at every token": (sum_t("w", C), Mul((Parameter("c"), LENGTH))),
    "of the response, for each token": (
        sum_t("w", MU * log(pi("w")) / length("w")),
        Sum(
            "w",
            Div(
                Mul((MU_T, Column(Sum("w", PI_T, masked=False)))),
                Column(LENGTH),
            ),
            masked=False,
        ),
    ),
}


@pytest.mark.parametrize("name", BY_TOKEN)
def test_what_is_of_tokens(name):
    tree, expected = BY_TOKEN[name]
    assert Lowering(by_token=True, frozen="ref").value(tree) == expected


@pytest.mark.parametrize(
    ("operation", "shape"),
    [
        (Parameter("c"), Shape.NUMBER),
        (PI, Shape.PAIR),
        (MU_T, Shape.TOKENS),
        (Mul((Parameter("c"), PI)), Shape.PAIR),
        (Column(PI), Shape.COLUMN),
        (Add(((1, Column(PI)), (-1, MU_T))), Shape.TOKENS),
        (Sum("w", MU_T, masked=False), Shape.PAIR),
    ],
    ids=str,
)
def test_an_operation_has_the_shape_that_torch_would_give_it(operation, shape):
    assert operation.shape is shape


def test_without_one_frozen_model_there_are_no_log_ratios():
    difference = Add(((1, PI), (-1, REF)))
    assert Lowering(by_token=False).value(log(pi("w") / ref("w"))) == difference


def test_a_shape_is_no_part_of_what_an_operation_is():
    """Shapes follow from operands; equal operations are found by those alone."""
    assert "shape" not in repr(PI)
    assert {PI, statistic(Kind.LOG_PROBABILITY, "pi")} == {PI}
    assert all(each.__dataclass_params__.frozen for each in operations.Operation.__subclasses__())
