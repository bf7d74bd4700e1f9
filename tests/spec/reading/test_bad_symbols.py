"""Files that are refused for a symbol, or for a text that is more than text where it is shown."""

import pytest
from oracles.spec.bad_files import GOOD, assert_refused, edited, ids, refused

from midpo_sym.spec import loads

PARAMETER = 'gamma = { domain = "unit", default = "1/2", '
CASES = [
    # LaTeX and Unicode outside the whitelist
    (
        PARAMETER,
        PARAMETER + "latex = '«\\input{/etc/passwd}', ",
        "parameters.gamma.latex",
        "the command \\input",
        "Greek letter",
        "write another",
    ),
    (
        PARAMETER,
        PARAMETER + "latex = '«\\pi(y\\mid x)', ",
        "parameters.gamma.latex",
        "no part of a symbol",
        "subscript",
        "write another",
    ),
    (
        PARAMETER,
        PARAMETER + 'unicode = "«π(y)", ',
        "parameters.gamma.unicode",
        "is not a symbol",
        "accents",
        "write another",
    ),
    (
        "mu = { ",
        "mu = { unicode = '«log π(y_w)', ",
        "weights.mu.unicode",
        "is not a symbol",
        "accents",
        "write another",
    ),
    (
        'K = { of = "y", ',
        "K = { of = 'y', latex = '«K^2', ",
        "definitions.K.latex",
        "looks like a power",
        "superscript",
        "write another",
    ),
    (
        PARAMETER,
        PARAMETER + "unicode = 'g«\\u202e', ".replace("'", '"'),
        "parameters.gamma.unicode",
        "an invisible character, U+202E",
        "can be seen",
        "take it out",
    ),
    # two that look alike, and one that looks like something built in
    (
        PARAMETER,
        PARAMETER + "latex = '\\alpha', «unicode = 'α', ",
        "parameters.gamma.unicode",
        "printed like alpha, which has the same symbol",
        "for each name",
        "with unicode = ... and latex = ...",
    ),
    (
        PARAMETER,
        PARAMETER + "«latex = '\\pi', ",
        "parameters.gamma.latex",
        "printed like the policy",
        "for each name",
        "another symbol",
    ),
    (
        PARAMETER,
        PARAMETER + "«unicode = 'y_w', ",
        "parameters.gamma.unicode",
        "printed like the chosen response",
        "",
        "another symbol",
    ),
    (
        "[weights]\n",
        "«sigma = { domain = 'real', meaning = 'm' }\n[weights]\n",
        "parameters.sigma",
        "printed like the logistic function",
        "",
        "another symbol",
    ),
    # texts
    (
        'title = "Good"',
        'title = "Good«<script>alert(1)</script>"',
        "title",
        "a tag of HTML",
        "words",
        "write < and > in words",
    ),
    ('title = "Good"', 'title = "a «&lt;b"', "title", "an entity of HTML", "", "itself"),
    ('title = "Good"', 'title = "*a*«{ .badge }"', "title", "a list of attributes", "", "braces"),
    ('title = "Good"', 'title = "a\\u200b"'.replace("a", "a«"), "title", "U+200B", "", "take it"),
    ('title = "Good"', 'title = "«\\ue001"', "title", "gives no meaning, U+E001", "", "take it"),
    ('title = "Good"', "title = '''a«\n\nb'''", "title", "a new line", "one line", "on one line"),
    (
        'summary = "A',
        "summary = '''a«\n\nb'''\nname = \"A",
        "summary",
        "a new line",
        "one line",
        "empty line",
    ),
    (
        'title = "Good"',
        "title = 'a'\nnotes = 'see [this«](javascript:alert(1))'",
        "notes",
        "links to what is no page",
        "https://",
        "another address",
    ),
    (
        'title = "Good"',
        "title = 'a'\nnotes = 'a «<img src=x onerror=alert(1)'",
        "notes",
        "opens a tag of HTML",
        "Markdown",
        "a space behind <",
    ),
    (
        'title = "Good"',
        "title = 'a'\nnotes = '*a*«{: onclick=alert(1) }'",
        "notes",
        "a list of attributes",
        "Markdown",
        "braces",
    ),
    ('title = "Good"', "title = 'a'\nnotes = '«![a](b.png)'", "notes", "an image", "links", ""),
    (
        'title = "Good"',
        "title = 'a'\nnotes = '$«\\href{javascript:alert(1)}{a}$'",
        "notes",
        "the command \\href",
        "\\frac",
        "in words",
    ),
    (
        'meaning = "margin"',
        "meaning = '$«\\input{a}$'",
        "parameters.gamma.meaning",
        "the command \\input",
        "\\frac",
        "in words",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=ids(CASES))
def test_a_wrong_file_is_refused_at_its_fault(case):
    """The error names the key, points at the mark, and says what is allowed and the cure."""
    assert_refused(case)


@pytest.mark.parametrize(
    "text",
    [
        "if a < b, then b > a; the exponent η < 1 sharpens",
        'see [the paper](https://arxiv.org/abs/2401.1 "title") and [this](page.html#a)',
        "mail [us](mailto:a@b.org), AT&T, a & b, C#, 100 %, {braces}, ~ and ^",
        "$\\frac{\\pi(y_w\\mid x)}{\\zeta(y_w)}$ costs 5 $, and $\\sum_{t=1}^{|y|} a_t$",
        "π(·|x, y^{<t}) is a distribution",
        "*emphasis*, `code`, a\u0302ccents, 中文, 🙂",
    ],
)
def test_ordinary_texts_are_let_through(text):
    """What people write about losses is no markup."""
    assert loads(edited('meaning = "margin"', f"meaning = '{text}'"), "good.toml")


def test_notes_are_markdown():
    """Several paragraphs, lists, code and formulas on lines of their own."""
    notes = "One.\n\n- a list\n- `code`\n\n$$ \\log \\pi(y) $$\n\n> quoted\n"
    text = edited('title = "Good"', f"title = 'a'\nnotes = '''\n{notes}'''")
    assert loads(text, "good.toml").notes == notes


def test_a_prior_that_prints_as_another_is_refused():
    """A parameter printed π(y) would make a page show a theorem that is false."""
    text = GOOD.replace(PARAMETER, PARAMETER + "latex = '\\pi', unicode = \"π\", ")
    assert refused(text).key == "parameters.gamma.unicode"
