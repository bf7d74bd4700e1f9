"""A module imports only from its own stage of the pipeline and those above it."""

import ast
from functools import cache
from pathlib import Path

import pytest

import midpo_sym
from midpo_sym.kernel import TRUSTED

PACKAGE = Path(midpo_sym.__file__).parent
STAGES = [
    "session",
    "language",
    "spec",
    "kernel",
    "judges",
    "rules",
    "prover",
    "chains",
    "preferences",
    "plan",
    "atlas",
    "targets",
    "lab",
    "code",
    "pipeline",
    "api",
    "testing",
    "site",
    "cli",
]
LINES_OF_A_FILE = 400
LINES_OF_THE_SESSION = 150
FILES_OF_A_PACKAGE = 12  # at most, packages within it not counted
# What runs on torch alone, and what of this package it may import.
ISLANDS = {
    "tensor": {"tensor"},
    "losses": {"losses", "tensor"},
    "training": {"training", "tensor", "losses"},
}


@cache
def nodes(path: Path) -> list[ast.ImportFrom | ast.Import | ast.Call]:
    """Return the imports and calls of a file, those inside functions included."""
    wanted = (ast.ImportFrom, ast.Import, ast.Call)
    parsed = ast.parse(path.read_text(encoding="utf-8"))
    return [each for each in ast.walk(parsed) if isinstance(each, wanted)]


def imports(path: Path, package: str = "midpo_sym") -> set[str]:
    """Return the modules of the package that a file imports, late imports included."""
    found = set()
    for node in nodes(path):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
        elif isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
    return {each for each in found if each.split(".")[0] == package}


def stage(module: str) -> int | None:
    parts = module.split(".")
    return STAGES.index(parts[1]) if len(parts) > 1 and parts[1] in STAGES else None


def offences(root: Path) -> list[str]:
    """Return the imports that go against the direction of the pipeline."""
    found = []
    for path in sorted(root.rglob("*.py")):
        module = ".".join(["midpo_sym", *path.relative_to(root).with_suffix("").parts])
        here = stage(module)
        for wanted in imports(path) if here is not None else ():
            there = stage(wanted)
            if there is not None and there > here:
                found.append(f"{module} imports {wanted}")
    return found


def test_imports_run_one_way():
    assert offences(PACKAGE) == []


def strangers(root: Path) -> list[str]:
    """Return the imports of an island from outside of what it may use."""
    return [
        f"{path.relative_to(root)} imports {module}"
        for island, allowed in ISLANDS.items()
        for path in sorted((root / island).rglob("*.py"))
        for module in sorted(imports(path))
        if module.split(".")[1:2] and module.split(".")[1] not in allowed
    ]


def test_what_runs_on_torch_alone_imports_nothing_else():
    assert strangers(PACKAGE) == []


def test_a_loss_that_imports_the_prover_is_caught(tmp_path):
    (tmp_path / "losses").mkdir()
    (tmp_path / "losses" / "a.py").write_text("from midpo_sym.prover import judge\n")
    assert strangers(tmp_path) == [
        "losses/a.py imports midpo_sym.prover",
        "losses/a.py imports midpo_sym.prover.judge",
    ]


def test_the_check_can_fail(tmp_path):
    """A language module that imports the prover is caught, at the top and inside a function."""
    (tmp_path / "language").mkdir()
    (tmp_path / "language" / "a.py").write_text("from midpo_sym.prover import judge\n")
    (tmp_path / "language" / "b.py").write_text("def f():\n    import midpo_sym.cli\n")
    assert {each.split()[0] for each in offences(tmp_path)} == {
        "midpo_sym.language.a",
        "midpo_sym.language.b",
    }


@pytest.mark.slow
def test_the_trusted_files_rest_on_the_language_and_each_other_only():
    """Whatever the kernel imports has to be trusted too: trees and their text, what remembers."""
    before = {"midpo_sym.language", "midpo_sym.session"}
    for trusted in TRUSTED:
        for module in imports(PACKAGE / trusted.path):
            assert module == "midpo_sym.kernel" or any(
                module.startswith(each) for each in before
            ), f"{trusted.name} imports {module}"
        before.add(f"midpo_sym.kernel.{trusted.name}")


