"""What must not be said of two losses, each with the reason worked out by hand."""

from __future__ import annotations

import pytest

import midpo_sym
from midpo_sym.prover.equivalence.answers import COMMON, LINK, SPECIAL_LEFT, SPECIAL_RIGHT, WITH_ONE
from midpo_sym.prover.equivalence.lattice import compare_all
from midpo_sym.spec import library
from midpo_sym.targets.wording.equivalence import NOT_FOUND, Words

LR = "alpha*(log(pi(w)/ref(w)) - log(pi(l)/ref(l)))"
LENGTHS = "(length(w) - length(l))"


@pytest.fixture
def loss(tmp_path):
    """Return what writes a specification with α > 0 and other parameters."""

    def write(name, argument, plus="", zeta="ref(y)", **domains):
        rows = {"alpha": "positive", **domains}
        lines = [
            'title = "t"',
            'summary = "s"',
            "[parameters]",
            *(
                f'{each} = {{ domain = "{domain}", meaning = "m" }}'
                for each, domain in rows.items()
            ),
            f'[prior]\nzeta = "{zeta}"\ngives = "{"terms" if plus else "argument"}"',
            f'[loss]\nargument = "{argument}"',
            *([f'plus = "{plus}"'] if plus else []),
        ]
        path = tmp_path / f"{name}.toml"
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    return write


def where(found):
    return [each.changes.where for each in found.relations]


@pytest.mark.slow
def test_equal_lengths_are_those_of_the_pair(loss):
    """−λ log π(y_o) over |y_o| and over |y_w|: at |y_w| = |y_l| = 2 and |y_o| = 1 they are
    −λ log π(y_o) and half of it. Where every response is one token they are the same."""
    paths = [
        loss(each, LR, f"-lam*log(pi(o))/length({each})", lam="positive") for each in ("o", "w")
    ]
    assert where(midpo_sym.diff(*paths)) == ["one token"]


@pytest.mark.parametrize(
    ("mine", "theirs", "kind"),
    [
        pytest.param("positive", "real", COMMON, marks=pytest.mark.slow),  # u = −1 is no b
        ("positive", "nonnegative", COMMON),  # B at u = 0
        pytest.param("open unit", "real", COMMON, marks=pytest.mark.slow),  # B at u = 2
        ("positive", "open unit", SPECIAL_RIGHT),
        pytest.param("real", "real", SPECIAL_RIGHT, marks=pytest.mark.slow),
        pytest.param("nonnegative", "unit", SPECIAL_RIGHT, marks=pytest.mark.slow),
    ],
)
def test_a_special_case_keeps_all_its_values(loss, mine, theirs, kind):
    """A has b(|y_w| − |y_l|) and c log-ratios of the reference, B has u(|y_w| − |y_l|). At c = 0
    they are the same if u = b: B is a special case if b takes all values that u takes."""
    more = "c*(log(ref(w)) - log(ref(l)))"
    one = loss("one", f"{LR} + b*{LENGTHS} + {more}", b=mine, c="real")
    other = loss("other", f"{LR} + u*{LENGTHS}", u=theirs)
    assert midpo_sym.diff(one, other).closest.kind == kind


@pytest.mark.slow
def test_a_map_that_is_not_onto_is_one_way(loss):
    """(|y_w| − |y_l|)/g and b(|y_w| − |y_l|), both real: b = 1/g is defined wherever the first is,
    and is never 0. The first is a special case of the second, and is not the same."""
    one, other = (
        loss("g", f"{LR} + {LENGTHS}/g", g="real"),
        loss("b", f"{LR} + b*{LENGTHS}", b="real"),
    )
    found = midpo_sym.diff(one, other)
    assert (found.verdict, found.closest.kind) == ("same on a subset", SPECIAL_LEFT)
    assert found.closest.back is None
    assert midpo_sym.diff(other, one).closest.kind == SPECIAL_RIGHT


def test_a_map_that_divides_by_a_positive_number_is_onto(loss):
    """1/g of g > 0 takes all positive values."""
    one = loss("g", f"{LR} + {LENGTHS}/g", g="positive")
    other = loss("b", f"{LR} + b*{LENGTHS}", b="positive")
    assert midpo_sym.diff(one, other).verdict == "same up to"


@pytest.mark.slow
def test_one_in_the_place_of_a_model_may_take_whole_terms_away(loss):
    """max(0, log π_ref(y_w)/π_ref(y_l)) is 0 with 1 for π_ref, and log 2 where the reference is
    twice as probable at y_w: A is no DPO without a reference."""
    plain = "alpha*(log(pi(w)) - log(pi(l)))"
    one = loss("one", f"{plain} - max(0, log(ref(w)/ref(l)))", zeta="1")
    found = midpo_sym.diff(one, loss("other", plain, zeta="1"))
    assert (found.verdict, found.closest.kind, found.value.says) == ("differs", WITH_ONE, "differs")
    assert found.closest.back is None
    words = Words.of(found)
    assert "of what A becomes by that, not of A" in words.relation(found.closest)
    assert words.note(found) == NOT_FOUND


def test_with_one_no_loss_is_a_special_case(loss):
    """With 1 for π_ref, A is α log π(y_w)/π(y_l), which is B at u = 0. A itself is not B at any."""
    plain = "alpha*(log(pi(w)) - log(pi(l)))"
    other = loss("other", f"{plain} + u*{LENGTHS}", zeta="1", u="nonnegative")
    found = midpo_sym.diff(loss("one", LR), other)
    (relation,) = [each for each in found.relations if not each.changes.where]
    assert relation.kind == WITH_ONE
    assert "special case" not in Words.of(found).relation(relation)


