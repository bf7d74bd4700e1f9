"""Run Coq: the library once, then each file, in a folder that is gone afterwards."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

from midpo_sym.targets.coq.emit import REQUIRE

# What the real numbers of Coq's standard library rest on, and nothing else.
ALLOWED_AXIOMS = frozenset(
    {
        "ClassicalDedekindReals.sig_forall_dec",
        "ClassicalDedekindReals.sig_not_dec",
        "Classical_Prop.classic",
        "FunctionalExtensionality.functional_extensionality_dep",
    }
)
# Each needs the first, and no more than those before it.
LIBRARY = ("MidpoCore", "MidpoRefute", "MidpoTheory", "MidpoGradient")
SECONDS = 300  # that a run of Coq may take, if nobody says otherwise
GIBIBYTES = 4  # of memory that it may use
_LIBRARY_SECONDS = 600  # the library is always the same, and takes under a minute
_LEAST = (8, 16)


class NoCheckerError(Exception):
    """There is no Coq on this machine, or it is too old."""

    advice = (
        "Debian and Ubuntu: apt-get install --no-install-recommends coq libcoq-stdlib; "
        "anywhere: opam install coq"
    )


class LibraryError(Exception):
    """Coq does not accept the library that comes with the package."""


@dataclass(frozen=True, slots=True)
class Coq:
    """The programs of an installed Coq.

    Attributes:
        coqc: the compiler.
        coqchk: the checker of compiled files, if it is there.
        version: such as `8.16.1`.
    """

    coqc: str
    coqchk: str | None
    version: str


@dataclass(frozen=True, slots=True)
class Check:
    """What Coq says of a file.

    Attributes:
        accepted: whether it accepts every line, and says what each theorem rests on.
        axioms: what each theorem rests on that the file asks about.
        seconds: how long it took.
        message: what Coq complains of.
        said: what it says otherwise.
        over: whether it was stopped at a limit of time or memory.
    """

    accepted: bool
    axioms: tuple[tuple[str, ...], ...]
    seconds: float
    message: str
    said: str = ""
    over: bool = False

    @property
    def all_axioms(self) -> tuple[str, ...]:
        """Return what the theorems rest on together, by name."""
        return tuple(sorted({axiom for each in self.axioms for axiom in each}))

    @property
    def foreign(self) -> tuple[str, ...]:
        """Return the axioms that are none of the allowed ones."""
        return tuple(each for each in self.all_axioms if each not in ALLOWED_AXIOMS)

    @property
    def sound(self) -> bool:
        """Return whether the file is accepted and rests on allowed axioms only."""
        return self.accepted and not self.foreign


def library() -> dict[str, str]:
    """Return the texts of the Coq library by the names of its files."""
    folder = resources.files("midpo_sym.targets.coq") / "library"
    return {name: (folder / f"{name}.v").read_text(encoding="utf-8") for name in LIBRARY}


def needed(requires: str = REQUIRE) -> tuple[str, ...]:
    """Return the texts of the library that a certificate needs: a standalone file holds them.

    Args:
        requires: what the certificate imports.
    """
    texts = library()
    return tuple(texts[name] for name in LIBRARY if name in requires)


def digest(text: str) -> str:
    """Return the sha256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def find() -> Coq:
    """Return the Coq of this machine.

    Raises:
        NoCheckerError: there is none, or it is too old.
    """
    coqc = shutil.which("coqc")
    if coqc is None:
        raise NoCheckerError("there is no Coq on this machine")
    try:
        done = _execute([coqc, "--version"], Path.cwd(), SECONDS)
    except OSError as error:
        raise NoCheckerError(f"{coqc} does not run: {error.strerror}") from None
    said = done[1]
    found = re.search(r"version (\d+)\.(\d+)(\.\d+)?", said)
    if found is None or tuple(map(int, found.group(1, 2))) < _LEAST:
        raise NoCheckerError("the Coq of this machine is older than 8.16")
    return Coq(coqc, shutil.which("coqchk"), found.group().removeprefix("version "))


@contextmanager
def workshop(coq: Coq, *, seconds: int = SECONDS) -> Iterator[Workshop]:
    """Compile the library in a temporary folder, and check files against it.

    Args:
        coq: what checks.
        seconds: that it may take for a file.

    Raises:
        LibraryError: Coq does not accept the library.
    """
    with tempfile.TemporaryDirectory(prefix="midpo-") as folder:
        place = Path(folder)
        (place / "library").mkdir()
        for name, text in library().items():
            (place / "library" / f"{name}.v").write_text(text, encoding="utf-8", newline="\n")
        patient = Workshop(coq, place, _LIBRARY_SECONDS)
        for name in LIBRARY:
            check = patient.run(place / "library" / f"{name}.v")
            if not check.accepted:
                raise LibraryError(f"{name}.v: {check.message}")
        yield Workshop(coq, place, seconds)


