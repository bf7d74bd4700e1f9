"""A draft as a TOML file, with what else a file may have: claims, sources, symbols."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from generators.changes import CHANGES
from generators.draft import Draft, LossTerm
from generators.rules import keeps, legal
from generators.terms import ONE, Term, Writer, add, has, mul, num

LONGEST = 3500
DEFAULTS = {"real": "-1/2", "nonnegative": "0", "positive": "1/10", "unit": "1/3"}
DEFAULTS |= {"open unit": "1/4"}

LETTERS = {"lambda": "λ", "nu": "ν", "phi": "φ", "xi": "ξ"}
Row = dict[str, Any]


def _quoted(draft: Draft, text: str, *, expression: bool = False) -> str:
    """Return a TOML value; a whole number needs no quotes where an expression is meant."""
    if expression and text.isdigit() and draft.rng.random() < 0.5:
        return text
    if "\n" in text:
        return f'"""{text}"""'
    if "\\" in text:
        return f"'{text}'"
    return f'"{text}"'


def _expression(draft: Draft, term: Term) -> str:
    return _quoted(draft, Writer(draft.rng).write(term), expression=True)


def _inline(row: Row) -> str:
    return "{ " + ", ".join(f"{key} = {value}" for key, value in row.items()) + " }"


def _symbols(draft: Draft, number: int, kind: str) -> Row:
    """Return symbols for a name, each only once in a file; c1 and mu2 have lower numbers."""
    row: Row = {}
    if draft.rng.random() < 0.15:
        row["latex"] = f"'\\{kind}_{{{number + 3}}}'"
    if draft.rng.random() < 0.15:
        row["unicode"] = f'"{LETTERS[kind]}{chr(0x2080 + number + 3)}"'
    return row


def _torch(draft: Draft, name: str) -> Row:
    return {"torch": f'"{name}_value"'} if draft.rng.random() < 0.3 else {}


def _parameter(draft: Draft, name: str, number: int) -> Row:
    domain = draft.parameters[name]
    row: Row = {"domain": f'"{domain}"'}
    if draft.rng.random() < 0.5:
        row["default"] = _quoted(draft, DEFAULTS[domain], expression=True)
    row["meaning"] = f'"the {name} of the loss"'
    return row | _symbols(draft, number, "lambda") | _torch(draft, name)


def _weight(draft: Draft, name: str, number: int) -> Row:
    domain, by_label = draft.weights[name]
    row: Row = {"domain": f'"{domain}"'}
    if by_label or draft.rng.random() < 0.4:
        row["by_label"] = str(by_label).lower()
    row["meaning"] = '"a mask of tokens"'
    return row | _symbols(draft, number, "nu") | _torch(draft, name)


def _datum(draft: Draft, name: str, number: int) -> Row:
    of, domain, by_label = draft.data[name]
    row: Row = {"of": f'"{of}"', "domain": f'"{domain}"'}
    if by_label:
        row["by_label"] = "true"
    row["meaning"] = '"a number that is given"'
    return row | _symbols(draft, number, "xi") | _torch(draft, name)


def _definition(draft: Draft, name: str, number: int) -> Row:
    of, body = draft.definitions[name]
    row: Row = {"of": f'"{of}"'} if of else {}
    row["is"] = _expression(draft, body)
    if draft.rng.random() < 0.3:
        row["meaning"] = '"an abbreviation"'
    return row | _symbols(draft, number, "phi")


def file(draft: Draft, rows: list[Row]) -> str | None:
    """Return the file, None if an expression in it is too long."""
    rng = draft.rng
    lines = ['title = "A random loss"', 'summary = "Drawn at random, to be judged."']
    if rng.random() < 0.1:
        lines.append('name = "A loss drawn at random"')
    if rng.random() < 0.1:
        lines.append('source = { work = "Doe and Doe, 2025", place = "equation 3" }')
    if rng.random() < 0.1:
        lines.append("notes = '''\nNothing *special*.\n'''")
    if rng.random() < 0.1:
        lines.append('elsewhere = "Nobody else has it."')
    tables = (
        ("parameters", draft.parameters, _parameter),
        ("weights", draft.weights, _weight),
        ("data", draft.data, _datum),
        ("definitions", draft.definitions, _definition),
    )
    for table, names, make in tables:
        if names:
            lines.append(f"\n[{table}]")
        for number, name in enumerate(names, start=1):
            lines.append(f"{name} = {_inline(make(draft, name, number))}")
    prior = {"zeta": _expression(draft, draft.zeta)}
    if draft.scale != ("par", "alpha") or rng.random() < 0.1:
        prior["scale"] = _expression(draft, draft.scale)
    if draft.gives != "loss":
        prior["gives"] = f'"{draft.gives}"'
    lines += ["\n[prior]", *(f"{key} = {value}" for key, value in prior.items())]
    lines += loss(draft, "loss")
    for row in rows:
        lines += ["\n[[claim]]", *(f"{key} = {value}" for key, value in row.items())]
    text = "\n".join(lines) + "\n"
    return text if max(map(len, text.split("=", 1))) < 4 * LONGEST and _short(text) else None


def loss(draft: Draft, table: str) -> list[str]:
    """Return the lines of a loss: [loss], or the same keys of a claim."""
    rng = draft.rng
    head = ["\n[loss]"] if table == "loss" else []
    if not draft.terms:
        row = {"argument": _expression(draft, draft.argument)}
        if draft.link != "logsigmoid" or rng.random() < 0.1:
            row = {"link": f'"{draft.link}"'} | row
        return [*head, *(f"{key} = {value}" for key, value in row.items())]
    if draft.plus:
        head.append(f"plus = {_expression(draft, draft.plus)}")
    only, *more = draft.terms
    if not more and only.weight == ONE and rng.random() < 0.6:
        return [*head, *_term(draft, only)]
    return [*head, terms(draft, table)]


def terms(draft: Draft, table: str) -> str:
    """Return the terms of a loss, or of that of a claim."""
    lines = []
    for term in draft.terms:
        lines += [f"\n[[{table}.term]]", *_term(draft, term)]
    return "\n".join(lines)


def _term(draft: Draft, term: LossTerm) -> list[str]:
    """Return the lines of one term of a loss."""
    lines = []
    if term.weight != ONE or (draft.terms[1:] and draft.rng.random() < 0.1):
        lines.append(f"weight = {_expression(draft, term.weight)}")
    if term.link != "logsigmoid" or draft.rng.random() < 0.1:
        text = term.link if isinstance(term.link, str) else Writer(draft.rng).write(term.link)
        lines.append(f"link = {_quoted(draft, text)}")
    return [*lines, f"argument = {_expression(draft, term.argument)}"]


def _short(text: str) -> bool:
    return all(len(each) < LONGEST for each in text.split("\n[")) and len(text) < 20_000


def claims(draft: Draft) -> list[Row]:
    """Return claims: the file's own statement, and some that replace a part.

    The status is a guess, as it is in anybody's file; whether it comes out is not looked at.
    """
    rng = draft.rng
    rows = []
    if rng.random() < 0.2:
        rows.append(_claim(draft, "own", {}))
    if rng.random() < 0.5:
        replaced = _replaced(draft)
        if replaced:
            rows.append(_claim(draft, "other", replaced))
    return rows


def _claim(draft: Draft, name: str, parts: Row) -> Row:
    rng = draft.rng
    status = "refuted" if "residual" in parts else rng.choice(["proved", "refuted", "undecided"])
    row: Row = {
        "id": f'"{name}"',
        "work": '"Doe and Doe, 2025"',
        "place": '"section 3"',
        "status": f'"{status}"',
    }
    if rng.random() < 0.3:
        row["gradient"] = f'"{rng.choice(["proved", "refuted", "undecided"])}"'
    if rng.random() < 0.3:
        row["note"] = '"As it is printed."'
    return row | parts


def _replaced(draft: Draft) -> Row | None:
    """Return the parts that a claim replaces."""
    rng = draft.rng
    match rng.randrange(7):
        case 0:
            zeta = rng.choice([("mul", num(3), draft.zeta), ("whole", "ref", "y")])
            return {"zeta": _expression(draft, zeta)}
        case 1:
            scale = rng.choice([("mul", num(2), draft.scale), num(1)])
            return {"scale": _expression(draft, scale)}
        case 2:
            link = rng.choice(["logsigmoid", "identity", "hinge", "square", "sigmoid"])
            return {"link": f'"{link}"'}
        case 3:
            changed = CHANGES[rng.choice([*CHANGES])](draft.argument, draft)
            if changed is None or not keeps(changed, draft, labels=False):
                return None
            return {"argument": _expression(draft, changed)}
        case 4 if draft.link == "logsigmoid":
            # MI-DPO minus a loss with an offset that its own statement has not.
            offset = rng.choice([num(1), *(("par", name) for name in draft.parameters)])
            row = {"argument": _expression(draft, add(draft.argument, offset))}
            return row | {"residual": _expression(draft, mul(num(-1), offset))}
        case 5 if draft.definitions:
            name = rng.choice([*draft.definitions])
            _, body = draft.definitions[name]
            if has(body, "short0", "short1", "short2") or not legal(draft):
                return None  # the other value of a definition may not use definitions
            other = ("mul", num(rng.choice([Fraction(1, 2), Fraction(2)])), body)
            return {"where": f"{{ {name} = {_expression(draft, other)} }}"}
    if not draft.parameters:
        return None
    name = rng.choice([*draft.parameters])
    value = {"unit": "1", "nonnegative": "0", "real": "0", "positive": "2"}[draft.parameters[name]]
    return {"where": f"{{ {name} = {_quoted(draft, value, expression=True)} }}"}
