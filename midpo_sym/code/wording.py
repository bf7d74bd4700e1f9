"""What is said of a verification, as text and as data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from midpo_sym.code.verdicts import Finding, Status, Verification

_SIGNS = {
    Status.PROVED: "✓",
    Status.DIFFERS: "✗",
    Status.UNDECIDED: "?",
    Status.UNREADABLE: "?",
}
_REDUCTIONS = {
    "mean": "mean over the pairs",
    "sum": "sum over the pairs",
    "mean over responses": "mean over the responses, two for each pair",
}
_PLACE = r"([wl])(\d+)(?:_(\d+)(?:_v(\d+))?)?"
_VARIABLE = re.compile(rf"_(_?[A-Za-z][A-Za-z0-9_]*?)_{_PLACE}\b")


def of_variable(name: str) -> str:
    """Return the name of a variable as the language has it: `log(pi(w))`, of pair 1."""
    match = _VARIABLE.fullmatch(name)
    if match is None:
        return name
    if match[5] is not None:
        return f"the logit of word {match[5]} for token {int(match[4]) + 1} of {match[2]}"
    return f"log({_written(match)})" if match[1] in ("pi", "ref", "prev") else _written(match)


def of_expression(text: str) -> str:
    """Return the text of an expression of variables in words of the language."""
    return _VARIABLE.sub(_written, text)


def _written(match: re.Match[str]) -> str:
    name, response, pair, token, word = match.groups()
    where = response if token is None else f"{response}, {int(token) + 1}"
    of = "" if pair == "1" else f" of pair {pair}"
    named = "the sum over tokens" if name.startswith("_sum_") else name
    at = "" if word is None else f" at word {word}"
    return f"{named}({where}){at}{of}"


def to_text(found: Verification) -> str:
    """Return the answer as the command prints it."""
    return "\n".join(_lines(found))


def _lines(found: Verification) -> Iterator[str]:
    yield f"{found.function} as {found.specification}"
    rows = [*_rows(found)]
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        yield f"  {name:<{width}}  {text}"
    before: Mapping[str, Any] | None = None
    for finding in found.findings.values():
        shown = finding.counterexample
        if shown is not None:
            if shown.arguments != before:
                yield "  where it differs:"
                yield from (f"    {name} = {value}" for name, value in shown.arguments.items())
            yield f"    {shown.what} = {shown.found:.10g}, and it should be {shown.wanted:.10g}"
            before = shown.arguments


def _rows(found: Verification) -> Iterator[tuple[str, str]]:
    width = max((len(text) for text, _ in found.binding.values()), default=0)
    for name, (text, reason) in found.binding.items():
        yield name, f"{text:<{width}}  {reason}"
    if found.symbolic and any(each.status is Status.PROVED for each in found.findings.values()):
        yield "holds for", f"all {', '.join(found.symbolic)} in their domains"
    for setting in found.settings:
        yield "at", ", ".join(f"{name} = {value}" for name, value in setting.items())
    for name, finding in found.findings.items():
        yield name, _verdict(found, finding)
    excluded = dict.fromkeys(each for one in found.findings.values() for each in one.excluded)
    for each in excluded:
        yield "not where", each
    for note in found.notes:
        yield "note", note
    for each in found.suggestions:
        yield "but", each


def _verdict(found: Verification, finding: Finding) -> str:
    text = f"{_SIGNS[finding.status]} {finding.status.value}"
    if finding.status is Status.PROVED:
        if found.settings:
            text += " at these hyper-parameters"
        if finding.reduction != "none":
            text += f"; the {_REDUCTIONS[finding.reduction]}"
    return f"{text}: {finding.reason}" if finding.reason else text


def to_json(found: Verification) -> dict[str, Any]:
    """Return the answer as data."""
    return {
        "function": found.function,
        "specification": found.specification,
        "proved": found.proved,
        "binding": {
            name: {"is": text, "because": reason} for name, (text, reason) in found.binding.items()
        },
        "symbolic": list(found.symbolic),
        "settings": [dict(each) for each in found.settings],
        "reduction": found.reduction,
        "findings": {name: _finding(each) for name, each in found.findings.items()},
        "notes": list(found.notes),
        "suggestions": list(found.suggestions),
    }


def _finding(each: Finding) -> dict[str, Any]:
    shown = each.counterexample
    data: dict[str, Any] = {
        "status": each.status.value,
        "reason": each.reason,
        "excluded": list(each.excluded),
        "reduction": each.reduction,
        "counterexample": None,
    }
    if shown is not None:
        data["counterexample"] = {
            "arguments": {name: _plain(value) for name, value in shown.arguments.items()},
            "what": shown.what,
            "found": shown.found,
            "wanted": shown.wanted,
        }
    return data


def _plain(value: Any) -> Any:
    return value if isinstance(value, (int, float, str, list, type(None))) else repr(value)
