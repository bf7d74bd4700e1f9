"""Peak extra memory of a step, each in a process of its own.

The peak is the kernel's own: the largest resident set since a mark set just before the step,
through /proc/self/clear_refs, less the resident set at that mark, when inputs and libraries are
there already. It has every allocation in it, the gradients and what libraries beneath torch take
included. Linux only.

A server imports the libraries once and forks for every measurement, so that no measurement meets
what another one left behind.
"""

import ctypes
import gc
import json
import os
import re
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

import torch

from .clock import renew, warm_up
from .figures import Figure
from .inputs import Size, draw
from .methods import METHODS, go

MIB = 2**20
PROBE = 256  # MiB of a check that the measurement measures
STATUS = Path("/proc/self/status")

Case = tuple[str, str, str, Size]  # path, loss, method, size


def resident(name: str) -> float:
    """Return VmRSS, the resident set, or VmHWM, its peak; MiB."""
    found = re.search(rf"^{name}:\s+(\d+) kB$", STATUS.read_text(encoding="ascii"), re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1024


def peak_of(work: Callable[[], object]) -> float:
    """Return the peak extra memory of a call; MiB."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = resident("VmRSS")
    work()
    return resident("VmHWM") - before


def extra(path: str, loss: str, name: str, size: Size) -> float:
    """Return the peak extra memory of a step of a method; MiB."""
    (method,) = (each for each in METHODS if each.path == path and each.name == name)
    warm_up(method, path, loss, size)
    inputs = draw(path, loss, size)
    step = method.make(loss, inputs)
    if method.compiles:
        go(step)
        renew(inputs, None)
    return peak_of(lambda: go(step))


def check() -> None:
    """Stop if the peak of a call that takes a known amount of memory is another amount."""

    def take() -> None:
        torch.zeros(PROBE * MIB, dtype=torch.uint8).add_(1)

    take()  # the code it runs is resident from here on
    found = peak_of(take)
    if abs(found - PROBE) > PROBE / 50:
        sys.exit(f"memory: {PROBE} MiB were taken and {found:.0f} MiB measured")


def forked(work: Callable[[], object]) -> str:
    """Return as JSON what a call returns in a fork of this process."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(writing, json.dumps(work()).encode())
        except BaseException:  # noqa: BLE001 - the child ends here, whatever happened
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as answers:
        answer = answers.read()
    if os.waitpid(child, 0)[1]:
        sys.exit("memory: a measurement failed, its error stands above")
    return answer


def serve() -> None:
    """Answer every line of JSON on standard input, a case, with its extra memory."""
    torch.set_num_threads(1)
    forked(check)
    for line in sys.stdin:
        path, loss, name, size = json.loads(line)
        print(forked(lambda p=path, o=loss, n=name, s=size: extra(p, o, n, Size(**s))), flush=True)


def figures(
    part: str, cases: Iterable[Case], watch: Callable[[str], None] = lambda _: None
) -> list[Figure]:
    """Return the peak extra memory of every case."""
    command = [sys.executable, "-m", "loss_speed.memory"]
    places = [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    rows = []
    with subprocess.Popen(
        command,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(places)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        for path, loss, name, size in cases:
            watch(f"memory, {path}, {loss}, {name}")
            print(json.dumps((path, loss, name, asdict(size))), file=server.stdin, flush=True)
            answer = server.stdout.readline()
            if not answer:
                sys.exit(f"memory: no answer for {name}, {loss} from {path}")
            value = max(0.0, json.loads(answer))
            rows.append(Figure(part, path, loss, name, "extra_mib", value, 1, size))
        server.stdin.close()
    return rows


if __name__ == "__main__":
    serve()
