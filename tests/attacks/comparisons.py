"""One pair of losses through `midpo diff`: what it says is evaluated again."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import jsonschema
from attacks import product
from attacks.findings import Finding
from generators.cases import Case
from oracles.comparison import Pair, problems

COLUMNS = ("comparison",)
POINTS = 5
VALIDATOR = jsonschema.Draft202012Validator(product.COMPARISON_SCHEMA)


def attack(
    pair: tuple[Case, Case],
    folder: Path,
    columns: Collection[str] = COLUMNS,
    points: int = POINTS,
) -> list[Finding]:
    """Return what is found of a pair: wrong, or right, or a planted relation that was missed."""
    del columns  # there is but one
    paths = [folder / f"{each.name}.toml" for each in pair]
    for path, each in zip(paths, pair, strict=True):
        path.write_text(each.text, encoding="utf-8")
    try:
        said = product.comparison(*paths)
    except TimeoutError:
        raise
    except Exception as error:  # noqa: BLE001 - any exception is a finding
        return [Finding("comparison", "exception", f"{type(error).__name__}: {str(error)[:300]}")]
    try:
        VALIDATOR.validate(said)
        wrong = [*problems(said, Pair.of(*(each.text for each in pair)), pair[0].name, points)]
    except TimeoutError:
        raise
    except Exception as error:  # noqa: BLE001 - so is any exception of the judge
        return [Finding("comparison", "exception", f"{type(error).__name__}: {str(error)[:300]}")]
    if wrong:
        return [Finding("comparison", "wrong", wrong[0][:300])]
    family = pair[0].family
    if family == "other":
        verdict = said["verdict"]
        kind = "unknown" if verdict == "undecided" else "right"
        return [Finding("comparison", kind, verdict)]
    whole = said["verdict"] in ("same", "same up to") or said["verdict"].startswith("same value")
    found = whole or any(
        each["of"] == "argument" or "with 1" in each["kind"] for each in said["relations"]
    )
    detail = f"planted {family}: {'found' if found else 'missed'}"
    return [Finding("comparison", "right" if found else "unknown", detail)]
