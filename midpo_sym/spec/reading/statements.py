"""What prior, loss and claims are made of: expressions, scales, links, numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from midpo_sym.language import tree
from midpo_sym.language.constants import constant
from midpo_sym.language.errors import Advice, LanguageError
from midpo_sym.language.grammar.losses import Scope, parse
from midpo_sym.language.grammar.reader import Reader
from midpo_sym.language.links import VARIABLE
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.sign import can_be_positive
from midpo_sym.language.tree import Expression
from midpo_sym.language.vocabulary import DOMAINS
from midpo_sym.spec.reading.place import KeyPath
from midpo_sym.spec.reading.tables import Tables, short

MAX_WORK = 100_000
_LINKED = re.compile(r"-?\s*((?:\w+\.)?log_?sigmoid)\s*\(.*\)\s*", re.DOTALL)
_DEFAULT_LINK = "logsigmoid"
_LEFT_OUT = "leave {} out, and the sign before it: the link stands around the argument"


class Statements(Tables):
    """A file whose expressions are counted, and whose names are noted as used."""

    def __init__(self, text: str, path: Path, reader: type[Reader]) -> None:
        super().__init__(text, path)
        self.reader = reader
        self.used: set[str] = set()
        self.work = 0  # characters and nodes read so far

    def expression(
        self,
        value: str | int,
        path: KeyPath,
        scope: Scope,
        responses: frozenset[str],
    ) -> Expression:
        text = str(value)
        self.work += len(text)
        if self.work > MAX_WORK:
            self.fail(
                path,
                "the expressions of the file are too long together",
                Advice(
                    allowed=f"{MAX_WORK:,} characters, and nodes once definitions are unfolded; "
                    "a claim with where reads all of them again",
                ),
            )
        try:
            node = parse(text, replace(scope, responses=responses), self.reader)
        except LanguageError as error:
            if path[-1] == "argument":
                error.advice = _without_link(text, error.advice)
            if path[-1] == "link":
                error.advice = _in_link(error, scope)
            self.fail_in(text, path, error)
        self.work += node.size
        self.used |= {
            each.name
            for each in node.walk()
            if isinstance(each, (tree.Parameter, tree.Weight, tree.Datum, tree.Defined))
        }
        return node

    def number(self, value: str | int, path: KeyPath) -> Fraction:
        exact = constant(self.expression(value, path, Scope(frozenset()), frozenset()))
        if exact is None:
            self.fail(path, "is not a number", Advice(short(value), 'such as 2 or "1/10"'))
        return exact

    def check_domain(self, value: Fraction | None, domain: str, path: KeyPath) -> None:
        if value is not None and not _in_domain(value, domain):
            advice = Advice(str(value), f"{domain}: {DOMAINS[domain]}")
            self.fail(path, "is outside the domain", advice)

    def scale(self, table: Mapping[str, Any], path: KeyPath, scope: Scope) -> Expression:
        text = table.get("scale")
        if text is None:
            if "alpha" not in scope.parameters and "alpha" not in scope.definitions:
                advice = Advice(cure="declare the parameter alpha, or add scale to [prior]")
                self.fail(path[:-1], "no scale: α of the framework is not named", advice)
            text = "alpha"
        return self.expression(text, path, scope, frozenset())

    def check_scale(self, node: Expression, path: KeyPath) -> None:
        if not can_be_positive(node):
            bare = to_text(node.body) if isinstance(node, tree.Neg) else "alpha"
            advice = Advice(
                short(to_text(node)),
                "a positive number or parameter, and what is made of these",
                f"write {bare}, and mind the sign of the loss's argument",
            )
            self.fail_at(path, "the scale of MI-DPO is positive, and this never is", advice)

    def check_argument(self, node: Expression, link: str, path: KeyPath) -> None:
        inner = node.body if isinstance(node, tree.Neg) else node
        if link != _DEFAULT_LINK:
            return
        match inner:
            case tree.Log(body=tree.Call(function=function, arguments=(argument,))):
                is_link = function.name == "sigmoid"
            case tree.Call(function=function, arguments=(argument,)):
                is_link = function.name == "logsigmoid"
            case _:
                return
        if is_link:
            text = to_text(argument)
            cure = f"{_LEFT_OUT.format(link)}. If it is meant twice, write log(1 + exp(-a))"
            advice = Advice(short(to_text(node)), short(text), cure, text)
            self.fail_at(path, "the argument is given with the link around it", advice)

    def check_zeta(self, node: Expression, path: KeyPath) -> None:
        if not node.positive:
            text = to_text(node)
            if any(isinstance(each, tree.Log) for each in node.walk()):
                why, instead = "the prior itself, not its logarithm", f"exp({text})"
            elif constant(node) is not None:
                why, instead = "a positive number", "1"
            else:
                why, instead = "what keeps it from zero", f"max({text}, 1/1000000)"
            advice = Advice(
                short(text),
                "products, quotients and powers of probabilities, exp(...)",
                f"write {why}: {instead}",
                instead,
            )
            self.fail_at(path, "a prior is positive by its form", advice)


def _in_domain(value: Fraction, domain: str) -> bool:
    return {
        "real": True,
        "nonnegative": value >= 0,
        "positive": value > 0,
        "unit": 0 <= value <= 1,
        "open unit": 0 < value < 1,
    }[domain]


def _in_link(error: LanguageError, scope: Scope) -> Advice:
    """Return advice on a link, in which only its variable and what all responses share stands."""
    advice, variable = error.advice, VARIABLE.name
    if error.message.startswith("unknown name") and not advice.cure.startswith("write"):
        cure = f"write {variable}, if the argument of the link is meant; or declare it"
        if "[definitions]" in advice.cure:  # it is called
            cure = 'write it with exp, log and max; or link = "any", if every function is meant'
        return replace(advice, allowed=", ".join(scope.parameters), cure=cure, instead="")
    if error.message.startswith("the response"):
        cure = "write what goes by the response into weight, or into argument"
        allowed = f"{variable}, the argument, and what is the same for all responses"
        return replace(advice, allowed=allowed, cure=cure, instead="")
    if advice.read == variable and advice.cure.startswith("declare the domain"):
        cure = f"{variable} may be any real number: write what is positive, such as exp({variable})"
        return replace(advice, cure=cure, instead="")
    return advice


def _without_link(text: str, advice: Advice) -> Advice:
    """Return the cure for an argument with the link around it, which [loss] puts there itself."""
    found = _LINKED.fullmatch(text.strip())
    if not found or not advice.read.startswith(found[1]):
        return advice
    return replace(advice, cure=_LEFT_OUT.format(found[1]), instead="")
