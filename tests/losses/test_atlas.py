"""Torch losses of the atlas: loaded when they are asked for, and found by what they are."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from midpo_sym import losses, prove
from midpo_sym.atlas import index
from midpo_sym.code.own import verify_generated
from midpo_sym.losses import atlas, properties
from midpo_sym.spec import library
from midpo_sym.spec.reading.losses import load
from midpo_sym.targets.torch import atlas as target

CASES = Path(__file__).parents[1] / "cases" / "losses"
FOLDER = Path(losses.__file__).parent / "atlas"
QUICK = "sft"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"reference_free": True}, {"simpo"}),
        ({"prior": "label"}, {"simpo", "tis_dpo"}),
        ({"prior": "policy", "needs_divergence": True}, {"sparsepo", "tdpo", "tdpo2"}),
        ({"needs_weights": True}, {"sparsepo", "tis_dpo"}),
        ({"needs_length": True, "link": "logsigmoid"}, {"r_dpo", "simpo"}),
        ({"year": 2023}, {"dpo"}),
        ({"link": "hinge"}, set()),
        ({"link": "sigmoid"}, set()),
    ],
)
def test_losses_are_found_by_what_they_are(wanted, found):
    """By hand, from the paper's formulas."""
    assert set(losses.find(of="paper", **wanted)) == found


def test_without_a_property_all_that_have_code_are_found():
    assert set(losses.find()) == {*losses.names(), *atlas.names()}


def test_a_property_that_there_is_not_is_told():
    with pytest.raises(ValueError, match="there is no property 'links'; expected one of: prior"):
        losses.find(links="hinge")


def test_the_properties_are_those_of_the_index():
    rows = {row.id: row for row in index.current().rows}
    file = (Path(losses.__file__).parent / target.PROPERTIES).read_text(encoding="utf-8")
    with_code = [*losses.names(), *atlas.names()]
    assert file == target.render_properties(rows.values(), with_code)
    assert file != target.render_properties(rows.values(), with_code[1:])
    assert set(properties.PROPERTIES) == set(with_code)


@pytest.mark.parametrize("id_", atlas.names())
def test_a_loss_of_the_atlas_is_where_the_index_says(id_):
    module = importlib.import_module(f"midpo_sym.losses.atlas.{id_}")
    entry = atlas.INDEX[id_]
    assert losses.get(id_) is getattr(atlas, entry.module) is getattr(module, entry.module)
    assert getattr(atlas, entry.function) is getattr(module, entry.function)


def test_what_is_not_there_is_told():
    with pytest.raises(AttributeError, match="has no attribute 'ppo_loss'"):
        atlas.ppo_loss  # noqa: B018
    with pytest.raises(ValueError, match="there is no loss 'ppo'"):
        atlas.get("ppo")
    assert {"get", "names", *(entry.function for entry in atlas.INDEX.values())} <= {*dir(atlas)}


@pytest.mark.slow
def test_the_index_loads_no_loss_of_the_atlas():
    code = (
        "import sys, midpo_sym.losses\n"
        "from midpo_sym.losses import atlas\n"
        "midpo_sym.losses.find(); dir(atlas)\n"
        "print([name for name in sys.modules if name.startswith('midpo_sym.losses.atlas.')])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ast.literal_eval(done.stdout) == []


@pytest.mark.slow
def test_what_has_no_code_says_why():
    """DPO with an offset has; a refuted prior and a third response have not."""
    of = {name: (prove(load(CASES / f"{name}.toml")), ()) for name in ("hypo", "tpo", "d2po")}
    files, refused = target.render_atlas(of)
    assert set(files) == {"d2po.py", "__init__.py"}
    assert '"d2po": Entry("d2po_loss", "D2POLoss")' in files["__init__.py"]
    assert set(refused) == {"hypo", "tpo"}
    assert "a response beside the pair" in refused["tpo"]
    assert 'Entry("' not in target.render_atlas({})[0]["__init__.py"]


@pytest.mark.parametrize(
    "id_",
    [id_ if id_ == QUICK else pytest.param(id_, marks=pytest.mark.slow) for id_ in atlas.names()],
)
def test_generated_code_is_proved_to_be_its_specification(id_):
    """Function, module, and the module from statistics, as `midpo verify` reads them."""
    derivation = library.get(id_)
    found = verify_generated((FOLDER / f"{id_}.py").read_text(encoding="utf-8"), derivation)
    assert set(found) == {"function", "module", "from_statistics"}
    for what, each in found.items():
        assert each.proved, f"{what}: {each}"
        assert each.settings == (), what


@pytest.mark.slow
def test_code_with_a_sign_turned_is_not_proved():
    derivation = load(CASES / "dposhift.toml")
    files, _ = target.render_atlas({"dposhift": (prove(derivation), ())})
    text = files["dposhift.py"]
    assert all(each.proved for each in verify_generated(text, derivation).values())
    turned = text.replace("-logsigmoid(", "logsigmoid(")
    assert turned != text
    found = verify_generated(turned, derivation)
    assert not any(found[entry].proved for entry in ("function", "module"))


def test_every_loss_with_code_has_a_specification():
    assert set(atlas.names()) <= set(library.ids("atlas"))
