"""The generator is the same everywhere, uses the whole language, and its true cases are true."""

import ast
import hashlib
from collections import Counter
from pathlib import Path

import pytest
from generators.cases import FAMILIES, case
from generators.productions import ALL, productions
from oracles.statement import read
from oracles.truth import truth

HERE = Path(__file__).parents[1]
CASES = 600
SEED = 11


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return [case(SEED, number).text for number in range(CASES)]


@pytest.mark.slow
def test_every_production_is_in_two_of_a_hundred_cases(texts):
    counts = Counter(found for text in texts for found in productions(text))
    rare = {each: counts[each] for each in ALL if counts[each] < 0.02 * CASES}
    assert rare == {}
    assert set(counts) <= ALL


@pytest.mark.slow
def test_a_case_is_the_same_byte_for_byte():
    again = [case(SEED, number) for number in range(40)]
    assert again == [case(SEED, number) for number in range(40)]
    assert len({each.text for each in again}) == 40
    digest = hashlib.sha256("".join(each.text for each in again).encode()).hexdigest()
    assert digest[:16] == "0b05e80c0379a7f9"


@pytest.mark.slow
def test_true_cases_are_true():
    """Laws keep value and gradient; an evaluator that knows no law agrees."""
    for number in range(80):
        drawn = case(SEED, number)
        if drawn.family in ("true", "scale"):
            found = truth(read(drawn.text)[""], drawn.name, 8)
            assert found.value is not False, drawn.text
            assert found.gradient is not False, drawn.text


@pytest.mark.slow
def test_false_cases_are_mostly_false():
    drawn = [each for n in range(100) if (each := case(SEED, n)).family == "false"]
    false = [each for each in drawn if truth(read(each.text)[""], each.name, 8).value is False]
    assert len(drawn) / 2 < len(false) < len(drawn)
    assert set(FAMILIES) == {case(SEED, number).family for number in range(len(FAMILIES))}


@pytest.mark.slow
def test_neither_generator_nor_oracle_imports_what_they_judge():
    files = [*HERE.glob("generators/*.py"), *HERE.glob("oracles/*.py")]
    assert len(files) > 10
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.split(".")[0] == "midpo_sym" for name in names), path
