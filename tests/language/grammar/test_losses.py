"""Reading an expression: what is refused, where, and with which cure; nothing is executed.

In a refused case `«` and `»` mark the part of the text that must be named as being at fault.
"""

import ast
import builtins
import time
from pathlib import Path

import pytest
from generators.trees.strategies import (
    ABBREVIATIONS,
    PARAMETERS,
    SCOPE_OF_LOSS,
    SCOPE_OF_PRIOR,
    WEIGHTS,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from midpo_sym.language.errors import LanguageError
from midpo_sym.language.grammar import losses
from midpo_sym.language.grammar.limits import (
    MAX_BRACKETS,
    MAX_DIGITS,
    MAX_EXPONENT,
    MAX_LENGTH,
    MAX_OPERATIONS,
)
from midpo_sym.language.grammar.losses import Definition, Scope, parse
from midpo_sym.language.grammar.numerals import cure_for_decimal

# text with the fault marked, part of the message, part of what is allowed, part of the cure
OF_LOSS = [
    # names
    ("1 + «alhpa»", "unknown name 'alhpa'", "alpha, eta", "did you mean alpha?"),
    ("«qqqqqqqq»", "unknown name", "kl_ref_pi", "declare it under [parameters]"),
    ("«foo»(w)", "unknown name 'foo'", "pi, ref", "declare it"),
    ("c*«t»", "stands only inside a quantity", "pi(y, t)", ""),
    ("«w» + 1", "the response w is not a number", "pi(w)", ""),
    ("2*«log»", "log is called without its argument", "log(a)", ""),
    ("«pi»/2", "pi is called without its argument", "pi(r) or pi(r, t)", ""),
    ("«mu1»", "mu1 is called without its argument", "mu1(r, t)", ""),
    ("«K» - 1", "K is called without its argument", "K(r)", ""),
    ("«alpha(w)»", "the parameter alpha takes no argument", "alpha", ""),
    ("«half(w)»", "half is not called this way", "half", ""),
    # responses and tokens
    ("log(pi(«y»))", "the response y does not exist here", "pi(l), pi(w)", "a loss of w and l"),
    ("pi(«c»)", "pi is taken at a response", "pi(l), pi(w)", "one of these"),
    ("pi(«2»)", "pi is taken at a response", "pi(w)", "one of these"),
    ("«pi()»", "takes a response", "pi(r)", ""),
    ("«pi(w, t, t)»", "takes a response", "pi(r, t)", ""),
    ("pi(w, «c»)", "the second argument of pi is t", "pi(r, t)", ""),
    ("«length(w, t)»", "length is not called this way", "length(r)", ""),
    ("«kl_ref_pi(w)»", "kl_ref_pi is not called this way", "kl_ref_pi(r, t)", ""),
    ("«mu1(w)»", "mu1 is not called this way", "mu1(r, t)", ""),
    ("«K(w, t)»", "K is not called this way", "K(r)", ""),
    ("sum_t(«q(w)»)", "q is not called this way", "q(r, t)", ""),
    ("«log(pi(w, t))»", "outside a sum or product over tokens", "", "wrap it in sum_t"),
    ("«c - q(w, t)»", "outside a sum or product over tokens", "", "prod_t(...)"),
    ("«sum_t(sum_t(mu1(w, t)))»", "inside another one", "one sum", ""),
    ("c + «sum_t(mu1(w, t)*K(w))»", "inside another one", "one sum", ""),
    ("«sum_t(mu1(w, t)*log(pi(w)))»", "a whole response inside", "", "write pi(w, t)"),
    ("«sum_t(mu1(w, t) + mu1(l, t))»", "two responses at once", "exactly one", "one sum for each"),
    ("«sum_t(c)»", "of which response?", "exactly one", "one sum for each"),
    ("prod_t(«mu1(w, t)»)", "positive by its form", "probabilities", ""),
    ("«by_label(1, 2)»", "only where the response is y", "", "where each is meant"),
    # functions
    ("«log(1, 2)»", "log takes 1 argument, not 2", "log(a)", ""),
    ("«max(1)»", "max takes 2 arguments, not 1", "max(a, b)", ""),
    ("«sg()»", "sg takes 1 argument, not 0", "sg(a)", ""),
    ("log(«c»)", "the logarithm needs something that is positive", "exp(...)", ""),
    ("log(«eta»)", "the logarithm needs something that is positive", "positive parameters", ""),
    ("log(«0»)", "the logarithm needs something that is positive", "", ""),
    ("log(«pi(w) - ref(w)»)", "the logarithm needs something that is positive", "", ""),
    ("«exp(a=1)»", "by position", "f(a, b)", ""),
    ("«exp(*c)»", "by position", "f(a, b)", ""),
    ("«exp(**c)»", "by position", "f(a, b)", ""),
    # numbers
    ("«0.1»*c", "a decimal number is not exact", "quotients", "fraction 1/10"),
    ("c - «.25»", "a decimal number is not exact", "quotients", "fraction 1/4"),
    ("«2.50»", "a decimal number is not exact", "quotients", "fraction 5/2"),
    ("«1e-3»", "a decimal number is not exact", "quotients", "fraction 1/1000"),
    ("«1e400»", "a decimal number is not exact", "quotients", "such as 1/10"),
    ("«1e9999999»", "a decimal number is not exact", "quotients", "such as 1/10"),
    ("«1j»", "no imaginary numbers", "whole numbers", "write 1"),
    ("«0x10»", "in decimal digits", "whole numbers", "write 16"),
    ("«0b1»*c", "in decimal digits", "whole numbers", "write 1"),
    ("c/«0o17»", "in decimal digits", "whole numbers", "write 15"),
    ("«1_000»", "without _ between", "whole numbers", "write 1000"),
    ("«007»", "needless zero", "whole numbers", "write 7"),
    ("«1e3»", "a decimal number is not exact", "quotients", "whole number 1000"),
    ("«2alpha»", "side by side", "whole numbers", "write 2*alpha"),
    ("c/«2alpha»", "side by side", "whole numbers", "write (2*alpha)"),
    ("«1if» c else c", "in digits only", "whole numbers", ""),
    ("«0xg»", "in digits only", "whole numbers", ""),
    ("«True»", "a truth value is not part", "whole numbers", "write 1"),
    ("«None»", "an empty value is not part", "whole numbers", "what is meant"),
    ("«...»", "an omission is not part", "whole numbers", "what is meant"),
    ("«'a'»", "text in quotes is not part", "whole numbers", "take the quotes away"),
    ("«b'a'»", "text in quotes is not part", "whole numbers", "take the quotes away"),
    ("1 + «1000000000000000000»", "the number is too long", f"{MAX_DIGITS} digits", ""),
    ("«9**64*9**64*9**64*9**64*9**64*9**64»", "the number is too long", "1024 bits", ""),
    # division by zero, and powers
    ("c/«0»", "division by zero", "", ""),
    ("1/(«1-1»)", "division by zero", "", ""),
    ("1/(«-0»)", "division by zero", "", ""),
    ("1/(«0*c»)", "division by zero", "", ""),
    ("1/(«2/3 - 4/6»)", "division by zero", "", ""),
    ("«0**-1»", "division by zero", "", ""),
    ("(«(1 - 1)**(-2)»)", "division by zero", "", ""),
    ("9**«9**9»", "the exponent is too large", f"-{MAX_EXPONENT} to {MAX_EXPONENT}", ""),
    ("2**«65»", "the exponent is too large", f"{MAX_EXPONENT}", ""),
    ("alpha**«-65»", "the exponent is too large", f"-{MAX_EXPONENT}", ""),
    ("(«(9**64)**64»)", "the number is too long", "1024 bits", ""),
    ("«c**(1/2)»", "may be negative or zero", "positive base", "domain of c as positive"),
    ("«eta**c»", "may be negative or zero", "positive base", "domain of eta as positive"),
    # Python that is no mathematics
    ("«().__class__»", "a name behind a dot is not part", "numbers, names, calls", ""),
    ("«alpha.real»", "a name behind a dot is not part", "numbers, names, calls", ""),
    (
        "«__import__('os').system»('touch canary')",
        "a name behind a dot cannot be called",
        "words",
        "",
    ),
    ("«__import__»('os')", "unknown name '__import__'", "", ""),
    ("«eval»('1')", "unknown name 'eval'", "", ""),
    ("«exec»", "unknown name 'exec'", "", ""),
    (
        "(«lambda: 1»)()",
        "a function made by `lambda` cannot be called",
        "words of the language",
        "",
    ),
    ("«log(1)»(2)", "a call cannot be called", "words of the language", ""),
    ("«c[0]»", "an index in square brackets is not part", "numbers, names, calls", ""),
    ("«[c]»", "a list in square brackets is not part", "numbers, names, calls", "write c"),
    ("«(c, c)»", "a list with commas is not part", "numbers, names, calls", "write one expression"),
    ("«{c}»", "a list in braces is not part", "numbers, names, calls", "write c"),
    ("«{c: c}»", "a list in braces is not part", "numbers, names, calls", ""),
    ("«[c for c in c]»", "a list made by `for` is not part", "numbers, names, calls", ""),
    ("«(c for c in c)»", "a list made by `for` is not part", "numbers, names, calls", ""),
    ("«lambda: c»", "a function made by `lambda` is not part", "numbers, names, calls", ""),
    ("(«c := 1»)", "an assignment is not part", "numbers, names, calls", "under [definitions]"),
    ("«c if c else c»", "a choice by `if` is not part", "numbers, names, calls", "write max(a, b)"),
    ("«c < 1»", "a comparison is not part", "numbers, names, calls", "write one side only"),
    ("«c and c»", "the operator and is not part", "numbers, names, calls", "in two places"),
    ("«not c»", "the operator not is not part", "numbers, names, calls", ""),
    ("«+c»", "the operator + is not part", "numbers, names, calls", "write c"),
    ("«~c»", "the operator ~ is not part", "numbers, names, calls", ""),
    ("«f'{c}'»", "text in quotes is not part", "numbers, names, calls", "take the quotes away"),
    ("c «^» 2", "the operator ^ is not part", "+ - * / **", "write a power as a**b"),
    ("«c // 2»", "the operator // is not part", "+ - * / **", "write c/2"),
    ("«c % 2»", "the operator % is not part", "+ - * / **", "with these alone"),
    ("«c @ c»", "the operator @ is not part", "+ - * / **", "write c*c"),
    ("«c << 9»", "the operator << is not part", "+ - * / **", "with these alone"),
    # text that is no expression
    ("«»", "the expression is empty", "", ""),
    ("« »  ", "the expression is empty", "", ""),
    ("c +« »", "not an expression", "", ""),
    ("c«;» c", "not an expression", "numbers, names", ""),
    ("c «=» 1", "not an expression", "numbers, names", ""),
    ("log«(»c", "never closed", "numbers, names", ""),
    ("c«)»", "unmatched ')'", "numbers, names", ""),
    ("«i»mport os", "not an expression", "numbers, names", ""),
    ("c «# comment»", "a comment is not part", "", "outside the quotes"),
    ("c «# swallowed\n + alpha»", "a comment is not part", "", "outside the quotes"),
    ("c +«\0» 1", r"the character '\x00'", "letters, digits", "take it out"),
    ("«α»*c", "the character 'α'", "letters, digits", "write alpha"),
    ("«а»lpha", "the character 'а'", "letters, digits", "take it out"),  # Cyrillic а
    ("«ℯ»xp(c)", "the character 'ℯ'", "letters, digits", ""),  # NFKC makes it e
    ("c «−» 1", "the character '−'", "letters, digits", "write -"),
    ("«\ufeff»c", r"the character '\ufeff'", "letters, digits", ""),
    ("c«\x0b»", r"the character '\x0b'", "letters, digits", ""),
]
OF_PRIOR = [
    ("ref(«w»)", "the response w does not exist here", "ref(y)", "a prior and definitions of y"),
    ("K(«l»)*pi(y)", "the response l does not exist here", "K(y)", "a prior and definitions of y"),
    ("ref(y)*exp(«pair»)", "pair speaks of the response l", "", "a prior and definitions of y"),
    ("«x»", "unknown name 'x'", "", ""),
]
TOO_LARGE = [
    "(" * (MAX_BRACKETS + 1) + "1" + ")" * (MAX_BRACKETS + 1),
    "(" * 2_000,
    "-" * 3_999 + "1",
    "+".join("1" * 1_999),
    "**".join(["c"] * 1_300),
    "exp(" * MAX_BRACKETS + "c" + ")" * MAX_BRACKETS,
    "-" * MAX_BRACKETS + "c",
    "+".join(["c"] * (MAX_OPERATIONS + 1)),
    "*".join(["(c + c + c + c + c + c + c + c)"] * 120),
    "d7(w) + d7(l)",
    "**".join(["d5(w)"] * 140),
    "max(d6(w), max(d6(l), d6(w)))",
]
DOUBLING = {"d0": Definition("y", ABBREVIATIONS["K"].body)}
for _n in range(1, 8):  # d1 = exp(d0 + d0), d2 = exp(d1 + d1) and so on: d7 has 128 leaves
    _before = Scope(frozenset("y"), definitions=dict(DOUBLING))
    DOUBLING[f"d{_n}"] = Definition("y", parse(f"exp(d{_n - 1}(y) + d{_n - 1}(y))", _before))

PAIR = {"pair": Definition("", parse("log(pi(l)/pi(w))", Scope(frozenset("wl"))))}
LOSS = Scope(frozenset("wl"), PARAMETERS, WEIGHTS, {**ABBREVIATIONS, **PAIR, **DOUBLING})
PRIOR = Scope(frozenset("y"), PARAMETERS, WEIGHTS, {**ABBREVIATIONS, **PAIR})


def refused(text: str, scope: Scope) -> LanguageError:
    """Return the error of a text; nothing but a `LanguageError` may come."""
    with pytest.raises(LanguageError) as caught:
        parse(text, scope)
    return caught.value


@pytest.mark.parametrize(
    ("marked", "message", "allowed", "cure", "scope"),
    [
        *(pytest.param(*case, LOSS, id=ascii(case[0])) for case in OF_LOSS),
        *(pytest.param(*case, PRIOR, id=ascii(case[0])) for case in OF_PRIOR),
    ],
)
def test_a_wrong_expression_is_refused_at_its_fault(marked, message, allowed, cure, scope):
    """The error names the rule, the marked part, what is allowed, and the cure."""
    text = marked.replace("«", "").replace("»", "")
    error = refused(text, scope)
    assert message in error.message
    assert error.offset == marked.index("«")
    assert error.length == max(1, marked.index("»") - marked.index("«") - 1)
    assert allowed in error.advice.allowed
    assert cure in error.advice.cure
    assert bool(cure) <= bool(error.advice.cure)


@pytest.mark.slow
@pytest.mark.parametrize("text", TOO_LARGE, ids=lambda text: f"{text[:12]}x{len(text)}")
def test_a_hostile_expression_is_refused_as_too_large(text):
    """Nesting, long chains and definitions that double at each step have one answer."""
    error = refused(text, LOSS)
    assert "too deep or too long" in error.message or "characters" in error.message
    assert "at most" in error.advice.allowed


def test_a_long_text_is_refused_before_it_is_read():
    """The limit on characters holds for what Python's parser never gets to see."""
    assert "4,001 characters" in refused("1" * (MAX_LENGTH + 1), LOSS).message


@pytest.mark.parametrize(
    "text",
    [
        *(case[0].replace("«", "").replace("»", "") for case in OF_LOSS),
        *TOO_LARGE,
        "x" * MAX_LENGTH,
        "+".join(["(1/3 + 1/7*1/9)**2"] * 140),
        "*".join(["9**64"] * 600),
    ],
    ids=lambda text: f"{text[:16]!a}x{len(text)}",
)
def test_a_refusal_is_quick(text):
    """A hostile text must not hang a reader: a refusal takes under 0.2 s, the best of a few."""
    best = 1.0
    for _ in range(5):
        start = time.process_time()
        refused(text, LOSS)
        best = min(best, time.process_time() - start)
        if best < 0.2:
            break
    assert best < 0.2


def error_of(text: str, scope: Scope) -> LanguageError | None:
    """Return the error of a text, or None if it is an expression; no other exception may come."""
    try:
        parse(text, scope)
    except LanguageError as error:
        return error
    return None


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(st.text(max_size=60) | st.text("piref(wl,t)*/+-. 0123logsum_t#'\"[]:=", max_size=60))
def test_random_text_is_an_expression_or_a_language_error(text):
    """No other exception gets out, and the place is inside the text."""
    error = error_of(text, LOSS)
    assert error is None or (0 <= error.offset <= len(text) and error.length >= 1)


_SPELLINGS = "pi ref log exp sum_t prod_t max sg by_label w l y t ( ) ( ) , + - * / ** 0 1 2 c q K"


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from([*_SPELLINGS.split(), "alpha", "mu1", "half"]), max_size=20))
def test_random_words_are_an_expression_or_a_language_error(words):
    """The same for texts that are nearly right."""
    for scope in (SCOPE_OF_LOSS, SCOPE_OF_PRIOR):
        error = error_of(" ".join(words), scope)
        assert error is None or error.message


