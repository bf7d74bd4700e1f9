"""The configuration: what it says, and what is refused with the place and the cure."""

import re

import pytest
from generators.lab.tiny_worlds import study

from midpo_sym.lab.checks import LabError
from midpo_sym.lab.study import SHIPPED, arms, read_study

LEAST = "[study]\nlosses = ['dpo', 'simpo']\n[worlds.plain]\n"


def read(tmp_path, text, own=None):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return read_study(path, own)


def test_what_is_left_out_has_its_default(tmp_path):
    found = read(tmp_path, LEAST)
    assert found.study.seeds == 10
    assert found.worlds["plain"].letters == 4


@pytest.mark.parametrize("name", ["quick", "full"])
def test_the_shipped_ones_can_be_run(name):
    found = read_study(SHIPPED / f"{name}.toml")
    compared, left_out = arms(found)
    assert left_out == {}
    if name == "full":
        assert len(found.study.losses) >= 20
        assert len(found.worlds) >= 3
        assert found.study.seeds >= 10
    equal = {len(arm.trials) for arm in compared if len(arm.trials[0].parameters) > 0}
    assert equal == {found.study.trials}, "an equal budget, but for losses without parameters"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ": [worlds] is missing; give one, such as [worlds.plain]"),
        ("[worlds.plain]\n", ": [study] losses is missing; list ids"),
        (LEAST + "nosie = 0.1", "[worlds.plain]: there is no setting 'nosie'; allowed: letters"),
        (LEAST + "nosie = 0.1", "did you mean noise?"),
        (LEAST + "noise = 0.7", "[worlds.plain] noise is 0.7; it has to be a number from 0"),
        (LEAST + "noise = '0.1'", "noise is '0.1'; it has to be a number"),
        (LEAST + "[world.b]", "there is no setting 'world'; allowed: study"),
        (LEAST + "[worlds.'a/b']", "[worlds.a/b]: a world's name is letters, digits and _"),
        ("worlds = 3", "[worlds] is 3; it has to be a table"),
        (LEAST + "[losses.dpo]\ngamma = [1.0]", "[losses.dpo]: there is no setting 'gamma'"),
        (LEAST + "[losses.dpo]\nbeta = 1.0", "[losses.dpo] beta is 1.0; it has to be a list"),
        (LEAST + "[losses.dpoo]\nbeta = [1.0]", "[losses.dpoo] there is no loss 'dpoo'"),
        (LEAST + "[search]\nsums = []", "[search] sums is (); it has to be a list of numbers"),
        (LEAST + "[training]\nsteps = 0", "[training] steps is 0; it has to be a whole number"),
        (LEAST.replace("'simpo'", "'dpoo'"), "[study] losses: there is no loss 'dpoo'"),
        (LEAST.replace("'simpo'", "'dpo'"), "[study] losses has 'dpo' twice; leave one out"),
        (LEAST.replace("['dpo', 'simpo']", "'dpo'"), "losses is 'dpo'; it has to be a list"),
        (LEAST.replace("'dpo', ", ""), "baseline is 'dpo'; it has to be one of losses: simpo"),
        ("[study", "it is no TOML: "),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path, text, message):
    with pytest.raises(LabError, match=re.escape(message)) as error:
        read(tmp_path, text)
    assert str(error.value).startswith(str(tmp_path / "mine.toml"))


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(LabError, match="no such file"):
        read_study(tmp_path / "none.toml")


def test_what_decides_the_results_is_in_the_digest(tmp_path):
    one, again = read(tmp_path, LEAST), read(tmp_path, "# a remark\n" + LEAST)
    assert one.digest == again.digest
    assert one.digest != read(tmp_path, LEAST + "noise = 0.1").digest


def test_the_planted_null_is_the_same_loss_with_the_same_trials():
    found = {arm.name: arm for arm in arms(study())[0]}
    assert list(found) == ["dpo", "simpo", "dpo_again", "learned_free"]
    assert (found["dpo_again"].of, found["dpo_again"].trials) == ("dpo", found["dpo"].trials)


def test_a_loss_that_cannot_be_trained_is_left_out_with_the_reason(tmp_path):
    text = LEAST.replace("'simpo'", "'kto'")
    compared, left_out = arms(read(tmp_path, text))
    assert [arm.name for arm in compared] == ["dpo", "dpo_again"]
    assert "z0" in left_out["kto"]


def test_a_baseline_that_cannot_be_trained_is_refused(tmp_path):
    text = LEAST.replace("'simpo']", "'kto']\nbaseline = 'kto'")
    with pytest.raises(LabError, match="kto cannot be trained here: it needs z0"):
        arms(read(tmp_path, text))