@dataclass(frozen=True)
class Workshop:
    """A folder with the compiled library.

    Attributes:
        coq: what checks.
        folder: where files are written; it is temporary.
        seconds: that Coq may take for a file.
    """

    coq: Coq
    folder: Path
    seconds: int = SECONDS

    def check(self, text: str, *, with_library: bool = True) -> Check:
        """Return what Coq says of a file with this text.

        Args:
            text: the file; it has to ask what its theorems rest on.
            with_library: whether it may import the library.
        """
        place = Path(tempfile.mkdtemp(dir=self.folder))
        return self._checked(place / "certificate.v", text, with_library=with_library)

    def add(self, name: str, text: str) -> Check:
        """Return what Coq says of a file that is put beside the library, for `recheck`."""
        return self._checked(self.folder / "library" / f"{name}.v", text, with_library=True)

    def _checked(self, path: Path, text: str, *, with_library: bool) -> Check:
        path.write_text(text, encoding="utf-8", newline="\n")
        check = self.run(path, with_library=with_library)
        asked = len(re.findall(r"^Print Assumptions ", text, re.MULTILINE))
        if check.accepted and not 0 < asked == len(check.axioms):
            return replace(check, accepted=False, message=_SILENT)
        return check

    def run(self, path: Path, *, with_library: bool = True) -> Check:
        """Return what Coq says of a file."""
        known = ["-Q", str(self.folder / "library"), "Midpo"] if with_library else []
        start = time.perf_counter()
        status, said, complaint = _execute(
            [self.coq.coqc, "-q", *known, str(path)], path.parent, self.seconds
        )
        seconds = time.perf_counter() - start
        if status is None or "out of memory" in complaint.lower():
            allowed = f"{GIBIBYTES} GiB" if status is not None else f"{self.seconds} seconds"
            message = f"Coq came to no end within {allowed}"
            return Check(accepted=False, axioms=(), seconds=seconds, message=message, over=True)
        accepted = status == 0
        return Check(
            accepted=accepted,
            axioms=assumptions(said) if accepted else (),
            seconds=seconds,
            message="" if accepted else complaint.replace(f"{path.parent}/", "").strip(),
            said=said,
        )

    def recheck(self, *added: str) -> str:
        """Return what `coqchk`, which trusts no tactic, says of the library; "" if all is well.

        The standard library itself is taken as it is.

        Args:
            added: names of files beside the library that are checked, too.

        Raises:
            NoCheckerError: there is no coqchk on this machine.
        """
        if self.coq.coqchk is None:
            raise NoCheckerError("there is no coqchk on this machine")
        modules = [part for name in (*LIBRARY, *added) for part in ("-norec", f"Midpo.{name}")]
        library = ["-Q", str(self.folder / "library"), "Midpo"]
        status, _, complaint = _execute(
            [self.coq.coqchk, "-silent", *library, *modules], self.folder, _LIBRARY_SECONDS
        )
        return "" if status == 0 else complaint.strip() or "coqchk failed"


_SILENT = "Coq accepts the file but does not say what each theorem rests on"


def assumptions(output: str) -> tuple[tuple[str, ...], ...]:
    """Return the axioms that Coq lists, for each theorem that it was asked about, in order."""
    found: list[list[str]] = []
    for line in output.splitlines():
        if line in {"Axioms:", "Closed under the global context"}:
            found.append([])
        elif found and (name := re.match(r"[^\s:]+", line)):
            found[-1].append(name.group())
    return tuple(tuple(sorted(each)) for each in found)


def _execute(command: list[str], folder: Path, seconds: int) -> tuple[int | None, str, str]:
    """Run a program, and end it at its limits or when this one is interrupted.

    Returns:
        Its exit status, None if its time was up; what it printed; what it complained of.
    """
    with subprocess.Popen(  # noqa: S603 - Coq, on files that this package wrote
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        cwd=folder,
        env=_environment(),
    ) as child:
        _bound(child.pid, seconds)
        try:
            said, complaint = child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            return None, "", ""
        except BaseException:
            child.kill()
            child.wait()  # gone before the folder that it works in
            raise
        return child.returncode, said, complaint


def _bound(pid: int, seconds: int) -> None:
    """Limit the memory of a program, where the system can: on Linux.

    And its processor time, so that it ends even if this program is killed.
    """
    try:
        import resource  # noqa: PLC0415 - not on every system
    except ImportError:
        return
    if sys.platform == "linux":
        with suppress(ProcessLookupError):
            memory = GIBIBYTES * 2**30
            resource.prlimit(pid, resource.RLIMIT_AS, (memory, memory))
            resource.prlimit(pid, resource.RLIMIT_CPU, (seconds + 1, seconds + 1))


def _environment() -> dict[str, str]:
    """Return the environment without what could lead Coq to other libraries."""
    ours = {"COQPATH", "COQLIB", "COQCORELIB", "ROCQPATH", "ROCQLIB", "OCAMLPATH"}
    return {key: value for key, value in os.environ.items() if key not in ours}
