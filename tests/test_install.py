"""The specifications are found from a wheel and from an editable install."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
PROGRAM = """
import midpo_sym
from midpo_sym.spec import library
print(library.directory())
print(*midpo_sym.ids("paper"))
print(midpo_sym.prove("dpo").verdict.status.value)
print(len(library.theories()), len(library.audits()))
"""


def python(*arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    python(
        *["-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w"],
        str(folder),
        str(ROOT),
        cwd=folder,
    )
    (path,) = folder.glob("midpo_sym-*.whl")
    return path


def test_the_wheel_holds_the_specifications_and_data(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    files = [path for path in (ROOT / "derivations").rglob("*") if path.is_file()]
    shipped = {f"midpo_sym/{path.relative_to(ROOT).as_posix()}" for path in files}
    assert shipped <= names
    assert {
        "midpo_sym/py.typed",
        "midpo_sym/targets/json/result.schema.json",
        "midpo_sym/targets/toml/templates/new.toml.jinja",
        "midpo_sym/targets/coq/library/MidpoCore.v",
        "midpo_sym/certificates/lock.json",
        "midpo_sym/certificates/dpo/claim_section_4.v",
    } <= names
    assert not any(name.startswith("tests/") for name in names)


def test_a_wheel_finds_its_specifications(wheel, tmp_path):
    """Unpacked alone into an empty folder, the package proves with the specifications in it."""
    zipfile.ZipFile(wheel).extractall(tmp_path)
    folder, ids, status, counts = python("-c", PROGRAM, cwd=tmp_path).splitlines()
    assert Path(folder) == tmp_path / "midpo_sym" / "derivations"
    assert ids.split() == sorted(ids.split(), key=lambda each: (each != "dpo", each))
    assert len(ids.split()) == 9
    assert status == "proved"
    assert counts == "8 7"  # files of the theory and of the audit


def test_an_editable_install_finds_those_of_the_repository(tmp_path):
    """An editable install is a .pth file that puts the repository on the path."""
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{PROGRAM}"
    folder, _, status, counts = python("-I", "-c", program, cwd=tmp_path).splitlines()
    assert Path(folder) == ROOT / "derivations"
    assert status == "proved"
    assert counts == "8 7"
