"""All that the attack reads of `midpo_sym`, in one place: its answers as plain data.

Only what users get is read: the API, the JSON of its reports, the files it writes.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
from click.testing import CliRunner

import midpo_sym
from midpo_sym import cli
from midpo_sym.kernel.forms import ZeroDenominatorError
from midpo_sym.language.printing.mathematics import to_latex
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.tree import Parameter
from midpo_sym.targets.coq.emit import Certificate, emit
from midpo_sym.targets.json.equivalence import comparison as comparison_json
from midpo_sym.targets.json.report import _part as part_json  # the part about one term
from midpo_sym.targets.json.report import _verdict as verdict_json  # and about one verdict
from midpo_sym.targets.json.report import report
from midpo_sym.targets.json.shapes import loss as loss_json
from midpo_sym.targets.latex.losses import to_document
from midpo_sym.targets.torch.errors import NotGeneratedError, WrongCodeError

SCHEMA = Path(midpo_sym.__file__).parent / "targets" / "json" / "result.schema.json"
COMPARISON_SCHEMA = json.loads(
    SCHEMA.with_name("comparison.schema.json").read_text(encoding="utf-8")
)
REFUSED = (NotGeneratedError, midpo_sym.SpecError)  # by `generate`, with the reason
CONTROL = re.compile(r"(?<!\\)(?:\\\\)*\\([A-Za-z]+)")  # a doubled backslash breaks a line


def comparison(one: Path, other: Path) -> Any:
    """Return what is said of two losses, as it is printed."""
    return json.loads(json.dumps(comparison_json(midpo_sym.diff(one, other))))


@dataclass(frozen=True)
class Verdict:
    """The verdict on a value or a gradient, as JSON says it."""

    status: str
    conditions: tuple[str, ...]  # what must differ from zero
    positive: tuple[str, ...]  # what must be more than zero
    given: tuple[str, ...]  # conditions that are said to hold by the domains
    residual: str | None
    witness: dict[str, Any] | None
    cures: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Answer:
    """What came out for one statement of a file."""

    claim: str  # its id, "" for what [prior] and [loss] say
    value: Verdict
    gradient: Verdict
    rewards: tuple[str | None, str | None]
    result: Any
    found: dict[str, Any] | None = None  # the report on it, and how names are printed in LaTeX

    @property
    def proved(self) -> bool:
        return self.value.status == "proved"


@dataclass(frozen=True)
class Prior:
    """What `midpo prior` says: `reach` is response, label, pair or unknown."""

    reach: str
    zeta: str | None
    link: str | None = None  # under which it gives what is said: that of the loss if left out
    needed: bool = True  # whether it is said that a prior has to know so much
    failure: dict[str, Any] | None = None  # the point that shows it
    of: str = "this loss"  # what MI-DPO is said to have with it


def answers(path: Path, *, brief: bool = False) -> list[Answer]:
    """Check every claim of a file. Raises what `midpo_sym.check` raises.

    In brief, verdicts are read alone, which spares the properties and the prior of a report.
    """
    make = _brief if brief else _answer
    return [make(result) for result in midpo_sym.check(path)]


def terms_of(answer: Answer) -> Answer:
    """Return an answer with what is said of each term, without the rest of a report."""
    result = answer.result
    found = {
        "statement": loss_json(result.statement.target, result.derivation.symbols),
        "parts": [part_json(each) for each in result.parts],
        "symbols": _symbols(result),
    }
    chosen, rejected = map(to_text, result.rewards)
    return replace(answer, found=found, rewards=(chosen, rejected))


def _brief(result: Any) -> Answer:
    verdicts = result.verdict, result.gradient
    value, gradient = (verdict_json(each, result.statement) for each in verdicts)
    claim = result.claim.id if result.claim else ""
    return Answer(claim, verdict(value), verdict(gradient), (None, None), result)


def _answer(result: Any) -> Answer:
    (found,) = report([result], {})["results"]
    properties = found["properties"] or {}
    rewards = properties.get("implicit_reward", {})
    return Answer(
        claim=found["claim"]["id"] if found["claim"] else "",
        value=verdict(found["value"]),
        gradient=verdict(found["gradient"]),
        rewards=(rewards.get("chosen"), rewards.get("rejected")),
        result=result,
        found=found | {"symbols": _symbols(result)},
    )


def _symbols(result: Any) -> dict[str, str]:
    """Return the names that are declared, by what they are in LaTeX."""
    symbols = result.derivation.symbols
    return {
        to_latex(Parameter(name, "real"), symbols): name
        for name in (each.name for each in result.derivation.declarations)
    }


def verdict(found: dict[str, Any]) -> Verdict:
    conditions = found.get("conditions", ())
    return Verdict(
        status=found["status"],
        conditions=tuple(each["nonzero"] for each in conditions),
        positive=tuple(
            match[1]
            for each in found.get("assumptions", ())
            if (match := re.fullmatch("the scale (.+) is positive", each))
        ),
        given=tuple(each["nonzero"] for each in conditions if each["given_by"]),
        residual=found.get("residual"),
        witness=found.get("witness"),
        cures=tuple((each["parameter"], each["value"]) for each in found.get("holds_for", ())),
    )


def problems_of_json(answer: Answer) -> str | None:
    """Return how the report breaks its own schema, None if it does not."""
    found = report([answer.result], {}, steps=True)
    errors = list(_validator().iter_errors(json.loads(json.dumps(found))))
    return errors[0].message if errors else None


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def steps(answer: Answer) -> dict[str, list[tuple[str, str]]] | None:
    """Return the lines of each chain of a derivation, before and after each rule."""
    (found,) = report([answer.result], {}, steps=True)["results"]
    if found["steps"] is None:
        return None
    return {
        name: [(each["before"], each["after"]) for each in chain]
        for name, chain in found["steps"].items()
        if name != "of_losses"
    }


def prior(path: Path) -> Prior:
    """Return the prior that is said to give the loss of a file."""
    done = CliRunner().invoke(cli.cli, ["prior", "--json", str(path)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    found = json.loads(done.stdout)
    return _prior(found)


def prior_of(answer: Answer) -> Prior:
    """Return the prior that the report on a statement names."""
    (found,) = report([answer.result], {})["results"]
    found = found["prior_for_this_loss"]
    return _prior(found)


def _prior(found: dict[str, Any]) -> Prior:
    """Return a prior: of the loss itself, or else of the argument of its link."""
    link = "logsigmoid" if found["gives"] == "argument" else found["link"]
    said = found["reach"], found["zeta"], link, found["needed"], found["failure"]
    return Prior(*said, found["of"])


def latex(answer: Answer) -> str:
    return to_document([answer.result])


@cache
def control_words() -> frozenset[str]:
    """Return the control words of LaTeX in what is shipped."""
    text = "\n".join(to_document(midpo_sym.check(each)) for each in midpo_sym.ids("paper"))
    return frozenset(CONTROL.findall(text))


def certificate(answer: Answer) -> str | None:
    """Return the text of a certificate, None if it is said that there can be none."""
    found = emit(answer.result)
    return found.text if isinstance(found, Certificate) else None


def generate(path: Path) -> str:
    """Return the torch loss of a file."""
    return midpo_sym.generate(path)


def is_wrong_code(error: Exception) -> bool:
    """Return whether an error says that code was generated and is not what it should be."""
    return isinstance(error, WrongCodeError)


def printed(path: Path) -> str:
    """Return what `midpo prove --steps` prints."""
    done = CliRunner().invoke(cli.cli, ["prove", str(path), "--steps"])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    if done.exit_code not in (0, 1):
        raise AssertionError(f"exit status {done.exit_code}: {done.output[-300:]}")
    return done.output


def divides_by_zero(error: Exception) -> bool:
    """Return whether an error says that a statement always divides by zero."""
    words = "always zero" in str(error) or "that is zero" in str(error)
    return isinstance(error, ZeroDenominatorError) or (
        isinstance(error, midpo_sym.SpecError) and words
    )


def has_no_positive_scale(error: Exception) -> bool:
    """Return whether an error says that a scale is never positive."""
    return isinstance(error, midpo_sym.SpecError) and "the scale of MI-DPO" in str(error)
