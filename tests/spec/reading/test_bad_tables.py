"""Files that are refused for their tables and keys, or because they are no TOML."""

import pytest
from bad_files import assert_refused, ids

CASES = [
    ('title = "Good"\n', "«", "", "the key title is missing", "title, name", "add title: short"),
    ('summary = "A', '«sumary = "A', "sumary", "unknown key", "summary", "did you mean summary?"),
    (
        'title = "Good"',
        "«title = 1",
        "title",
        "a whole number instead of text",
        "text in quotes",
        "",
    ),
    (
        'title = "Good"',
        "«title = true",
        "title",
        "true or false instead of text",
        "text in quotes",
        "",
    ),
    (
        'title = "Good"',
        "«title = 1979-05-27",
        "title",
        "a date or a time instead of text",
        "quotes",
        "",
    ),
    ('title = "Good"', '«title = ["a"]', "title", "a list instead of text", "quotes", ""),
    ('title = "Good"', '«title = { a = "b" }', "title", "a table instead of text", "quotes", ""),
    ('title = "Good"', '«title = " "', "title", "is empty", "", "take the key out"),
    ('title = "Good"', 'title = "«\\u001b[2J"', "title", "a control character", "", "take it out"),
    ('title = "Good"', "«title = 1.5", "title", "a decimal number", "", "fraction 3/2"),
    ('title = "Good"', "«title = nan", "title", "a decimal number", "", "such as 1/10"),
    ('title = "Good"', f"«title = 0x{'f' * 9_000}", "title", "number is too long", "18 digits", ""),
    ('title = "Good"', '«"a\\nb" = 1\ntitle = 1', "a\nb", "unknown key", "", ""),
    (
        'title = "Good"',
        "«source = 1\ntitle = 'a'",
        "source",
        "a whole number instead of table",
        "table",
        "",
    ),
    (
        'title = "Good"',
        "«source = []\ntitle = 'a'",
        "source",
        "is not a table",
        "a table with work, place",
        "",
    ),
    (
        'title = "Good"',
        "«source = { work = 'a' }\ntitle = 'a'",
        "source",
        "the key place is missing",
        "work, place",
        "add place: where",
    ),
    ("[loss]", "[«loss2]", "loss2", "unknown key", "loss", "did you mean loss?"),
    ("[prior]", "[[«prior]]", "prior", "is not a table", "a table with zeta, scale", ""),
    ('title = "Good"', "title = «Good", "", "is not TOML: Invalid value", "", "in quotes"),
    ('title = "Good"', "title = «pi(w)", "", "is not TOML: Invalid value", "", "in quotes"),
    ('title = "Good"', 'title = "Good«', "", "is not TOML: Illegal character", "", ""),
    (
        'title = "Good"',
        "title = 'a'\ntitle = 'b'«",
        "",
        "is not TOML: Cannot overwrite",
        "",
        "only once",
    ),
    ("[loss]", "[prior«]\n[loss]", "", "is not TOML: Cannot declare", "", "only once"),
    ('gamma = "0"\n', "gamma = '''0\n«", "", "is not TOML: Expected", "", ""),
    ('title = "Good"', "«\ufefftitle = 'a'", "", "is not TOML", "", "without a byte-order mark"),
    ('title = "Good"', 'title = "a«\x00"', "", "is not TOML: Illegal character", "", ""),
    ('title = "Good"', f"title = {'1' * 5_000}", "", "a number is too long", "", ""),
    ('title = "Good"', "title = " + "[" * 10_000, "", "nested too deeply", "", ""),
    ('title = "Good"', "title = " + "{a=" * 10_000, "", "nested too deeply", "", ""),
    ('title = "Good"', ".".join("a" * 9_000) + " = 1", "", "a key has too many parts", "", ""),
    ('title = "Good"', f"[{'.'.join('a' * 9_000)}]", "", "a key has too many parts", "", ""),
]


@pytest.mark.parametrize("case", CASES, ids=ids(CASES))
def test_a_wrong_file_is_refused_at_its_fault(case):
    """The error names the key, points at the mark, and says what is allowed and the cure."""
    assert_refused(case)
