"""The chains of a file of the theory: steps, the rules they name, the chains they cite."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from midpo_sym.language import indexed
from midpo_sym.language.errors import Advice
from midpo_sym.language.laws import THEORY_RULES, Law
from midpo_sym.language.tree import Expression
from midpo_sym.spec.reading.place import KeyPath
from midpo_sym.spec.reading.tables import did_you_mean, short
from midpo_sym.spec.theory import Chain, ChainStep, Cited, Replacement

if TYPE_CHECKING:
    from midpo_sym.spec.reading.theory import Loader

CITED = "cited chain"
_FILE = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_TAKEN = re.compile(r"\s*([A-Za-z]\w*)\s*(?:\(([\w\s,]*)\))?\s*")  # f(x, y), or a parameter
_SPECIAL = ("using", "gap", "zero_where", "factor", "at", "over", "by")


def read_chains(loader: Loader, data: Mapping[str, Any]) -> tuple[Chain, ...]:
    """Return the chains of a file; each may cite those above it.

    Raises:
        SpecError: an entry breaks a rule.
    """
    seen: set[str] = set()
    above: dict[str, Chain] = {}
    for number, entry in enumerate(loader.entries(data, "chain", ())):
        chain = _chain(loader, entry, ("chain", number), seen, above)
        above[chain.id] = chain
    return tuple(above.values())


def _chain(
    loader: Loader,
    entry: Mapping[str, Any],
    path: KeyPath,
    seen: set[str],
    above: Mapping[str, Chain],
) -> Chain:
    free = loader.indices(entry.get("for", ""), (*path, "for"))
    steps = tuple(
        _step(loader, each, (*path, "step", number), free, above)
        for number, each in enumerate(loader.entries(entry, "step", path))
    )
    return Chain(
        id=loader.id(entry, path, seen),
        title=entry["title"],
        indices=frozenset(free),
        start=loader.expression(entry["start"], (*path, "start"), free),
        steps=steps,
        note=entry.get("note", ""),
    )


def _step(
    loader: Loader,
    entry: Mapping[str, Any],
    path: KeyPath,
    free: tuple[str, ...],
    above: Mapping[str, Chain],
) -> ChainStep:
    rules = _rules(loader, entry, path)
    by = _cited(loader, entry, path, above)
    gap = loader.gap(entry, path, free)
    summed = (
        [each.index for each in gap.walk() if isinstance(each, indexed.IndexSum)] if gap else []
    )
    everywhere = tuple(dict.fromkeys((*free, *summed)))  # equal at all that is summed over

    def both(key: str) -> tuple[Expression, Expression] | None:
        return loader.equation(entry[key], (*path, key), everywhere) if key in entry else None

    factor = entry.get("factor")
    return ChainStep(
        rules=tuple(rule.name for rule in rules),
        by=by,
        where=_where(loader, entry, path, free) if "where" in entry else (),
        sign=_sign(loader, entry, path, rules),
        to=loader.expression(entry["to"], (*path, "to"), free),
        using=loader.using(entry, path),
        gap=gap,
        equal_where=both("equal_where"),
        zero_where=both("zero_where"),
        factor=None if factor is None else loader.expression(factor, (*path, "factor"), free),
        at=entry.get("at", ""),
        over=entry.get("over", ""),
        note=entry.get("note", ""),
    )


def _rules(loader: Loader, entry: Mapping[str, Any], path: KeyPath) -> tuple[Law, ...]:
    known = {name: rule.law for name, rule in THEORY_RULES.items()}
    names = loader.listed(entry, "rule")
    for name in names:
        if name not in known:
            cure = did_you_mean(name, known) or "name several with commas between: a, b"
            advice = Advice(short(name), ", ".join(known), cure)
            loader.fail((*path, "rule"), "is not one of the words allowed", advice)
    rules = tuple(THEORY_RULES[name] for name in names)
    said = f"the rule {names[0]}" if len(names) == 1 else f"the rules {', '.join(names)}"
    needed = {key for rule in rules for key in rule.needs}
    optional = {"using"} if CITED in names else set()  # what the cited chain assumes
    for key in _SPECIAL:
        if key in entry and key not in needed | optional:
            owner = [name for name, rule in THEORY_RULES.items() if key in rule.needs]
            cure = f"name the rule {' or '.join(owner)} as well, or take {key} out"
            loader.fail((*path, key), f"{said} takes none", Advice(cure=cure))
        if key in needed and key not in entry:
            loader.fail(path, f"{said} needs {key}", Advice(cure=f"add {key}"))
    return rules


def _sign(loader: Loader, entry: Mapping[str, Any], path: KeyPath, rules: tuple[Law, ...]) -> str:
    sign = loader.sign(entry, path, ("=", "<=", ">="))
    bound = any(not rule.equal for rule in rules)
    cites_only = "by" in entry and len(rules) == 1  # whatever the chain that it cites proves
    if (sign == "=") == bound and not cites_only:
        said = ", ".join(rule.name for rule in rules)
        allowed = "<= or >=" if bound else "="
        loader.fail(path, f"the rule {said} gives another relation", Advice(sign, allowed))
    return sign


def _cited(
    loader: Loader, entry: Mapping[str, Any], path: KeyPath, above: Mapping[str, Chain]
) -> tuple[Cited, ...]:
    found = []
    for name in loader.listed(entry, "by"):
        file, slash, id_ = name.rpartition("/")
        if slash and not _FILE.fullmatch(file):
            loader.fail(
                (*path, "by"), "is not the name of a chain", Advice(short(name), "file/chain")
            )
        if slash and file != loader.setting.id:
            found.append(Cited(name, None))
            continue
        if id_ not in above:
            allowed = ", ".join(above) or "none: this is the first"
            advice = Advice(short(name), f"chains above it: {allowed}; of another file, file/chain")
            loader.fail((*path, "by"), "there is no such chain above", advice)
        found.append(Cited(f"{loader.setting.id}/{id_}", above[id_]))
    return tuple(found)


def _where(
    loader: Loader, entry: Mapping[str, Any], path: KeyPath, free: tuple[str, ...]
) -> tuple[Replacement, ...]:
    text, found = entry["where"], []
    start = 0
    for part in text.split(";"):
        left, sign, right = part.partition("=")
        taken = _TAKEN.fullmatch(left)
        if not sign or not taken:
            advice = Advice(short(part), "f(x, y) = a, with ; between")
            loader.fail((*path, "where"), "is not a list of equations", advice)
        formals = loader.indices(taken[2] or "", (*path, "where"))
        skip = start + len(left) + 1
        known = tuple(dict.fromkeys((*free, *formals)))
        body = loader.expression(right, (*path, "where"), known, whole=text, skip=skip)
        found.append(Replacement(taken[1], formals, body))
        start += len(part) + 1
    if not any("/" in each for each in loader.listed(entry, "by")):
        cure = "the names of this file are what they are: take it out"
        loader.fail((*path, "where"), "is for chains of other files", Advice(cure=cure))
    return tuple(found)
