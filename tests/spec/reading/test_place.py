"""Where keys and characters stand in a TOML file."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from midpo_sym.spec.reading.place import Place, Places, has_long_key, place_at

FILES = sorted((Path(__file__).parents[3] / "derivations").glob("*.toml"))

# One of everything; the key of each value and its first character are marked by hand below.
EVERYTHING = '''\
# title = "in a comment"
title = "first" # prior = "in a comment"
notes = """
[prior]
zeta = "in a string"
"""
'quoted key' . "e\\u0073c" = 'literal "x"'
empty = ""
number = 1.5
date = 1979-05-27T07:32:00
list = [ "a", # comment with ] and "
  "b", ["c", { d = "e" }], ]
inline = { one = "1", "two" = { three = '3' }, list = [{ x = "y" }] }

[ prior ]
zeta = "ref(y)" # comment

[parameters.alpha]
domain = "real"

[[claim]]
id = "a"
where = { beta = "1" }

[[claim]] # second
id = """b"""
[claim.where]
beta = \'\'\'2\'\'\'

[[claim.part]]
name = "p"
[[claim.part]]
name = "q"
'''


def leaves(value: object, path: tuple[str | int, ...] = ()):
    """Yield the path and value of everything in a file that holds nothing else."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from leaves(inner, (*path, number))
    else:
        yield path, value


@pytest.mark.parametrize(
    ("path", "line", "text"),
    [
        (("title",), 2, 'title = "first"'),
        (("notes",), 3, 'notes = """'),
        (("quoted key",), 7, "'quoted key'"),
        (("quoted key", "esc"), 7, '"e\\u0073c"'),
        (("empty",), 8, "empty"),
        (("number",), 9, "number"),
        (("list",), 11, "list"),
        (("list", 0), 11, '"a"'),
        (("list", 1), 12, '"b"'),
        (("list", 2, 0), 12, '"c"'),
        (("list", 2, 1, "d"), 12, 'd = "e"'),
        (("inline", "two"), 13, '"two" ='),
        (("inline", "two", "three"), 13, "three"),
        (("inline", "list", 0, "x"), 13, 'x = "y"'),
        (("prior",), 15, "prior ]"),
        (("prior", "zeta"), 16, "zeta"),
        (("parameters",), 18, "parameters.alpha]"),
        (("parameters", "alpha"), 18, "alpha]"),
        (("parameters", "alpha", "domain"), 19, "domain"),
        (("claim", 0), 21, "claim]]"),
        (("claim", 0, "where", "beta"), 23, 'beta = "1"'),
        (("claim", 1), 25, "claim]] # second"),
        (("claim", 1, "id"), 26, "id"),
        (("claim", 1, "where"), 27, "where]"),
        (("claim", 1, "where", "beta"), 28, "beta"),
        (("claim", 1, "part", 0, "name"), 31, 'name = "p"'),
        (("claim", 1, "part", 1, "name"), 33, 'name = "q"'),
        # what is not there: the closest table that is
        (("prior", "scale"), 15, "prior ]"),
        (("claim", 1, "status"), 25, "claim]] # second"),
        (("claim", 1, "where", "gamma"), 27, "where]"),
        (("nothing",), 1, "# title"),
        ((), 1, "# title"),
    ],
)
def test_a_key_stands_where_it_is_written(path, line, text):
    """The line is counted by hand, and what follows there is the key."""
    offset = Places(EVERYTHING).key(path)
    assert EVERYTHING[offset:].startswith(text)
    assert place_at(EVERYTHING, offset).line == line


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_every_string_is_found_character_by_character(ending):
    """Each plain character of each value stands where `characters` says."""
    text = EVERYTHING.replace("\n", ending)
    places = Places(text)
    strings = [(path, value) for path, value in leaves(tomllib.loads(text)) if type(value) is str]
    assert len(strings) == 19
    for path, value in strings:
        offsets = places.characters(path)
        assert len(offsets) == len(value) + 1, path
        read = "".join(text[offset] for offset in offsets[:-1])
        assert read.replace("\r", "\n") == value
        assert text[offsets[-1]] in "'\""


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_string_of_a_shipped_file_is_found(file):
    """The same for the files that ship; their strings hold no escapes."""
    text = file.read_text(encoding="utf-8")
    places = Places(text)
    for path, value in leaves(tomllib.loads(text)):
        assert path in places.keys
        if isinstance(value, str):
            assert "".join(text[each] for each in places.characters(path)[:-1]) == value


