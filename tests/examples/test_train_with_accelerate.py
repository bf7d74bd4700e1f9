"""The loop with Accelerate trains, and is the same on two processes as on one."""

import importlib.util
import math
import runpy
import warnings
from pathlib import Path

import pytest
from oracles import processes
from oracles.needs import missing

MISSING = [
    name for name in ("accelerate", "transformers") if importlib.util.find_spec(name) is None
]
EXAMPLE = Path(__file__).parents[2] / "examples" / "train_with_accelerate.py"


def one_of_two(_, main):
    from accelerate.state import AcceleratorState  # noqa: PLC0415 - after the check

    AcceleratorState._reset_state(reset_partial_state=True)
    return main(3)


@pytest.mark.slow
def test_two_processes_are_one():
    if MISSING:
        missing(f"{' and '.join(MISSING)} (pip install '.[train]')")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        main = runpy.run_path(str(EXAMPLE))["main"]
        alone = main()
        both = processes.run(2, one_of_two, main)
    assert alone[0] == pytest.approx(math.log(2), abs=1e-5)
    assert alone[-1] < alone[0] - 0.01
    assert both == [pytest.approx(alone[:3], abs=1e-6)] * 2
