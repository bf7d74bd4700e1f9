"""Free text and names can break out of nothing."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midpo_sym.prover.prove import prove_derivation
from midpo_sym.spec.errors import SpecError
from midpo_sym.spec.reading.losses import loads
from midpo_sym.targets.coq import names
from midpo_sym.targets.coq.bundle import bundle
from midpo_sym.targets.coq.emit import Kind, emit

NASTY = [
    "*) Axiom cheat : False. (*",
    '" *) Axiom cheat : False. (* "',
    "(* (* never closed",
    "(\\*",
    "*\n)",
    "∗） ℕ \u202e \u0000 \x1b[31m",
    "(*)",
    "((**))",
    "Qed. Abort All. Admitted.",
]


@pytest.mark.parametrize("text", NASTY)
def test_a_comment_begins_and_ends_where_it_should(text):
    check_comment(names.comment(text))


@pytest.mark.slow
@given(st.text(st.characters() | st.sampled_from("(*)\"'\\\n")))
def test_any_text_makes_one_comment(text):
    check_comment(names.comment(text))


def check_comment(comment):
    """One opening at the start, one closing at the end, no string in it, one line of ASCII."""
    assert comment.isascii()
    assert comment.isprintable()
    assert comment.startswith("(* ")
    assert comment.endswith(" *)")
    inner = comment[3:-3]
    assert "(*" not in inner
    assert "*)" not in inner
    assert '"' not in inner
    # No character of the inner text joins with those of the marks: `(* *) *)`, `(* (*)`.
    assert "(*" not in comment[1:]
    assert "*)" not in comment[:-1]


def test_a_long_text_is_cut():
    assert len(names.comment("a" * 10_000)) < 200


def test_nasty_names_are_identifiers_and_stay_different():
    """Letters, digits, `_` and `'` after a prefix: never a keyword, never another's name."""
    texts = [*NASTY, "a", "A", "a_", "a'", "a''", "é", "e", "forall", "\ud800", "_", "__"]
    found = [names.parameter(each) for each in texts]
    assert len(set(found)) == len(texts)
    assert all(re.fullmatch(r"p_[A-Za-z0-9_']+", each) for each in found)


@pytest.mark.slow
@given(st.lists(st.text(min_size=1), min_size=2, max_size=2, unique=True))
def test_names_are_identifiers_and_stay_different(pair):
    """So it is with any two texts."""
    one, other = (names.parameter(each) for each in pair)
    assert one != other
    for each in (one, other):
        assert re.fullmatch(r"p_[A-Za-z0-9_']+", each)


def test_a_name_of_another_kind_is_another_name():
    assert len({names.parameter("a"), names.weight("a"), names.model("a")}) == 3


@pytest.mark.slow
@given(st.lists(st.from_regex(r"[a-z0-9_-]+", fullmatch=True), min_size=2, max_size=2, unique=True))
def test_claims_have_files_of_their_own(pair):
    """Coq wants an identifier for a name of a file, and claims are spelled with hyphens."""
    one, other = (names.file_stem(each) for each in pair)
    assert one != other
    assert re.fullmatch(r"[a-z][A-Za-z0-9_']*", one)


# Words of Coq, and of the library, as names of parameters and weights.
WORDS = ("forall", "fun", "Prop", "match", "let", "ln", "exp", "seq", "D", "V", "Z", "zeta", "m_pi")
SPEC = r"""
title = "*) Axiom cheat : False. (*"
name = "\" *) Axiom cheat : False. (*"
summary = "Ends a comment: *) Axiom cheat : False."
notes = '(* *) Admitted. ∀ ζ'
[parameters]
{parameters}
alpha = {{ domain = "positive", meaning = "*) Axiom cheat : False. (*" }}
[weights]
forall_t = {{ domain = "positive", meaning = "(*" }}
[prior]
zeta = "ref(y)/exp({product}*sum_t(forall_t(y, t)))"
[loss]
argument = '''alpha*log(pi(w)/ref(w)) - alpha*log(pi(l)/ref(l))
    + alpha*{product}*(sum_t(forall_t(w, t)) - sum_t(forall_t(l, t)))'''
[[claim]]
id = "a-b"
work = "*) Axiom cheat : False. (*"
place = "(*"
status = "proved"
note = "*) Axiom cheat : False. (*"
"""


def test_words_of_coq_as_names_are_certified(workshop):
    """The certificate of a specification full of them is accepted, with the usual axioms.

    Each word that the language of specifications takes as a name is one.
    """
    words = [each for each in WORDS if accepted(each)]
    assert {"forall", "fun", "match", "let", "seq"} <= set(words)
    (certificate,) = map(emit, prove_derivation(loads(spec(words), "own.toml")))
    assert "cheat" not in certificate.text
    check = workshop.check(bundle([(certificate, Kind.PROOF)]))
    assert check.sound, check.message


def spec(words):
    rows = "\n".join(f'{each} = {{ domain = "real", meaning = "(*" }}' for each in words)
    return SPEC.format(parameters=rows, product="*".join(words))


def accepted(word) -> bool:
    try:
        loads(spec([word]), "own.toml")
    except SpecError:
        return False
    return True