@pytest.mark.parametrize(
    ("written", "value", "offsets"),
    [
        (r'"a\tb"', "a\tb", [1, 2, 4, 5]),
        (r'"\u0061b"', "ab", [1, 7, 8]),
        (r'"\U00000061b"', "ab", [1, 11, 12]),
        (r'"\\u0061"', "\\u0061", [1, 3, 4, 5, 6, 7, 8]),
        (r'"\"a\""', '"a"', [1, 3, 4, 6]),
        (r"'\'", "\\", [1, 2]),
        ('"""\nab"""', "ab", [4, 5, 6]),
        ('"""\r\nab"""', "ab", [5, 6, 7]),
        ('"""a\\\n  \n  b"""', "ab", [3, 11, 12]),
        ('"""a\\  \n  b"""', "ab", [3, 10, 11]),
        ('"""a""b"""', 'a""b', [3, 4, 5, 6, 7]),
        ('"""a"""""', 'a""', [3, 4, 5, 6]),
        ("'''a''b'''", "a''b", [3, 4, 5, 6, 7]),
        ("'''''a'''", "''a", [3, 4, 5, 6]),
        ("'''a\\'''", "a\\", [3, 4, 5]),
        ('""', "", [1]),
        ('""""""', "", [3]),
    ],
)
def test_the_characters_of_a_string(written, value, offsets):
    """Counted by hand from the opening quote; the last offset is that of the closing one."""
    text = f"k = {written}\n"
    assert tomllib.loads(text)["k"] == value
    assert [each - 4 for each in Places(text).characters(("k",))] == offsets


@pytest.mark.parametrize("path", [("number",), ("list",), ("inline",), ("nothing",), ()])
def test_what_is_no_string_has_no_characters(path):
    """The caller falls back to the key."""
    assert Places(EVERYTHING).characters(path) == []


@pytest.mark.parametrize(
    ("offset", "place"),
    [
        (0, Place(1, 1, "ab")),
        (2, Place(1, 3, "ab")),
        (4, Place(2, 1, "")),
        (5, Place(3, 1, "c\u2028d")),
        (8, Place(3, 4, "c\u2028d")),
        (99, Place(3, 4, "c\u2028d")),
        (-1, Place(1, 1, "ab")),
    ],
)
def test_lines_and_columns(offset, place):
    """Both count from 1, and only a line feed ends a line."""
    assert place_at("ab\r\n\nc\u2028d", offset) == place


@pytest.mark.parametrize(
    "text",
    [
        ".".join("a" * 9) + " = 1",
        "[" + " . ".join("a" * 9) + "]",
        "x = {" + ".".join(['"a b"'] * 9) + " = 1}",
        "x = '''\n''' # '''\n" + ".".join("a" * 9) + " = 1",
        'x = """a"""""\n' + ".".join("a" * 9) + " = 1",
    ],
)
def test_a_key_of_many_parts_is_seen(text):
    """No specification needs more than three parts."""
    assert tomllib.loads(text)
    assert has_long_key(text)


@pytest.mark.parametrize(
    "text",
    [
        "a.b.c = 1",
        "[claim.where.x]",
        'x = "a.b.c.d.e.f.g.h.i.j.k"',
        "x = '''\na.b.c.d.e.f.g.h.i.j.k\n'''",
        "# a.b.c.d.e.f.g.h.i.j.k",
        'x = """ \\""" a.b.c.d.e.f.g.h.i.j.k """',
        "x = [1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5]",
    ],
)
def test_other_text_with_dots_is_no_long_key(text):
    """Prose, comments and numbers may have as many dots as they like."""
    assert tomllib.loads(text + "\n") is not None
    assert not has_long_key(text)


_KEYS = st.sampled_from(["a", "b", "'c d'", '"e\\t"', "f.g", "1"])
_STRINGS = st.text("ab\\\"'# \n[]{}=,.é", max_size=8)


def _quoted(value: str) -> str:
    """Write a string as TOML, in basic form."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


_VALUES = st.recursive(
    _STRINGS.map(_quoted) | st.sampled_from(["1", "-1.5", "true", "'a\"b'", "1979-05-27"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda each: "[" + ", ".join(each) + "]")
        | st.lists(inner, max_size=3).map(
            lambda each: "{" + ", ".join(f"k{n} = {v}" for n, v in enumerate(each)) + "}"
        )
    ),
    max_leaves=6,
)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(_KEYS, _VALUES), max_size=4), st.lists(_VALUES, max_size=3))
def test_random_files_agree_with_the_toml_reader(pairs, tables):
    """Every value that `tomllib` reads has a place, and every string its characters."""
    lines = [f"{key} = {value}" for key, value in dict(pairs).items()]
    lines += [f"[[t]]\nv = {value}\n[t.s]\nu = 'x'" for value in tables]
    text = "\n".join(lines)
    places = Places(text)
    for path, value in leaves(tomllib.loads(text)):
        assert path in places.keys
        if isinstance(value, str):
            assert len(places.characters(path)) == len(value) + 1


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.text("ab\"'#[]{}=,.\\ \n", max_size=40))
def test_places_of_anything_can_be_asked(text):
    """On a text that is no TOML the answers mean nothing, but there are answers."""
    assert has_long_key(text) in (True, False)
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert Places(text).key(("a", 0, "b")) >= 0
