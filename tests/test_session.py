"""What is remembered lies in a session: its own, bounded, and of no influence on any answer."""

import ast
import copy
import json
import pickle
from pathlib import Path

import pytest

import midpo_sym
from midpo_sym import Session
from midpo_sym.chains.chain import check_chain
from midpo_sym.kernel import responses
from midpo_sym.language.build import log, pi
from midpo_sym.session import remembered, remembering
from midpo_sym.spec import library
from midpo_sym.spec.reading.theory import loads_theory
from midpo_sym.targets.json.report import report

PACKAGE = Path(midpo_sym.__file__).parent
MUTABLE = (ast.Dict, ast.List, ast.Set, ast.DictComp, ast.ListComp, ast.SetComp)
MAKERS = {"dict", "list", "set", "defaultdict", "OrderedDict", "Counter", "deque", "ContextVar"}
CACHES = {"lru_cache", "cache"}
CHANGES = {
    *("add", "append", "appendleft", "clear", "discard", "extend", "insert", "move_to_end", "pop"),
    *("popitem", "popleft", "remove", "reverse", "setdefault", "sort", "update"),
}
# Names of modules that hold something else from one moment to the next, and why they may.
ARGUED = {
    ("session.py", "_active"): "which session is active, not what it remembers",
    ("site/maths/markdown_math.py", "_page"): "the page being drawn, for errors; of one context",
    ("tensor/inputs/values.py", "_wanted"): "what the call in hand asked for; of one context",
}


def memories(root: Path) -> set[tuple[str, str]]:
    """Return the caches of a package, and the names of modules whose values functions change.

    A table that is only read is no memory. What may be one is a name of a module that is given a
    dictionary, a list, a set or a context variable; it is one if anything in the package changes
    it: by assignment to an item, by a method such as `append`, or by `global`.
    """
    trees = {
        str(path.relative_to(root)): ast.parse(path.read_text(encoding="utf-8"))
        for path in root.rglob("*.py")
    }
    found = set()
    elsewhere = set().union(*(changed(module, imported=True) for module in trees.values()))
    for file, module in trees.items():
        for node in ast.walk(module):
            if isinstance(node, ast.Global):
                found |= {(file, name) for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module == "functools":
                found |= {(file, each.name) for each in node.names if each.name in CACHES}
            elif isinstance(node, ast.Attribute) and ast.unparse(node) in (
                f"functools.{each}" for each in CACHES
            ):
                found.add((file, node.attr))
        names = candidates(module)
        found |= {(file, name) for name, context in names.items() if context}
        found |= {(file, name) for name in names.keys() & (changed(module) | elsewhere)}
    return found


def candidates(module: ast.Module) -> dict[str, bool]:
    """Return the names that a module gives something mutable; whether it is a context variable."""
    found = {}
    bodies = [module.body, *(each.body for each in module.body if isinstance(each, ast.ClassDef))]
    for statement in (each for body in bodies for each in body):
        if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
            continue
        value = statement.value
        maker = ast.unparse(value.func).rpartition(".")[2] if isinstance(value, ast.Call) else ""
        if isinstance(value, MUTABLE) or maker in MAKERS:
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            for each in targets:
                if isinstance(each, ast.Name):
                    found[each.id] = maker == "ContextVar"
    return found


def changed(module: ast.Module, *, imported: bool = False) -> set[str]:
    """Return the names of a module, or else those it imports, that its functions change."""
    ours = {
        each.asname or each.name
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom)
        for each in node.names
    }
    found = set()
    for function in ast.walk(module):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
                found.add(name_of(node.value))
            elif isinstance(node, ast.AugAssign):
                found.add(name_of(node.target))
            elif (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in CHANGES
            ):
                found.add(name_of(node.func.value))
        local = {
            node.id
            for node in ast.walk(function)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        found -= local
    return found & ours if imported else found - ours


def name_of(node: ast.expr) -> str:
    """Return the name that is changed: of `a` or `cls.a`; "" of anything else."""
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if ast.unparse(node).startswith("cls.") else ""  # type: ignore[attr-defined]


@pytest.mark.slow
def test_nothing_is_remembered_outside_of_a_session():
    assert memories(PACKAGE) == set(ARGUED)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("from functools import lru_cache\n", "lru_cache"),
        ("import functools\n@functools.cache\ndef f():\n    return 1\n", "cache"),
        ("_seen = {}\ndef f(a):\n    _seen[a] = 1\n", "_seen"),
        ("_seen: list[int] = []\ndef f(a):\n    _seen.append(a)\n", "_seen"),
        ("_seen = set()\ndef f(a):\n    _seen.add(a)\n", "_seen"),
        ("_last = 0\ndef f(a):\n    global _last\n    _last = a\n", "_last"),
        (
            "class A:\n    seen = {}\n    @classmethod\n    def f(cls):\n        cls.seen[1] = 2\n",
            "seen",
        ),
        ("from contextvars import ContextVar\n_now = ContextVar('now')\n", "_now"),
    ],
)
def test_a_memory_is_found(text, name, tmp_path):
    (tmp_path / "a.py").write_text(text)
    assert memories(tmp_path) == {("a.py", name)}


