r"""Symbols: what the whitelist lets through, what it refuses, and which of them look alike."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from midpo_sym.language.printing.names import default_symbol
from midpo_sym.language.printing.printer import Symbol
from midpo_sym.language.printing.symbols import (
    CONTROL_WORDS,
    MAX_SYMBOL,
    NOT_SYMBOLS,
    NOT_SYMBOLS_OF_THEORY,
    SymbolError,
    clash,
    fold_latex,
    fold_unicode,
)

# a symbol in LaTeX, in Unicode, and what a person would call it
SAME = [
    (r"\alpha", "α", "α"),
    ("c", "c", "c"),
    (r"\mu_{1}", "μ₁", "μ1"),
    (r"\mu_1", "μ_1", "μ1"),
    (r"\mathrm{eps}", "eps", "eps"),
    (r"\nu_1", "ν₁", "v1"),  # no reader tells ν from v for certain
    (r"\text{eps}", "eps", "eps"),
    (r"\varepsilon", "ε", "ε"),
    (r"\tilde{\alpha}", "α̃", "α̃"),
    (r"\tilde \alpha", "α̃", "α̃"),
    (r"\hat Z", "Ẑ", "Ẑ"),
    (r"D_{\mathrm{SeqKL}}", "D_SeqKL", "DSeqKL"),
    (r"u_{\mu_1}", "u_μ₁", "uμ1"),
    (r"\pi^*", "π*", "π*"),
    (r"\pi^{\star}", "π*", "π*"),
    ("c'", "c′", "c′"),
    (r"c^\prime", "c′", "c′"),
    (r"\hat{\pi}_{\mathrm{ref}}", "π̂_ref", "π̂ref"),
    (r"\mathcal{J}_{\text{method}}", "J_method", "Jmethod"),
]

WRONG_LATEX = [
    r"\input{/etc/passwd}",
    r"\def\alpha{\beta}",
    r"\pi(y\mid x)",
    r"\pi_{\mathrm{ref}}(y_w)",
    r"\alpha\beta",
    "ab",
    "2",
    "2a",
    "c^2",
    "c^{n}",
    r"c^{\mathrm{margin}}",
    "c_1_2",
    "c^*^*",
    r"\hat{ab}",
    r"\hat{}",
    r"\mathrm{}",
    r"\mathrm{a b}",
    r"\mathrm{\pi}",
    r"\text{$x$}",
    "c_{}",
    "c_",
    "{c}",
    "c}",
    "{c",
    " c",
    "c ",
    r"\ ",
    r"\,c",
    r"c\!",
    r"\hspace{-1em}c",
    r"\phantom{c}",
    r"\color{white}c",
    r"\rotatebox{180}{c}",
    r"\frac{a}{b}",
    r"\log",
    r"-\alpha",
    "%c",
    "c%",
    "$c$",
    "#1",
    "~c",
    "^^41",
    "α",
    "c\\",
    "",
    "_1",
    "c\u202e",
    "u_{v_{w_1}}",
    "c" * (MAX_SYMBOL + 1),
]
WRONG_UNICODE = [
    "π(y)",
    "log π(y_w)",
    "logπ",
    "αβ",
    "αx",
    "a·b",
    "−a",
    "a+b",
    "a/b",
    "|y|",
    "1",
    "²",
    "c²",
    "a b",
    " a",
    "",
    "а",  # Cyrillic
    "Α",  # a capital alpha, which is no different from A
    "a\u200b",  # zero width
    "a\u202e",  # right to left
    "\u2066a",
    "a\u0301\u0302\u0303",
    "a\N{COMBINING LONG SOLIDUS OVERLAY}",
    "a\N{COMBINING ENCLOSING CIRCLE}",
    "α\u0303\u0303",
    "A\u030a",  # not composed: Å is one character
    "<b>",
    "𝒜",
    "ﬁ",
    "a\n",
    "Σ_t x",
    "\ue000",
]


@pytest.mark.parametrize(("latex", "unicode", "plain"), SAME)
def test_both_notations_of_a_symbol_have_one_plain_spelling(latex, unicode, plain):
    """So a symbol can be compared with another one whichever notation either is written in."""
    wanted = unicodedata.normalize("NFKC", plain)
    assert fold_latex(latex) == wanted
    assert fold_unicode(unicodedata.normalize("NFC", unicode)) == wanted


@pytest.mark.parametrize("latex", WRONG_LATEX, ids=ascii)
def test_other_latex_is_refused(latex):
    """Commands outside the list, several symbols, powers, spaces, braces without a partner."""
    with pytest.raises(SymbolError):
        fold_latex(latex)


@pytest.mark.parametrize("text", WRONG_UNICODE, ids=ascii)
def test_other_unicode_is_refused(text):
    """Brackets, operators, several symbols, powers, other alphabets, what cannot be seen."""
    with pytest.raises(SymbolError):
        fold_unicode(text)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(st.text(r"\abπ{}_^* 1'|,", max_size=14) | st.text(max_size=8))
def test_any_text_is_a_symbol_or_a_symbol_error(text):
    """No other exception gets out, and what is let through holds listed commands only."""
    for fold in (fold_latex, fold_unicode):
        try:
            plain = fold(text)
        except SymbolError:
            continue
        assert plain
        assert plain.isprintable()
        commands = text.split("\\")[1:] if fold is fold_latex else []
        letters = ["".join(c for c in each if c.isalpha() and c.isascii()) for each in commands]
        assert all(any(each.startswith(word) for word in CONTROL_WORDS) for each in letters if each)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.from_regex("[A-Za-z][A-Za-z0-9_]{0,39}", fullmatch=True))
def test_every_name_has_a_symbol_of_its_own_making(name):
    """The symbol of a name that declares none passes, and reads the same in both notations."""
    symbol = default_symbol(name)
    assert fold_latex(symbol.latex) == fold_unicode(symbol.unicode)


def declared(**symbols: Symbol) -> dict[str, tuple[Symbol, Symbol]]:
    return {name: (symbol, default_symbol(name)) for name, symbol in symbols.items()}


GAMMA = Symbol(r"\gamma", "γ")


@pytest.mark.parametrize(
    ("symbols", "name", "what"),
    [
        ({"z1": GAMMA, "z2": GAMMA}, "z2", "z1"),
        ({"z1": GAMMA, "z2": Symbol(r"\gamma", "z2")}, "z2", "z1"),
        ({"z1": GAMMA, "z2": Symbol("z", "γ")}, "z2", "z1"),
        ({"z1": GAMMA, "gamma": Symbol("g", "g")}, "z1", "gamma"),
        ({"mu1": default_symbol("mu1"), "mu_1": default_symbol("mu_1")}, "mu_1", "mu1"),
        ({"k": Symbol(r"\mathrm{alpha}", "k"), "alpha": default_symbol("alpha")}, "k", "alpha"),
        ({"k": Symbol(r"\pi", "k")}, "k", "the policy"),
        ({"k": Symbol("k", "π_ref")}, "k", "the reference policy"),
        ({"k": Symbol(r"y_w", "k")}, "k", "the chosen response"),
        ({"k": Symbol(r"\zeta", "ζ")}, "k", "the prior"),
        ({"sigma": default_symbol("sigma")}, "sigma", "the logistic function"),
        ({"Z": default_symbol("Z")}, "Z", "the normaliser"),
        ({"KL": default_symbol("KL")}, "KL", "a divergence"),
        ({"k": Symbol(r"\Sigma", "k")}, "k", "a sum"),
        ({"k": Symbol("k", "log")}, "k", "the word log"),
        ({"k": Symbol(r"\mathrm{log\_pi}", "k")}, "k", "a function"),
        ({"pi_": default_symbol("pi_")}, "pi_", "the word pi"),
    ],
)
def test_what_looks_like_something_else_is_found(symbols, name, what):
    """Another name's symbol, in either notation, its default, a word, or a built-in symbol."""
    found = clash(declared(**symbols), NOT_SYMBOLS)
    assert found is not None
    assert found[0] == name
    assert what in found[1]


@pytest.mark.parametrize(
    "symbols",
    [
        {"z1": GAMMA, "z2": Symbol(r"\tilde{\gamma}", "γ̃")},
        {"mu1": default_symbol("mu1"), "mu": default_symbol("mu"), "mu12": default_symbol("mu12")},
        {"k": default_symbol("k"), "K": default_symbol("K")},
        {"alpha": Symbol(r"\beta", "β"), "gamma": GAMMA},
        {"my_pi": default_symbol("my_pi"), "my_t": default_symbol("my_t")},
    ],
)
def test_different_symbols_are_let_through(symbols):
    """An accent, an index or a capital letter is difference enough."""
    assert clash(declared(**symbols), NOT_SYMBOLS) is None


def test_the_theory_declares_the_policy_itself_and_not_an_index():
    """There π is a function of the file, and y1 is what an index prints."""
    assert clash(declared(pi=Symbol(r"\pi", "π")), NOT_SYMBOLS_OF_THEORY) is None
    found = clash(declared(k=Symbol("y_1", "k")), NOT_SYMBOLS_OF_THEORY)
    assert found == ("k", "the index y1")
