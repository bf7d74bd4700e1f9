"""Every entry of the audit: its verdict, its residual, its witness, its repair."""

import re
import shutil

import mpmath
import pytest
from oracles.trees.finite import compare, evaluate

from midpo_sym import prior_on_graph
from midpo_sym.chains.audit import audit_entries, check_entry
from midpo_sym.chains.chain import hypotheses_of
from midpo_sym.spec import library
from midpo_sym.spec.reading.theory import loads_audit

ENTRIES = audit_entries(library.audits())
RESULTS = {}


def result_of(name):
    if name not in RESULTS:
        RESULTS[name] = check_entry(*ENTRIES[name])
    return RESULTS[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", ENTRIES)
def test_entry_is_as_expected(name):
    entry, _ = ENTRIES[name]
    result = result_of(name)
    assert result.judgement.status == entry.status, result.judgement.because
    assert result.as_expected
    assert result.judgement.because


@pytest.mark.parametrize("name", ENTRIES)
def test_numbers_say_the_same(name):
    """Equations and bounds, printed or repaired, tried by the independent evaluation."""
    entry, setting = ENTRIES[name]
    repair = entry.repair.evidence.relation if entry.repair else None
    status = "refuted" if entry.evidence.negated else entry.status
    wanted = {"proved": True, "refuted": entry.evidence.negated}.get(status, True)
    for relation, holds in ((entry.evidence.relation, wanted), (repair, True)):
        if relation is None:
            continue
        assumptions = [setting.assumptions[each] for each in relation.using]
        equal, at_most = compare(relation.left, relation.right, assumptions, seeds=range(6))
        assert (equal if relation.sign == "=" else at_most) == holds


WITNESSED = [n for n, (e, _) in ENTRIES.items() if e.evidence.relation and e.status == "refuted"]


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in WITNESSED if not ENTRIES[n][0].evidence.negated])
def test_a_witness_shows_what_it_says(name):
    """The finite problem of the witness, evaluated anew: its numbers, and its hypotheses."""
    entry, setting = ENTRIES[name]
    sides = result_of(name).judgement.sides
    relation = entry.evidence.relation

    bodies = {h.function.name: h for h in sides.problem.given if h.body is not None}

    class Replay:
        sizes = sides.problem.sizes
        moved = ()

        def number(self, key, _):
            value = sides.problem.parameters[key]
            return mpmath.mpf(value.numerator) / value.denominator

        def function(self, node, at):
            if node.name in bodies:
                known = bodies[node.name]
                env = dict(zip(known.function.indices, at, strict=True))
                return evaluate(known.body, self, env)
            value = sides.problem.values[node.name, at]
            return mpmath.mpf(value.numerator) / value.denominator

    left, right = (
        evaluate(side, Replay(), dict(sides.env)) for side in (relation.left, relation.right)
    )
    assert mpmath.almosteq(left, mpmath.mpf(sides.left.mid), 1e-9)
    assert mpmath.almosteq(right, mpmath.mpf(sides.right.mid), 1e-9)
    assert left - right > 1e-6 if relation.sign == "<=" else abs(left - right) > 1e-6
    for hypothesis in hypotheses_of(relation.using, setting):
        if hypothesis.over:
            values = {
                k: v for k, v in sides.problem.values.items() if k[0] == hypothesis.function.name
            }
            places = [hypothesis.function.indices.index(each) for each in hypothesis.over]
            rows = {}
            for (_, at), value in values.items():
                row = tuple(e for k, e in enumerate(at) if k not in places)
                rows[row] = rows.get(row, 0) + value
            assert set(rows.values()) == {1}


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_is_fair(name):
    """What is not right as printed says what is meant; each slip has a kind and a repair, once."""
    entry, _ = ENTRIES[name]
    if entry.status == "proved":
        assert not entry.category
    elif not entry.evidence.same:
        assert entry.meant
    assert bool(entry.repair) == bool(entry.category)
    if entry.status == "refuted":
        assert bool(entry.category) != bool(entry.evidence.same)
    assert entry.why.endswith(".")
    assert entry.says.endswith(".")


def test_residuals_are_given_where_there_are_words():
    """2γ/α for the flipped pair, the lost ζ for the dual."""
    given = {name: str(e.residual) for name, (e, _) in ENTRIES.items() if e.residual is not None}
    assert given["simpo-assumption-sufficient"] == "-2*gamma/alpha"
    assert set(given) == {"simpo-assumption-sufficient", "dual-substituted"}


