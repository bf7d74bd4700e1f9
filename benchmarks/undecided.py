"""How many pairs of expressions, equal by a law or nearly so, are left undecided.

    python benchmarks/undecided.py [--pairs N] [--seed S] [--kernel] [--list]

The pairs are those of tests/generators/trees/tower_laws.py. What is true is asked of an evaluation
in floating point that shares nothing with the kernel. A true pair is decided if the kernel proves
it, a false one if the kernel tells its sides apart or a witness does.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

from generators.trees.tower_laws import Pair, pair  # noqa: E402 - tests are no package
from oracles.trees.independent import compare  # noqa: E402

from midpo_sym.judges import witness  # noqa: E402
from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError  # noqa: E402
from midpo_sym.kernel.theorem import Answer, decide, decide_gradient  # noqa: E402

TRIES = 400


def answers(each: Pair) -> tuple[Answer, Answer]:
    """Return the kernel's answers for the value and the gradient."""
    found = []
    for decider in (decide, decide_gradient):
        try:
            found.append(decider(each.left, each.right).answer)
        except (OutsideClassError, ZeroDenominatorError):
            found.append(Answer.UNKNOWN)
    return found[0], found[1]


def main() -> None:
    parser = argparse.ArgumentParser(description="Count what is left undecided.")
    parser.add_argument("--pairs", type=int, default=240, help="true ones, and as many false ones")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kernel", action="store_true", help="look for no witnesses")
    parser.add_argument("--list", action="store_true", help="print what is undecided")
    given = parser.parse_args()
    counts: Counter[tuple[bool, str]] = Counter()
    seconds = 0.0
    for number in range(2 * given.pairs):
        each = pair(given.seed, number // 2, false=bool(number % 2))
        try:
            true, slopes = compare(each.left, each.right, seeds=24 if each.slip else 4)
        except (OverflowError, ZeroDivisionError, ValueError):
            continue
        start = time.process_time()
        value, gradient = answers(each)
        seconds += time.process_time() - start
        counts[true, "pairs"] += 1
        for said, truth, name in ((value, true, "value"), (gradient, slopes, "gradient")):
            if (said is Answer.EQUAL and not truth) or (said is Answer.UNEQUAL and truth):
                counts[true, "wrong"] += 1
                print(f"WRONG {name} {said}: {each.law} [{each.slip}]: {each.left} | {each.right}")
        found = None
        if value is Answer.UNKNOWN and not true and not given.kernel:
            found = witness.search(each.left, each.right, tries=TRIES).value
        if value is Answer.UNKNOWN and found is None:
            counts[true, "undecided"] += 1
            if given.list:
                print(f"{true}: {each.law} [{each.slip}]: {each.left} | {each.right}", flush=True)
        counts[slopes, "gradients"] += 1
        counts[slopes, "gradient undecided"] += gradient is Answer.UNKNOWN
        if given.list and slopes and gradient is Answer.UNKNOWN and value is Answer.EQUAL:
            print(f"gradient: {each.law} [{each.slip}]: {each.left} | {each.right}", flush=True)
    for true in (True, False):
        total = max(counts[true, "pairs"], 1)
        open_ = counts[true, "undecided"]
        print(
            f"{true}: {total} pairs, {open_} undecided ({100 * open_ / total:.1f} %),"
            f" {counts[true, 'wrong']} wrong"
        )
        total, open_ = max(counts[true, "gradients"], 1), counts[true, "gradient undecided"]
        print(f"  {total} gradients, {open_} undecided by the kernel ({100 * open_ / total:.1f} %)")
    print(f"{seconds:.1f} s of processor time in the kernel")


if __name__ == "__main__":
    main()
