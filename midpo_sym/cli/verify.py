"""`midpo verify`: is a torch function the loss of a specification?"""

from __future__ import annotations

import ast
import contextlib
import signal
import sys
from collections.abc import Iterator
from typing import Any

import click

from midpo_sym.cli.console import AS_JSON, FAILED, PROVED, UsageError, print_json
from midpo_sym.spec import library


@click.command(
    epilog="Examples: midpo verify my_loss.py::my_loss --as dpo, "
    'midpo verify my_loss.py::simpo --as simpo --bind chosen_logps="log(pi(w))/length(w)" '
    '--bind rejected_logps="log(pi(l))/length(l)"'
)
@click.argument("target", metavar="FILE.py::NAME | MODULE:NAME")
@click.option("--as", "spec", required=True, metavar="ID | FILE", help="What it is to be.")
@click.option(
    "--bind",
    multiple=True,
    metavar="ARGUMENT=EXPRESSION",
    help="What an argument is, in words of the language.",
)
@click.option("--at", multiple=True, metavar="ARGUMENT=VALUE", help="A value for an argument.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    default=120,
    show_default=True,
    metavar="SECONDS",
    help="How long it may take.",
)
@AS_JSON
def verify(
    target: str,
    spec: str,
    bind: tuple[str, ...],
    at: tuple[str, ...],
    *,
    timeout: float,
    as_json: bool,
) -> None:
    """Prove that a torch function is the loss of a specification, or show where it is not.

    This imports the file and runs the function: the one command that executes code of yours. The
    function is run on small tensors, and torch's own operations are read, forward and backward.
    What is proved holds over the real numbers, for all values of its inputs. Where it differs, the
    arguments are shown, and what it is instead: the specification under another convention, a loss
    of the atlas, or its links, terms and prior, each proved.

    Arguments are known by their names, such as chosen_logps; what the names mean is printed with
    the answer. An argument may be a tensor of shape (batch,), log(pi(w)); of shape (batch, tokens),
    log(pi(w, t)), with a mask, mask(w); of chosen above rejected responses, log(pi(w)); log(pi(l));
    of logits, logits(pi(w)), not shifted, with labels(w), -100 where nothing counts; or a
    hyper-parameter.

    Exit status: 0 value, gradient and logged rewards are proved, 1 they are not, 2 the input is
    wrong.
    """
    derivation = library.find(spec)
    bindings = dict(_pair(each, "--bind") for each in bind)
    values = {name: _value(text) for name, text in (_pair(each, "--at") for each in at)}
    try:
        from midpo_sym.code.loading import load  # noqa: PLC0415 - loads torch
        from midpo_sym.code.verify import NotVerifiableError  # noqa: PLC0415
        from midpo_sym.code.wording import to_json  # noqa: PLC0415
        from midpo_sym.pipeline import Pipeline  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        message = "midpo verify needs PyTorch\n  cure: pip install torch"
        raise UsageError(message) from None
    try:
        with _limited(timeout), contextlib.redirect_stdout(sys.stderr):
            found = Pipeline().verify(load(target), derivation, bind=bindings, at=values)
    except NotVerifiableError as error:
        raise UsageError(str(error)) from None
    if as_json:
        print_json(to_json(found))
    else:
        click.echo(str(found))
    sys.exit(PROVED if found.proved else FAILED)


class _TooLongError(BaseException):
    """The time is over; no `except Exception` of the user's is to catch it."""


@contextlib.contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Stop what takes too long, where the system has alarms.

    Raises:
        UsageError: it took too long.
    """
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_: object) -> None:
        raise _TooLongError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1)  # again, should the code catch it
    try:
        yield
    except _TooLongError:
        message = f"it took more than {seconds:g} seconds\n  cure: a larger --timeout"
        raise UsageError(message) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _pair(text: str, option: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name.strip().isidentifier():
        raise UsageError(f"{option} {text}: not a name and what it is\n  allowed: NAME=...")
    return name.strip(), value.strip()


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text  # a word, such as the name of a type of loss