def mutant(text, old, new, path):
    assert text.count(old) == 1
    return loads_audit(text.replace(old, new), path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "name", "old", "new"),
    [
        # A true statement made false, a false one made true, a residual and a repair made wrong.
        ("section_2", "normaliser-section-2", 'right  = "1"', 'right  = "2"'),
        (
            "section_2",
            "reward-section-2",
            'right  = "beta*log(printed(x, y)/ref(x, y)) + beta*log(Z(x))"',
            'right  = "beta*log(printed(x, y)/ref(x, y)) - beta*log(Z(x))"',
        ),
        ("section_4", "simpo-assumption-sufficient", '"-2*gamma/alpha"', '"-gamma/alpha"'),
        (
            "appendix_b",
            "appendix-tdpo-difference",
            "alpha*(K(y2) - K(y1))",
            "alpha*(K(y1) - K(y2))",
        ),
        ("appendix_b", "appendix-tis-dpo-reward", '"-alpha*S + alpha*sum', '"alpha*S + alpha*sum'),
        (
            "appendix_b",
            "appendix-sparsepo-second-form",
            'whole = { is = "exp(sum(i, log(tok(i))))"',
            'whole = { is = "exp(sum(i, log(tref(i))))"',
        ),
        # A repair made wrong, and equal values no longer denied.
        (
            "section_4",
            "token-probabilities-sparsepo",
            'claim = "sparsepo/with-log-sigmoid"\n\n',
            'claim = "sparsepo/as-printed"\n\n',
        ),
        ("section_5", "better-than-existing", "(c(b)*zeta_w(i))", "(zeta_w(i))"),
        (
            "appendix_a",
            "dual-substituted",
            "sum(y, e(x, y)*(beta",
            "sum(y, zeta(x, y)*e(x, y)*(beta",
        ),
        (
            "section_5",
            "typically-fixed",
            '"dpo, centropy, simpo, r_dpo, tdpo, tis_dpo, sparsepo"',
            '"dpo, r_dpo"',
        ),
        (
            "section_4",
            "simpo-assumption-necessary",
            'negated  = true\nstatus   = "refuted"\ncategory = "overstatement"\nwhy      = "On',
            'status   = "refuted"\ncategory = "overstatement"\nwhy      = "On',
        ),
    ],
)
def test_a_wrong_entry_is_noticed(file, name, old, new):
    (audit,) = [each for each in library.audits() if each.setting.id == file]
    changed = mutant(audit.setting.text, old, new, audit.setting.path)
    (entry,) = [each for each in changed.entries if each.id == name]
    assert not check_entry(entry, changed.setting).as_expected


def test_ids_are_permanent_words():
    for name in ENTRIES:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)


@pytest.mark.slow
def test_simpo_s_assumption_is_decided_on_graphs_alike():
    """Each pair asks for log ζ(winner) − log ζ(loser) = 1, in units of γ/α.

    The chain y1 > y2 > y3 has the ranks 0, −1, −2. The flipped pair asks for two differences that
    add up to 0 and to 2, which is the residual of its entry, −2γ/α, with the sign of left − right.
    """
    chain = prior_on_graph([("y1", "y2"), ("y2", "y3")], [1, 1])
    ranks = chain.log_zeta
    assert [ranks["y1"] - ranks["y2"], ranks["y2"] - ranks["y3"]] == [1, 1]
    assert result_of("simpo-assumption-necessary").judgement.status == "refuted"
    flipped = prior_on_graph([("y1", "y2"), ("y2", "y1")], [1, 1])
    assert flipped.log_zeta is None
    assert abs(flipped.total) == 2
    assert result_of("simpo-assumption-sufficient").judgement.status == "refuted"


@pytest.mark.slow
def test_an_edit_of_a_specification_is_judged_in_the_same_process(tmp_path, monkeypatch):
    """With π_ref π for π_ref, MI-DPO is no longer DPO: what rested on that claim is refuted."""
    folder = tmp_path / "derivations"
    shutil.copytree(library.directory(), folder)
    monkeypatch.setattr(library, "directory", lambda: folder)
    entry, setting = audit_entries(library.read_audits(folder))["dpo-alpha-one"]
    assert check_entry(entry, setting).judgement.status == "proved"
    path = folder / "dpo.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"ref(y)"', '"pi(y)*ref(y)"'), encoding="utf-8")
    assert check_entry(entry, setting).judgement.status == "refuted"
    path.write_text(text, encoding="utf-8")
    assert check_entry(entry, setting).judgement.status == "proved"


def test_an_edit_of_the_theory_is_read_in_the_same_process(tmp_path, monkeypatch):
    folder = tmp_path / "derivations"
    shutil.copytree(library.directory(), folder)
    monkeypatch.setattr(library, "directory", lambda: folder)
    known = {each.setting.id: each.setting.title for each in library.theories()}
    path = folder / "theory/lemma_1.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(known["lemma_1"], "Lemma one"), encoding="utf-8")
    assert {each.setting.title for each in library.theories()} == {
        "Lemma one" if id_ == "lemma_1" else title for id_, title in known.items()
    }