def test_nothing_is_executed(monkeypatch, tmp_path):
    """`eval` and `exec` are never reached, and `compile` only to build a syntax tree.

    The texts would create a file if any part of them ran.
    """
    real = builtins.compile
    flags_seen = []

    def watched(source, filename, mode, flags=0, *rest, **named):
        flags_seen.append(flags)
        return real(source, filename, mode, flags, *rest, **named)

    def forbidden(*_, **__):
        raise AssertionError("executed")

    canary = tmp_path / "canary"
    monkeypatch.setattr(builtins, "compile", watched)
    monkeypatch.setattr(builtins, "eval", forbidden)
    monkeypatch.setattr(builtins, "exec", forbidden)
    for text in (
        f"__import__('os').system('touch {canary}')",
        f"open('{canary}', 'w')",
        f"[open('{canary}', 'w') for c in (1,)]",
        f"f'{{open({str(canary)!r}, chr(119))}}'",
        f"exp(open('{canary}', 'w'))",
    ):
        refused(text, LOSS)
    parse("exp(c)", LOSS)
    assert not canary.exists()
    assert len(flags_seen) == 6
    assert all(flags & ast.PyCF_ONLY_AST for flags in flags_seen)


def test_the_parser_names_no_way_to_execute():
    """The module calls `ast.parse` and none of the built-in functions that run a text."""
    syntax = ast.parse(Path(losses.__file__).read_text(encoding="utf-8"))
    names = {node.id for node in ast.walk(syntax) if isinstance(node, ast.Name)}
    assert "LanguageError" in names
    assert not names & {"eval", "exec", "compile", "__import__", "getattr", "globals"}


@pytest.mark.parametrize(
    ("value", "fraction"),
    [(0.1, "1/10"), (0.0, "0"), (1.5, "3/2"), (-2.5, "-5/2"), (1e-12, "1/1000000000000")],
)
def test_the_fraction_that_was_meant(value, fraction):
    """A decimal stands for the digits that were written, not for the nearest binary number."""
    what = "fraction" if "/" in fraction else "whole number"
    assert cure_for_decimal(value) == f"write the exact {what} {fraction}"


@pytest.mark.parametrize("value", [1e300, -1e300, 1e-300, float("inf"), float("nan")])
def test_an_odd_decimal_has_no_fraction_worth_printing(value):
    """An example stands in for a fraction of hundreds of digits, or for none."""
    assert cure_for_decimal(value) == "write an exact fraction, such as 1/10"


def test_an_error_says_everything_on_one_line():
    """Read, allowed and cure follow the message."""
    assert str(refused("0.1", LOSS)) == (
        "a decimal number is not exact; read: 0.1; allowed: whole numbers and their quotients; "
        "cure: write the exact fraction 1/10"
    )