def test_the_list_of_trusted_files_is_the_package():
    found = {str(path.relative_to(PACKAGE)) for path in (PACKAGE / "kernel").rglob("*.py")}
    packages = {"kernel/__init__.py", "kernel/tower/__init__.py"}
    assert found - packages == {each.path for each in TRUSTED}


@pytest.mark.parametrize("trusted", TRUSTED, ids=lambda each: each.name)
def test_what_is_trusted_is_small(trusted):
    text = (PACKAGE / trusted.path).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= trusted.lines


def long_files(root: Path) -> list[str]:
    """Return the Python files that are longer than a reader likes."""
    return [
        str(path.relative_to(root))
        for path in sorted(root.rglob("*.py"))
        if len(path.read_text(encoding="utf-8").splitlines()) > LINES_OF_A_FILE
    ]


@pytest.mark.parametrize("folder", ["midpo_sym", "tests", "benchmarks"])
def test_no_file_is_long(folder):
    """But for the generated losses: each is as long as its formula."""
    generated = "losses/" if folder == "midpo_sym" else "none"
    long = long_files(PACKAGE.parent / folder)
    assert [each for each in long if not each.startswith(generated)] == []


def test_a_long_file_is_caught(tmp_path):
    (tmp_path / "a.py").write_text("\n" * LINES_OF_A_FILE)
    (tmp_path / "b.py").write_text("\n" * (LINES_OF_A_FILE + 1))
    assert long_files(tmp_path) == ["b.py"]


def readers_of_code(root: Path) -> list[str]:
    """Return the files of targets and plans that can read Python, or print what plans have none of.

    What checks a generated file reads it; nothing that prints one does.
    """
    readers = [
        f"{path.relative_to(root)} reads code"
        for path in sorted((root / "targets").rglob("*.py"))
        if "check" not in path.parts and path.name != "syntax.py" and imports(path, "ast")
    ]
    printers = [
        f"{path.relative_to(root)} prints"
        for path in sorted((root / "plan").rglob("*.py"))
        if any(each.startswith("midpo_sym.language.printing") for each in imports(path))
    ]
    return readers + printers


@pytest.mark.slow
def test_targets_print_from_operations_and_plans_print_nothing():
    assert readers_of_code(PACKAGE) == []


def test_a_target_that_reads_its_own_text_is_caught(tmp_path):
    (tmp_path / "targets" / "torch").mkdir(parents=True)
    (tmp_path / "targets" / "torch" / "a.py").write_text("import ast\n")
    (tmp_path / "plan").mkdir()
    (tmp_path / "plan" / "b.py").write_text("from midpo_sym.language.printing import text\n")
    assert readers_of_code(tmp_path) == ["targets/torch/a.py reads code", "plan/b.py prints"]


def test_the_memory_that_the_kernel_trusts_is_small_and_rests_on_nothing():
    path = PACKAGE / "session.py"
    assert imports(path) == set()
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LINES_OF_THE_SESSION


def rooms(root: Path) -> dict[str, int]:
    """Return how many files lie flat in each package."""
    return {
        str(path.parent.relative_to(root)): len([*path.parent.glob("*.py")]) - 1
        for path in root.rglob("__init__.py")
    }


def test_no_package_is_a_heap():
    """What is generated is as large as there are losses."""
    large = {name: n for name, n in rooms(PACKAGE).items() if n > FILES_OF_A_PACKAGE}
    assert set(large) <= {"losses", "losses/atlas"}


def test_only_the_kernel_names_the_seal():
    holders = [
        path.name for path in PACKAGE.rglob("*.py") if "_SEAL" in path.read_text(encoding="utf-8")
    ]
    assert holders == ["theorem.py"]


def test_nothing_executes_text():
    """No module calls eval, exec, compile, sympify or parse_expr; ast.parse runs nothing.

    One does, once: what runs a loss that has just been generated (decision 12).
    """
    runner = PACKAGE / "targets" / "torch" / "check" / "run_torch.py"
    called = []
    banned = {"eval", "exec", "compile", "sympify", "parse_expr", "__import__"}
    for path in PACKAGE.rglob("*.py"):
        for node in nodes(path):
            function = getattr(node, "func", None)  # an import has none
            if getattr(function, "id", getattr(function, "attr", "")) in banned:
                whole = ast.unparse(function)
                if path == runner:
                    called.append(whole)
                    continue
                assert whole in {"re.compile", "torch.compile"}, f"{path}: {whole}"
    assert called == ["exec", "compile"]
