"""The file of gradients: what is current in it, and what has to be proved again."""

import json

import pytest

from midpo_sym.site.atlas import slopes
from midpo_sym.spec import library

ROWS = {"sft": slopes.Slope("whole", ("name",), ()), "gpo": None}


@pytest.fixture
def file(tmp_path, monkeypatch):
    path = tmp_path / "gradients.json"
    monkeypatch.setattr(slopes, "path", lambda: path)
    path.write_text(slopes.text(ROWS), encoding="utf-8")
    return path


@pytest.mark.usefixtures("file")
def test_what_is_written_is_read():
    assert slopes.read() == ROWS


def test_a_gradient_of_another_text_is_not_current(file):
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(slopes.digest("sft"), "0" * 32), encoding="utf-8")
    assert slopes.read() == {"gpo": None}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"rows": [{"id": "sft"}]}', '{"rows": 3}'])
def test_of_a_file_that_is_none_nothing_is_current(file, text):
    file.write_text(text, encoding="utf-8")
    assert slopes.read() == {}


def test_every_loss_of_the_atlas_has_a_row_in_the_file_that_is_shipped():
    rows = json.loads(slopes.path().read_text(encoding="utf-8"))["rows"]
    assert [each["id"] for each in rows] == list(library.ids(library.ATLAS))


def test_a_long_summand_is_broken_between_factors_and_in_its_brackets():
    """Of a·(b − c·d)·e the three factors are apart; in the long bracket so are b, c and d."""
    wide = "".join(f"x_{{{each}}}" for each in range(40))
    found = slopes._in_factors(rf"a\,\left({wide} - c\,\left(d - f\right)\right)\,e")
    assert found == (
        rf"a \allowbreak' ({wide}  \allowbreak'' {{}}- c \allowbreak'' \left(d - f\right)) "
        r"\allowbreak' e"
    )
    assert slopes._in_factors(r"a\,(b - c)") == r"a\,(b - c)"