@pytest.mark.slow
def test_nothing_is_said_of_order_or_minimisers(loss):
    """(α lr − 1)² and −log σ(α lr) have the same argument; that is what is proved, no more."""
    square = loss("square", LR)
    text = square.read_text(encoding="utf-8").replace("[loss]", '[loss]\nlink = "(a - 1)**2"')
    square.write_text(text, encoding="utf-8")
    found = midpo_sym.diff(square, loss("sigmoid", LR))
    assert found.closest.kind == LINK
    assert Words.of(found).relation(found.closest).endswith("same arguments under different links")
    assert Words.of(found).headline(found).startswith("A and B differ")


def test_a_stop_gradient_makes_no_same_loss(loss):
    """sg holds log π(y_l) still: one value, and the slopes in log π(y_l) are −α and 0."""
    held = loss("held", LR.replace("log(pi(l)/ref(l))", "log(sg(pi(l))/ref(l))"))
    plain = loss("plain", LR)
    found = midpo_sym.diff(plain, held)
    assert found.verdict == "same value, other gradient"
    assert (found.value.says, found.gradient.says) == ("same", "differs")
    assert "same value, other gradient" in Words.of(found).headline(found)
    assert Words.of(found).note(found) == NOT_FOUND
    all_ = compare_all([library.find(str(path)) for path in (plain, held)])
    assert (all_.classes, [each.says for each in all_.entries]) == ((), [found.verdict])


@pytest.mark.slow
def test_the_note_stands_beside_what_is_the_same_on_a_subset():
    found = midpo_sym.diff("dpo", "centropy")
    assert (found.verdict, Words.of(found).note(found)) == ("same on a subset", NOT_FOUND)
    assert Words.of(midpo_sym.diff("dpo", "dpo")).note(midpo_sym.diff("dpo", "dpo")) == ""


@pytest.fixture
def weighted(tmp_path):
    """Return what writes a loss with weights of tokens and a number of each pair."""

    def write(name, argument, margin="margin", domain="real", **domains):
        rows = "".join(f'{n} = {{ domain = "{d}", meaning = "m" }}\n' for n, d in domains.items())
        path = tmp_path / f"{name}.toml"
        path.write_text(
            f'title = "t"\nsummary = "s"\n{"[parameters]" if rows else ""}\n{rows}'
            '[weights]\nmu = { domain = "nonnegative", meaning = "m" }\n'
            f'[data]\n{margin} = {{ of = "pair", domain = "{domain}", meaning = "m" }}\n'
            f'[prior]\nzeta = "ref(y)"\nscale = "1"\n[loss]\nargument = "{argument}"\n',
            encoding="utf-8",
        )
        return path

    return write


MU = "(sum_t(mu(w, t)*log(pi(w, t)/ref(w, t))) - sum_t(mu(l, t)*log(pi(l, t)/ref(l, t))))"


def texts(values):
    return {name: str(value) for name, value in values.items()}


@pytest.mark.slow
def test_weights_and_data_are_the_same_up_to_multiples(weighted):
    """α(μ-sum) − α δ is 2(μ'-sum) + 3 δ' at μ' = (α/2) μ and δ' = −(α/3) δ; and back at α = 2,
    where μ is μ', with δ = −(3/2) δ'."""
    one = weighted("one", f"alpha*{MU} - alpha*margin", alpha="positive")
    other = weighted("other", f"2*{MU} + 3*gap", margin="gap")
    found = midpo_sym.diff(one, other)
    assert (found.verdict, found.gradient.says) == ("same up to", "same")
    relation = found.closest
    assert relation.changes.names == {"B_mu": "A_mu", "B_gap": "A_margin"}
    assert texts(relation.changes.scales) == {"B_mu": "A_alpha/2", "B_gap": "-(A_alpha/3)"}
    assert texts(relation.back) == {"A_alpha": "2"}
    assert texts(relation.back_scales) == {"B_gap": "-(3/2)"}
    said = Words.of(found).back(relation)
    assert said == "A.α = 2, A.margin = −(3/2)·B.gap"


@pytest.mark.parametrize(
    ("term", "domain"),
    [
        ("- margin", "nonnegative"),  # δ' = −δ is no number that is zero or more
        ("+ u*margin", "real"),  # u may be zero, and then there is no δ left
        ("+ 2*margin", "unit"),  # 2 δ may be above one
    ],
)
def test_a_multiple_keeps_the_domain_both_ways(weighted, term, domain):
    domains = {"u": "nonnegative"} if "u*" in term else {}
    one = weighted("one", f"{MU} + margin", domain=domain)
    other = weighted("other", f"{MU} {term}", domain=domain, **domains)
    assert midpo_sym.diff(one, other).verdict not in ("same", "same up to")


def test_equal_lengths_have_points_of_their_own(loss):
    """At |y_w| = |y_l| = n the λ(|w| − |l|) is gone, and the prior's rewards λ|w| and 0 are not."""
    paths = [
        loss(
            "one", f"{LR} + lam*{LENGTHS}", lam="positive", zeta="ref(y)*exp(-lam*length(y)/alpha)"
        ),
        loss("other", LR),
    ]
    (equal,) = [r for r in midpo_sym.diff(*paths).relations if r.changes.where == "equal lengths"]
    witness = equal.reward.witness
    assert equal.reward.says == "differs"
    assert len({len(witness.models.responses[each]) for each in "wl"}) == 1
