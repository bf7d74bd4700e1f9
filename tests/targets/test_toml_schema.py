"""The JSON schema of specification files, and the templates to start from."""

import json
import re
import tomllib
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from midpo_sym import check
from midpo_sym.cli.write import SHAPES, new
from midpo_sym.spec import SpecError, library, loads
from midpo_sym.spec.reading.keys import KEYS
from midpo_sym.targets.toml.scaffold import TEMPLATES, new_specification
from midpo_sym.targets.toml.schema import schema, text

CASES = Path(__file__).parents[1] / "cases"
FILES = [
    *sorted(library.directory().glob("[a-r]*.toml")),
    *sorted((CASES / "losses").glob("*.toml")),
]
VALIDATOR = jsonschema.Draft7Validator(schema())


def faults(data) -> list[str]:
    return [each.message for each in VALIDATOR.iter_errors(data)]


def test_the_file_is_the_schema():
    assert (library.directory() / "schema.json").read_text(encoding="utf-8") == text()


def test_it_is_a_schema():
    jsonschema.Draft7Validator.check_schema(json.loads(text()))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_the_loader_reads_is_valid(path):
    assert faults(tomllib.loads(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("shape", SHAPES)
def test_a_template_is_valid_and_proves_as_it_stands(shape):
    """Value and gradient; and what it says in comments is no key that there is not."""
    written = new_specification("my_loss", shape)
    assert faults(tomllib.loads(written)) == []
    found = loads(written, "my_loss.toml")
    verdicts = [(r.verdict.status.value, r.gradient.status.value) for r in check(found)]
    assert verdicts == [("proved", "proved")]
    keys = set(re.findall(r"^# (\w+) +=", written, re.MULTILINE))
    assert keys <= {key for rows in KEYS.values() for key in rows}


def test_a_template_with_the_sign_turned_is_refuted():
    text = new_specification("my_loss", "data")
    turned = loads(text.replace("- (score(w)", "+ (score(w)"), "my_loss.toml")
    assert [each.verdict.status.value for each in check(turned)] == ["refuted"]


def test_the_shapes_are_those_of_the_templates_and_the_help_says_them():
    assert tuple(TEMPLATES) == SHAPES
    said = CliRunner().invoke(new, ["--help"]).output
    for shape, (_, what) in TEMPLATES.items():
        assert re.search(rf"{shape} +{re.escape(what)}\n", said)


WRONG = [
    ({"titel": "x"}, "'titel' was unexpected"),
    ({"checked": "memory"}, "'memory' is not one of"),
    ({"parameters": {"a": {"domain": "integer", "meaning": "x"}}}, "'integer' is not one of"),
    ({"parameters": {"2a": {"domain": "real", "meaning": "x"}}}, "does not match"),
    ({"prior": {"scale": "1"}}, "'zeta' is a required property"),
    ({"prior": {"zeta": 0.5}}, "is not of type"),
    ({"claim": {"id": "a"}}, "is not of type 'array'"),
    ({"claim": [{"id": "a", "work": "w", "place": "p", "status": "true"}]}, "is not one of"),
]


@pytest.mark.parametrize(("change", "said"), WRONG)
def test_what_the_loader_refuses_is_not_valid(change, said):
    """Each fault is one of both; the loader says it with its place."""
    data = tomllib.loads(new_specification("my_loss", "pair")) | change
    assert any(said in each for each in faults(data))


@pytest.mark.parametrize("name", [name for name in KEYS if name])
def test_every_table_of_keys_is_in_it(name):
    found = schema()["definitions"][name]
    assert set(found["properties"]) == set(KEYS[name])
    assert found["additionalProperties"] is False


def test_a_key_of_the_schema_is_one_that_the_loader_knows():
    """Written as text, the first wrong file above is refused by the loader as well."""
    with pytest.raises(SpecError, match="unknown key"):
        loads('titel = "x"\n' + new_specification("my_loss", "pair"), "my_loss.toml")
