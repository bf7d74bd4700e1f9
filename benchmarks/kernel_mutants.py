"""How many one-node mutants of the kernel's own source do its tests notice?

    python benchmarks/kernel_mutants.py
    python benchmarks/kernel_mutants.py --group theory
    python benchmarks/kernel_mutants.py --sample 100 --seed 1 --quick
    python benchmarks/kernel_mutants.py --keep outcomes.jsonl --jobs 2
    python benchmarks/kernel_mutants.py --keep outcomes.jsonl --tests-added
    python benchmarks/kernel_mutants.py --group theory --again

Mutates the trusted files one syntax node at a time, runs their tests on each in a process of its
own, and writes a report beside this file: a sample has one of its own. Every survivor is listed;
the reasons in `kernel_mutants.toml` say why one may live. Ends with 1 if one has none, or if there
is a reason for a mutant that is none any more. With `--keep` each outcome is written down as it
comes, and a run that was stopped goes on from there, as long as the kernel and its tests stay.
After tests were added, and only added, `--tests-added` lets what was noticed before count: what
survived runs again, and the report says of how many that is so.
With `--quick` the slow tests are left out: what they alone would notice counts as a survivor. So
does with `--trust` what has a reason: it is not run. The report says what ran.
With `--again` only those survivors of the group's report run that have no reason by now, on all
tests, added ones among them.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib
import io
import os
import random
import resource
import signal
import sys
import time
import types
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT)]

from kernel_mutations import REASONS, Mutant, mutants, read_reasons  # noqa: E402 - beside this file
from kernel_outcomes import KILLED, SLOW, SURVIVED, Kept  # noqa: E402 - beside this file

from midpo_sym.kernel import TRUSTED  # noqa: E402 - of this checkout

# Seconds of the processor for the quick tests, and for all; what needs longer has been noticed.
LIMIT, WHOLE_LIMIT = 60, 240
# What the tests import besides the program, loaded once, before the processes split.
LOADED = (
    *("mpmath", "pytest", "sympy", "click", "hypothesis.strategies", "rich.console", "rich.table"),
    "midpo_sym.language.grammar.losses",  # and of the program what does not rest on the kernel
)


@dataclass(frozen=True)
class Group:
    """Modules in the order in which they are imported, their tests, and the report on them.

    Most mutants are noticed by a quick test: the slow ones run on what these have passed.
    """

    modules: tuple[str, ...]
    suite: tuple[str, ...]
    slow: tuple[str, ...]
    report: str

    @property
    def tests(self) -> tuple[str, ...]:
        """Return what any stage runs."""
        return (*self.suite, *self.slow)

    def stages(self, module: str, *, quick: bool, own: bool = False) -> Iterator[list[str]]:
        """Yield the arguments of each run of pytest, the tests of the module itself first."""
        package, _, name = module.rpartition(".")
        first = [each for each in self.suite if f"{package}/test_{name}.py" in each]
        rest = [each for each in self.suite if each not in first]
        yield from (["-m", "not slow", *each] for each in (first, [] if own else rest) if each)
        if not quick:
            yield ["-m", "slow", *self.slow]


_RESPONSES = (
    *(f"tests/kernel/tower/test_{name}.py" for name in ("elements", "generators")),
    *(f"tests/kernel/tower/test_{name}.py" for name in ("cases", "slopes")),
    *(f"tests/kernel/test_{name}.py" for name in ("forms", "atoms", "responses")),
    *(f"tests/kernel/test_{name}.py" for name in ("derivative", "theorem", "tower")),
)
_THEORY = tuple(
    f"tests/kernel/test_{name}.py"
    for name in (
        "finite_atoms",
        "finite_sets",
        "equal_forms",
        "hypotheses",
        "finite_derivative",
        "order",
    )
)
GROUPS = {
    "responses": Group(
        tuple(each.name for each in TRUSTED if not each.theory),
        (*_RESPONSES, "tests/prover/test_attacks.py", *_THEORY),
        tuple(
            f"tests/kernel/test_{name}.py"
            for name in ("equal_forms", "one_less", "normal_forms", "rewritings")
        ),
        "kernel_mutants.md",
    ),
    "theory": Group(
        tuple(each.name for each in TRUSTED if each.theory),
        _THEORY,
        (
            "tests/kernel/test_equal_forms.py",
            "tests/kernel/test_falsifier.py::test_nothing_false_is_proved",
        ),
        "kernel_mutants_theory.md",
    ),
}


def run(
    todo: Sequence[Mutant | None],
    group: Group,
    jobs: int,
    *,
    quick: bool = False,
    reasons: Container[str] = (),
    kept: Kept | None = None,
) -> list[str]:
    """Run the tests on each mutant, or on the kernel as it is, in a process of its own.

    Without the slow ones, where `quick`. Of a mutant that may live, for a reason, the quick tests
    of its module alone; these come last.
    """
    kept = kept or Kept(None, group.tests)
    may_live = [bool(each and each.key in reasons) for each in todo]
    alone = [quick or each for each in may_live]
    outcomes = [kept.outcome(each, quick=q) for each, q in zip(todo, alone, strict=True)]
    waiting = [(place, each) for place, each in enumerate(todo) if not outcomes[place]][::-1]
    waiting.sort(key=lambda each: may_live[each[0]], reverse=True)
    running: dict[int, int] = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            place, mutant = waiting.pop()
            child = os.fork()
            if child == 0:
                _run_here(mutant, group, quick=alone[place], own=may_live[place])
            running[child] = place
        for child, place in list(running.items()):
            done, status = os.waitpid(child, os.WNOHANG)
            if not done:
                continue
            code = os.waitstatus_to_exitcode(status)
            passed = code == 0
            outcomes[place] = (
                SURVIVED
                if passed
                else SLOW
                if code in (-signal.SIGXCPU, -signal.SIGKILL)
                else KILLED
            )
            tried = todo[place]
            kept.add(tried, outcomes[place], quick=alone[place])
            if passed and tried:
                print(f"{place + 1}/{len(todo)} survives: {tried.key}", flush=True)
            del running[child]
        time.sleep(0.005)
    return outcomes


def _run_here(mutant: Mutant | None, group: Group, *, quick: bool, own: bool) -> None:
    import pytest  # noqa: PLC0415 - imported by the parent already

    gc.disable()  # the process ends soon
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, WHOLE_LIMIT))
    code = 1
    with contextlib.suppress(BaseException), contextlib.redirect_stdout(io.StringIO()):
        if mutant:
            name = f"midpo_sym.kernel.{mutant.module}"
            module = types.ModuleType(name)
            sys.modules[name] = module
            exec(compile(mutant.source, name, "exec"), module.__dict__)
        arguments = ["-x", "-q", "-p", "no:cacheprovider", "--assert=plain"]
        for stage in group.stages(mutant.module if mutant else ".", quick=quick, own=own):
            if stage[1] == "slow":
                resource.setrlimit(resource.RLIMIT_CPU, (WHOLE_LIMIT, WHOLE_LIMIT))
            code = int(pytest.main([*arguments, *stage]))
            if code:
                break
    os._exit(code)


def stale(reasons: dict[str, str]) -> list[str]:
    """Return the keys of reasons that are those of no mutant."""
    modules = [module for group in GROUPS.values() for module in group.modules]
    keys = {mutant.key for each in modules for mutant in mutants(each, sources=False)}
    return [key for key in reasons if key not in keys]


def _row(mutant: Mutant) -> str:
    """Return the row of a survivor, up to its reason."""
    code = mutant.line.replace("|", "\\|")
    return f"| `{mutant.module}`: `{code}` | {mutant.what} | "


def older(text: str, todo: Sequence[Mutant], reasons: Container[str]) -> list[str]:
    """Return the outcomes of an older report's run, and "" for what has to run again.

    That is a survivor without a reason by now, and what has the key of some survivor but not of as
    many as there are: the report does not say which of them it was.

    Raises:
        SystemExit: the report is about other mutants.
    """
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    alike = Counter(map(_row, todo))
    listed = {row: sum(line.startswith(row) for line in rows) for row in alike}
    if f"- mutants: {len(todo)}\n" not in text or sum(listed.values()) != len(rows):
        raise SystemExit("the report is about another state of the kernel: make a whole run")
    outcomes = []
    for mutant in todo:
        row = _row(mutant)
        sure = listed[row] == alike[row] and mutant.key in reasons
        outcomes.append("" if listed[row] and not sure else SURVIVED if listed[row] else KILLED)
    return outcomes


def _of_older_tests(kept: Kept, todo: Sequence[Mutant], *, quick: bool) -> str:
    """Return a sentence on the outcomes that count though tests were added since, if there are."""
    count = sum(kept.is_older(each, quick=quick) for each in todo)
    if not count:
        return ""
    return (
        f"{count} were noticed before tests were added, and only added: these did not run again. "
    )


def report(
    found: list[tuple[Mutant, str]],
    reasons: dict[str, str],
    group: str,
    note: str = "",
    slow: int = 0,
) -> str:
    """Return the table of survivors, and the score; after a note on what ran, if not all did.

    To those noticed by running on it adds `slow` of an older run.
    """
    alive = [mutant for mutant, outcome in found if outcome == SURVIVED]
    slow += sum(outcome == SLOW for _, outcome in found)
    killed = len(found) - len(alive)
    unexplained = sum(mutant.key not in reasons for mutant in alive)
    lines = [
        f"# Mutants of the kernel: {', '.join(GROUPS[group].modules)}",
        "",
        f"Written by `python benchmarks/kernel_mutants.py --group {group}`: one syntax node",
        "of these trusted files is changed at a time, and their tests have to notice.",
        "One that has a reason to live is tried on the quick tests of its file alone.",
        "",
        *([note, ""] if note else []),
        f"- mutants: {len(found)}",
        f"- noticed: {killed} ({100 * killed / len(found):.1f} %), {slow} of them by running on",
        f"- survivors: {len(alive)}, without a reason: {unexplained}",
        "",
        "| line | change | why it may live |",
        "| --- | --- | --- |",
    ]
    lines += [f"{_row(each)}{reasons.get(each.key, '**unexplained**')} |" for each in alive]
    return "\n".join([*lines, ""])


def read_options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--group", choices=GROUPS, default="responses")
    parser.add_argument("--only", default="", help="a part of the key of the mutants to run")
    parser.add_argument("--sample", type=int, default=0, help="run so many, drawn with --seed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="without the slow tests")
    parser.add_argument("--trust", action="store_true", help="do not run what has a reason")
    parser.add_argument("--keep", type=Path, help="a file of outcomes to go on from")
    parser.add_argument(
        "--tests-added",
        action="store_true",
        help="the tests have only been added to since: count what is kept as noticed by older ones",
    )
    parser.add_argument("--again", action="store_true", help="the report's survivors alone")
    options = parser.parse_args()
    if options.again and (options.only or options.sample or options.quick or options.trust):
        parser.error("--again renews a whole report: leave out what makes one shorter")
    if options.tests_added and not options.keep:
        parser.error("--tests-added is about outcomes that are kept: name their file with --keep")
    return options


def main() -> int:
    """Run all mutants and write the report."""
    options = read_options()
    keep = options.keep and options.keep.resolve()
    reasons = read_reasons()
    old = stale(reasons)
    if old:
        print(
            f"{REASONS.name}: reasons for what is no mutant (any more); take them out:",
            *old,
            sep="\n",
        )
        return 1
    os.chdir(ROOT)
    for name in LOADED:
        importlib.import_module(name)
    gc.freeze()
    group = GROUPS[options.group]
    if run([None], group, 1, quick=options.quick) != [SURVIVED]:
        print("the tests fail on the kernel as it is")
        return 1
    todo = [
        mutant
        for module in group.modules
        for mutant in mutants(module)
        if options.only in mutant.key
    ]
    note = "Only their quick tests ran on them. " if options.quick else ""
    if options.sample:
        chance = random.Random(options.seed)
        drawn = chance.sample(todo, min(options.sample, len(todo)))
        tests = "only their quick tests" if options.quick else "all their tests"
        note = (
            f"A sample of {len(drawn)} of {len(todo)} mutants, drawn with the seed {options.seed}; "
            f"{tests} ran on it. "
        )
        todo = drawn
    path = HERE / group.report
    outcomes, slow = [""] * len(todo), 0
    kept = Kept(keep, group.tests, added=options.tests_added)
    if options.again:
        text = path.read_text(encoding="utf-8")
        outcomes = older(text, todo, reasons)
        slow = int(text.partition(" of them by running on")[0].rpartition(" ")[2])
        older_note = text.split("\n\n")[2].partition("- mutants")[0]
        note = f"{older_note} " if older_note else ""
        note += (
            f"{outcomes.count('')} of them, survivors of an older run or like one, ran again, with "
            "all tests, after tests were added; all other outcomes are those of that run. "
        )
    if options.trust:
        for place, each in enumerate(todo):
            if each.key in reasons and not kept.outcome(each, quick=True):
                outcomes[place] = SURVIVED
        note += f"{outcomes.count(SURVIVED)} that have a reason to live were not run. "
    waiting = [place for place, outcome in enumerate(outcomes) if not outcome]
    note += _of_older_tests(kept, [todo[place] for place in waiting], quick=options.quick)
    print(f"{len(waiting)} mutants", flush=True)
    ran = run(
        [todo[place] for place in waiting],
        group,
        options.jobs,
        quick=options.quick,
        reasons=reasons,
        kept=kept,
    )
    for place, outcome in zip(waiting, ran, strict=True):
        outcomes[place] = outcome
    found = list(zip(todo, outcomes, strict=True))
    text = report(found, reasons, options.group, note.strip(), slow)
    print(text)
    if options.sample and not options.only:
        path.with_stem(f"{path.stem}_sample").write_text(text, encoding="utf-8")
    elif not options.only:
        path.write_text(text, encoding="utf-8")
    return int("**unexplained**" in text)


if __name__ == "__main__":
    sys.exit(main())