def test_a_memory_that_another_module_fills_is_found(tmp_path):
    (tmp_path / "a.py").write_text("seen = {}\n")
    (tmp_path / "b.py").write_text("from a import seen\ndef f(a):\n    seen[a] = 1\n")
    assert memories(tmp_path) == {("a.py", "seen")}


def test_a_table_that_is_only_read_is_no_memory(tmp_path):
    (tmp_path / "a.py").write_text(
        "TABLE = {1: 2}\ndef f(a):\n    found = {}\n    found[a] = TABLE[a]\n    return found\n"
    )
    assert memories(tmp_path) == set()


class Counted:
    """A function that counts its calls, remembered for its last two arguments."""

    def __init__(self):
        self.calls = []

        @remembered(2)
        def square(number, *, of=1):
            self.calls.append(number)
            if number < 0:
                raise ArithmeticError
            return number * number * of

        self.square = square


@pytest.fixture
def counted():
    return Counted()


def test_a_session_remembers(counted):
    with remembering(Session()):
        assert [counted.square(3), counted.square(3), counted.square(3, of=2)] == [9, 9, 18]
    assert counted.calls == [3, 3]


def test_two_sessions_share_nothing(counted):
    for _ in range(2):
        with remembering(Session()):
            counted.square(3)
    assert counted.calls == [3, 3]


def test_the_session_before_is_active_again(counted):
    with remembering(Session()):
        counted.square(3)
        with remembering(Session()) as inner, remembering() as same:
            assert same is inner
            counted.square(3)
        counted.square(3)
    assert counted.calls == [3, 3]


def test_an_error_is_not_remembered(counted):
    with remembering(Session()):
        for _ in range(2):
            with pytest.raises(ArithmeticError):
                counted.square(-1)
    assert counted.calls == [-1, -1]


def test_a_session_is_bounded(counted):
    """Of 100 numbers two are left: the last, and the first, which is asked for each time."""
    with remembering(Session()) as session:
        for number in range(1, 100):
            counted.square(0)
            counted.square(number)
        assert set(session.sizes().values()) == {2}
        assert counted.calls == list(range(100))
        counted.square(98)
        assert counted.calls[-1] == 98


@pytest.mark.slow
def test_what_the_kernel_reads_is_bounded():
    """Of 300 expressions the session keeps 256 readings."""
    with remembering(Session()) as session:
        for number in range(300):
            responses.read((log(pi("w")) + number,))
        assert session.sizes() == {"midpo_sym.kernel.responses.read": 256}


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
def test_a_copy_starts_with_nothing(copied):
    result = midpo_sym.prove("dpo", session=Session())
    assert sum(result.session.sizes().values()) > 0
    assert copied(result.session).sizes() == {}


def test_a_result_remembers_in_the_session_it_was_made_in():
    session = Session()
    result = midpo_sym.prove("dpo", session=session)
    assert result.session is session
    assert midpo_sym.prove("dpo", session=session) is result
    assert midpo_sym.prove("dpo", session=Session()).session is not session


def printed(ids: list[str], session: Session) -> dict[str, str]:
    """Return the whole report on each specification, proved in this order; times left out."""
    found = {}
    for id_ in ids:
        results = midpo_sym.check(id_, session=session)
        with remembering(session):
            made = report(results, {}, steps=True, timed=False)
        found[id_] = json.dumps(made, ensure_ascii=False)
    return found


@pytest.mark.slow
def test_no_answer_depends_on_what_was_asked_before():
    """Forwards, backwards, twice in one session, and each by itself: the same to the byte."""
    ids = ["dpo", "simpo", "r_dpo", "dice"]
    session = Session()
    forwards = printed(ids, session)
    assert printed(ids[::-1], Session()) == forwards
    assert printed(ids, session) == forwards
    assert {id_: printed([id_], Session())[id_] for id_ in ids} == forwards


@pytest.mark.slow
def test_a_chain_is_checked_again_if_a_file_that_it_cites_is_edited(tmp_path):
    """`objective` cites `lemma_1`: beside it lies a copy, then one whose last line is false."""
    home = library.directory() / "theory"
    for path in home.glob("*.toml"):
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    path = tmp_path / "objective.toml"
    theory = loads_theory(path.read_text(encoding="utf-8"), path)
    chain = next(
        chain
        for chain in theory.chains
        if any(cited.id == "lemma_1/split" for step in chain.steps for cited in step.by)
    )
    with remembering(Session()):
        assert check_chain(chain, theory.setting).failure == ""
        lemma = tmp_path / "lemma_1.toml"
        before = lemma.read_text(encoding="utf-8")
        lemma.write_text(before.replace('id    = "split"', 'id    = "parted"'), encoding="utf-8")
        assert lemma.read_text(encoding="utf-8") != before
        assert "lemma_1/split" in check_chain(chain, theory.setting).failure
        lemma.write_text(before, encoding="utf-8")
        assert check_chain(chain, theory.setting).failure == ""
