"""The same work in several processes: in order, and with its errors."""

import os

import pytest

from midpo_sym import workers
from midpo_sym.prover.prove import prove_derivation
from midpo_sym.session import remembered
from midpo_sym.spec import SpecError, library
from midpo_sym.targets.terminal.summary import line

MANY = [*range(workers._ENOUGH)]


def squared(number):
    return number * number, os.getpid()


def refused(number):
    if number == 3:
        raise SpecError("file.toml", "the third is wrong")
    return number


@remembered(4)
def process_of(number):
    return number, os.getpid()


def asked_twice(number):
    return process_of(number) == process_of(number)


def lines_of(id_):
    return [line(each) for each in prove_derivation(library.get(id_))]


@pytest.fixture
def forked(monkeypatch):
    """Let two processes share the work, whatever this one has loaded."""
    monkeypatch.setattr(workers, "_may_fork", lambda: True)
    monkeypatch.setattr(workers, "_cores", lambda: 2)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # with threads of torch
@pytest.mark.usefixtures("forked")
def test_results_come_in_order_from_other_processes():
    found = [*workers.each_of(squared, MANY)]
    assert [each for each, _ in found] == [number * number for number in MANY]
    assert os.getpid() not in {process for _, process in found}


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.usefixtures("forked")
def test_an_error_of_a_task_comes_with_its_words():
    with pytest.raises(SpecError, match=r"file\.toml: the third is wrong"):
        [*workers.each_of(refused, MANY)]


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.usefixtures("forked")
def test_a_task_has_a_session():
    assert all(workers.each_of(asked_twice, MANY))


@pytest.mark.parametrize(("cores", "tasks"), [(1, MANY), (2, MANY[:-1]), (2, [])])
def test_little_work_is_done_here(cores, tasks, monkeypatch):
    monkeypatch.setattr(workers, "_may_fork", lambda: True)
    monkeypatch.setattr(workers, "_cores", lambda: cores)
    assert {process for _, process in workers.each_of(squared, tasks)} <= {os.getpid()}


def test_a_process_with_threads_is_not_copied(monkeypatch):
    monkeypatch.setattr(workers, "_threads", lambda: ["this one", "another"])
    assert not workers._may_fork()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.usefixtures("forked")
def test_lines_are_those_of_one_process(monkeypatch):
    """All but how long each took."""
    monkeypatch.setattr(workers, "_ENOUGH", 2)
    ids = ["dpo", "r_dpo"]
    there, here = [*workers.each_of(lines_of, ids)], [*map(lines_of, ids)]
    told = [[(one.id, one.value, one.gradient, one.needs) for one in each] for each in there]
    assert told == [[(one.id, one.value, one.gradient, one.needs) for one in each] for each in here]
