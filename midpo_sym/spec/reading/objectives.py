"""The loss of a specification: its terms, their links and weights, and what is added to them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from midpo_sym.language import tree
from midpo_sym.language.errors import Advice
from midpo_sym.language.grammar.losses import Scope
from midpo_sym.language.links import ANY, LINKS, VARIABLE, Link, typed
from midpo_sym.language.objective import Objective, Term
from midpo_sym.language.tree import Expression
from midpo_sym.language.vocabulary import GIVES, OTHER
from midpo_sym.spec.model import Statement
from midpo_sym.spec.reading.place import KeyPath
from midpo_sym.spec.reading.statements import Statements
from midpo_sym.spec.reading.tables import NAME, did_you_mean, short

MAX_TERMS = 12
RESPONSES_OF_LOSS = frozenset({"w", "l"})
RESPONSES_OF_PLUS = RESPONSES_OF_LOSS | {OTHER}
RESPONSES_OF_PRIOR = frozenset({"y"})
_OF_PRIOR = ("zeta", "scale", "gives")
_OF_LOSS = ("link", "argument", "term", "plus")
_PARTED = re.compile(r"[-_\s]")
PARTS = (*_OF_PRIOR, *_OF_LOSS)  # keys by which a claim replaces a part of [prior] or [loss]


class Objectives(Statements):
    """A file whose losses have any number of terms."""

    def statement(
        self, data: Mapping[str, Any], scope: Scope, entry: Mapping[str, Any], path: KeyPath
    ) -> Statement:
        """Read what [prior] and [loss] say, with the parts that a claim replaces.

        Args:
            data: the file.
            scope: the names that the expressions may use.
            entry: the claim; nothing, if it is the statement of the file itself.
            path: where the claim stands.
        """
        prior = {**data["prior"], **{key: entry[key] for key in _OF_PRIOR if key in entry}}
        at = {
            **{key: (*path, key) if key in entry else ("prior", key) for key in _OF_PRIOR},
            **{key: (*path, key) if key in entry else ("loss", key) for key in _OF_LOSS},
        }
        given = self.one_of(prior.get("gives", "loss"), GIVES, at["gives"])
        scale = self.scale(prior, at["scale"], scope)
        zeta = self.expression(prior["zeta"], at["zeta"], scope, RESPONSES_OF_PRIOR)
        target = self.objective(self.loss(data["loss"], entry, path), at, scope)
        whole = (*path, "where") if "where" in entry else at["scale"]
        self.check_scale(scale, at["scale"] if "scale" in entry else whole)
        self.check_zeta(zeta, at["zeta"])
        if given in ("argument", "scores"):
            self.check_terms(target, at, given)
        if given == "loss" and any(term.link.is_any for term in target.terms):
            cure = 'write gives = "argument" in [prior]: that holds under every link'
            message = "a loss under any link is no loss that MI-DPO could have"
            self.fail(at["gives"], message, Advice(ANY.name, cure=cure))
        return Statement(scale, zeta, target, given)

    def loss(
        self, loss: Mapping[str, Any], entry: Mapping[str, Any], path: KeyPath
    ) -> Mapping[str, Any]:
        """Return [loss] with the parts that a claim replaces."""
        if "term" in entry:
            if clash := next((key for key in ("link", "argument") if key in entry), ""):
                advice = Advice(clash, cure="write it in one of the entries of term")
                self.fail((*path, clash), "the claim has terms of its own", advice)
            loss = {key: value for key, value in loss.items() if key == "plus"}
        elif "term" in loss and (wrong := {"link", "argument"} & set(entry)):
            advice = Advice(min(wrong), cure="write [[claim.term]] for each term instead")
            self.fail((*path, min(wrong)), "the loss has several terms", advice)
        return {**loss, **{key: entry[key] for key in _OF_LOSS if key in entry}}

    def objective(
        self, loss: Mapping[str, Any], at: Mapping[str, KeyPath], scope: Scope
    ) -> Objective:
        if "term" not in loss:
            if "argument" not in loss:
                advice = Advice(cure="add argument, or [[loss.term]] for each term")
                self.fail(at["argument"][:-1], "the loss has no argument", advice)
            terms: tuple[Term, ...] = (self.term(loss, at, scope),)
        else:
            terms = self.terms(loss, at, scope)
        if "plus" not in loss:
            return Objective(terms)
        added = self.expression(loss["plus"], at["plus"], scope, RESPONSES_OF_PLUS)
        return Objective(terms, (added,))

    def terms(
        self, loss: Mapping[str, Any], at: Mapping[str, KeyPath], scope: Scope
    ) -> tuple[Term, ...]:
        path, entries = at["term"], loss["term"]
        if clash := next((key for key in ("link", "argument") if key in loss), ""):
            advice = Advice(clash, cure="write it in one of the entries of term")
            self.fail(at[clash], "the loss has terms, each with a link and an argument", advice)
        if not isinstance(entries, list) or not entries:
            cure = f"write [[{path[0]}.term]] for each term"
            self.fail(path, "is not an array of tables", Advice(cure=cure))
        if len(entries) > MAX_TERMS:
            self.fail(path, f"has {len(entries)} entries", Advice(allowed=str(MAX_TERMS)))
        found = []
        for number, entry in enumerate(entries):
            self.check_table(entry, "term", (*path, number))
            inside = {key: (*path, number, key) for key in ("weight", "link", "argument")}
            found.append(self.term(entry, inside, scope))
        return tuple(found)

    def term(self, entry: Mapping[str, Any], at: Mapping[str, KeyPath], scope: Scope) -> Term:
        link = self.link(entry.get("link", "logsigmoid"), at["link"], scope)
        argument = self.expression(entry["argument"], at["argument"], scope, RESPONSES_OF_LOSS)
        self.check_argument(argument, link.name, at["argument"])
        if "weight" not in entry:
            return Term(link, argument)
        weight = self.expression(entry["weight"], at["weight"], scope, RESPONSES_OF_LOSS)
        return Term(link, argument, weight)

    def link(self, text: str, path: KeyPath, scope: Scope) -> Link:
        """Read a link: a row of the table, or an expression in its one variable."""
        word = text.strip()
        if word in LINKS:
            return LINKS[word]
        if word == ANY.name:
            return ANY
        variable = VARIABLE.name
        meant = _PARTED.sub("", word).lower()  # log-sigmoid, log_sigmoid, Log Sigmoid
        if (NAME.fullmatch(word) and word != variable) or meant in LINKS:
            allowed = f"{', '.join((*LINKS, ANY.name))}, or an expression in {variable}"
            advice = Advice(short(word), allowed, did_you_mean(meant, LINKS))
            self.fail(path, "is not the name of a link", advice)
        if variable in scope.names:
            cure = f"give what is declared as {variable} another name"
            message = f"{variable} is the variable of a link, and the name of something else"
            self.fail(path, message, Advice(short(text), cure=cure))
        inner = replace(scope, parameters={**scope.parameters, variable: "real"})
        body = self.expression(text, path, inner, frozenset())
        if VARIABLE not in set(body.walk()):
            advice = Advice(
                short(text), f"an expression in {variable}, the argument, such as max(0, 1 - a)"
            )
            self.fail_at(path, f"a link without its variable {variable}", advice)
        return typed(body)

    def check_terms(self, target: Objective, at: Mapping[str, KeyPath], given: str) -> None:
        """Refuse what MI-DPO cannot give: what is added, and weights that go by the response."""
        allowed = f'gives = "terms": {GIVES["terms"]}'
        if target.additive:
            advice = Advice(given, allowed, 'write gives = "terms"', "terms")
            self.fail_at(at["gives"], "the loss has an additive part, which no prior gives", advice)
        for term in target.terms:
            if tree.responses(term.weight) or _has_policy(term.weight):
                advice = Advice(given, allowed, 'write gives = "terms"', "terms")
                self.fail_at(at["gives"], "a weight of the loss goes by the response", advice)


def _has_policy(node: Expression) -> bool:
    kinds = (tree.Probability, tree.TokenProbability)
    return any(isinstance(each, kinds) for each in node.walk())
