"""`import midpo_sym` is light: no SymPy, no torch, no terminal library."""

import subprocess
import sys

import pytest

import midpo_sym

HEAVY = ("sympy", "torch", "click", "rich", "jinja2", "mpmath", "numpy")


def loaded(statement: str) -> set[str]:
    """Return which heavy packages a statement loads in a fresh interpreter."""
    program = f"{statement}\nimport sys\nprint(*(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    return set(done.stdout.split())


def test_the_package_is_light():
    assert loaded("import midpo_sym") == set()


@pytest.mark.slow
def test_reading_a_specification_needs_no_sympy():
    statement = "from midpo_sym import catalogue; assert catalogue.get('simpo').title"
    assert loaded(statement) == set()


@pytest.mark.slow
def test_the_check_can_fail():
    assert "sympy" in loaded("import midpo_sym; midpo_sym.prove")


@pytest.mark.parametrize("name", midpo_sym.__all__)
def test_every_public_name_exists(name):
    assert getattr(midpo_sym, name) is not None


def test_the_public_names_are_those_with_a_home():
    assert set(midpo_sym.__all__) == set(midpo_sym._HOMES)
    assert dir(midpo_sym) == sorted([*midpo_sym.__all__, "__version__"])


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'proof'"):
        midpo_sym.proof  # noqa: B018
