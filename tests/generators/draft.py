"""A specification while it is made: its names, and the terms of its prior and loss."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from generators.terms import (
    ONE,
    OVER_TOKENS,
    Term,
    below,
    has,
    per_token,
    put,
    replace,
    responses,
    walk,
)

DOMAINS = ("real", "nonnegative", "positive", "unit")
PARAMETERS = ("beta", "gamma", "eta", "tau", "kappa", "delta", "rho", "c1", "c2", "margin", "lam")
WEIGHTS = ("mu1", "mu2", "mask", "u", "omega")
DEFINITIONS = ("K", "Delta", "b", "q", "A", "B", "h", "ratio", "S", "phi")


DATA = ("z0", "score", "reach", "offset", "given")
VARIABLE = ("par", "a")  # of a link that is typed


@dataclass(frozen=True)
class LossTerm:
    """weight × link(argument); a link is a name, or a term in `VARIABLE`."""

    argument: Term
    link: str | Term = "logsigmoid"
    weight: Term = ONE

    def parts(self) -> tuple[Term, ...]:
        return (self.argument, self.weight, *([] if isinstance(self.link, str) else [self.link]))


@dataclass
class Draft:
    """What will be a file.

    A `wide` one draws the whole language; else it is what one argument under one named link needs.
    """

    rng: random.Random
    parameters: dict[str, str] = field(default_factory=lambda: {"alpha": "positive"})
    weights: dict[str, tuple[str, bool]] = field(default_factory=dict)
    definitions: dict[str, tuple[str, Term]] = field(default_factory=dict)
    zeta: Term = ()
    scale: Term = ("par", "alpha")
    argument: Term = ()
    link: str = "logsigmoid"
    wide: bool = False
    data: dict[str, tuple[str, str, bool]] = field(default_factory=dict)  # of, domain, by label
    score: Term = ()  # of y, with the prior as it was drawn
    terms: list[LossTerm] = field(default_factory=list)  # in the place of the argument
    plus: Term = ()
    gives: str = "loss"

    def of_loss(self) -> list[Term]:
        """Return the terms that the loss is made of."""
        if not self.terms:
            return [self.argument]
        parts = [part for term in self.terms for part in term.parts()]
        return [*parts, self.plus] if self.plus else parts

    def parameter(self, *domains: str) -> Term:
        """Return a parameter of one of the domains, a new one or one there is."""
        if self.wide and "positive" in domains:
            domains = (*domains, "open unit")
        there = [name for name, domain in self.parameters.items() if domain in domains]
        new = [name for name in PARAMETERS if name not in self.parameters]
        if new and (not there or (len(self.parameters) < 5 and self.rng.random() < 0.6)):
            name = self.rng.choice(new)
            self.parameters[name] = self.rng.choice(domains)
            return ("par", name)
        return ("par", self.rng.choice(there)) if there else ("par", "alpha")

    def weight(self, *domains: str) -> Term:
        """Return a weight of the token of y, of one of the domains."""
        there = [name for name, row in self.weights.items() if row[0] in domains]
        new = [name for name in WEIGHTS if name not in self.weights]
        if new and (not there or (len(self.weights) < 3 and self.rng.random() < 0.5)):
            name = self.rng.choice(new)
            self.weights[name] = (self.rng.choice(domains), self.rng.random() < 0.25)
            return ("weight", name, "y")
        return ("weight", self.rng.choice(there), "y") if there else ("num", 1)

    def datum(self, *arities: str) -> Term:
        """Return a number that is given of y, a pair or a batch."""
        there = [name for name, row in self.data.items() if row[0] in arities]
        new = [name for name in DATA if name not in self.data]
        if new and (not there or (len(self.data) < 3 and self.rng.random() < 0.5)):
            name, of = self.rng.choice(new), self.rng.choice(arities)
            by_label = of == "y" and self.rng.random() < 0.15
            self.data[name] = (of, self.rng.choice([*DOMAINS, "open unit"]), by_label)
        elif there:
            name = self.rng.choice(there)
        else:
            return ("num", 1)
        return ("datum1", name, "y") if self.data[name][0] == "y" else ("datum0", name)

    def define(self, of: str, body: Term) -> str | None:
        """Return the name of a new definition, None if there are enough."""
        new = [name for name in DEFINITIONS if name not in self.definitions]
        if not new or len(self.definitions) >= 5:
            return None
        name = self.rng.choice(new)
        self.definitions[name] = (of, body)
        return name

    def positive(self, term: Term) -> bool:
        """Return whether a term is positive by its form.

        The documentation does not list `max`, `sg` and `by_label` of what is positive.
        """
        match term[0]:
            case "num":
                return term[1] > 0
            case "whole" | "length" | "exp":
                return True
            case "token":
                return not term[1].startswith(("kl", "entropy"))
            case "par":
                return self.parameters.get(term[1]) in ("positive", "open unit")
            case "weight":
                return self.weights[term[1]][0] == "positive"
            case "datum0" | "datum1":
                return self.data[term[1]][1] in ("positive", "open unit")
            case "sigmoid" | "cauchy_cdf":
                return True
            case "add" if self.wide:
                parts = below(term)
                return any(map(self.positive, parts)) and all(map(self.nonnegative, parts))
            case "sub":
                return self.wide and term[1] == ONE and self.below_one(term[2])
            case "short0" | "short1" | "short2":
                return self.positive(self.definitions[term[1]][1])
            case (
                "add"
                | "mul"
                | "div"
                | "max"
                | "min"
                | "sg"
                | "by_label"
                | "sum_t"
                | "prod_t"
                | "mean_t"
            ):
                return all(self.positive(each) for each in below(term))
            case "pow":
                return self.positive(term[1])
        return False

    def nonnegative(self, term: Term) -> bool:
        """Return whether a term is zero or more by its form."""
        if self.positive(term):
            return True
        match term[0]:
            case "num":
                return term[1] == 0
            case "token":
                return True  # divergences and entropies
            case "par":
                return self.parameters.get(term[1]) in ("nonnegative", "unit")
            case "weight":
                return self.weights[term[1]][0] in ("nonnegative", "unit")
            case "datum0" | "datum1":
                return self.data[term[1]][1] in ("nonnegative", "unit")
            case "short0" | "short1" | "short2":
                return self.nonnegative(self.definitions[term[1]][1])
            case "abs":
                return True
            case "max":
                return any(map(self.nonnegative, below(term)))
            case "pow":
                whole = term[2][0] == "num" and term[2][1].denominator == 1
                even = whole and term[2][1] % 2 == 0
                return whole and term[2][1] > 0 and (even or self.nonnegative(term[1]))
            case "add" | "mul" | "sum_t" | "mean_t":
                return all(map(self.nonnegative, below(term)))
        return False

    def below_one(self, term: Term) -> bool:
        """Return whether a term is positive and below one by its form."""
        match term[0]:
            case "num":
                return 0 < term[1] < 1
            case "whole" | "sigmoid" | "cauchy_cdf":
                return True
            case "token":
                return term[1] in ("pi", "ref", "prev")
            case "par":
                return self.parameters.get(term[1]) == "open unit"
            case "mul":
                return all(self.below_one(each) for each in below(term))
        return False

    def unfold(self, term: Term) -> Term:
        """Return the words of a term, definitions included, as one flat term to search in."""
        words = [each for _, each in walk(term)]
        bodies = [
            self.unfold(self.definitions[each[1]][1])
            for each in words
            if each[0].startswith("short")
        ]
        found: Term = term
        for body in bodies:
            found = ("add", found, body)
        return found

    def over_tokens(self, term: Term) -> bool:
        """Return whether a term may not stand inside a sum over tokens."""
        return has(self.unfold(term), *OVER_TOKENS, "whole")

    def free(self, term: Term) -> bool:
        """Return whether the policy stands in a term."""
        still = ("ref", "prev", "kl_ref_prev", "position")
        return any(
            (each[0] in ("whole", "token") and each[1] not in still)
            for _, each in walk(self.unfold(term))
        )

    def prune(self) -> None:
        """Drop the names that nothing uses."""
        used: set[str] = set()
        for term in (self.zeta, self.scale, *self.of_loss()):
            used |= names(term)
        for name, (_, body) in reversed(list(self.definitions.items())):
            if name in used:
                used |= names(body)
        self.parameters = {k: v for k, v in self.parameters.items() if k in used}
        self.weights = {k: v for k, v in self.weights.items() if k in used}
        self.data = {k: v for k, v in self.data.items() if k in used}
        self.definitions = {k: v for k, v in self.definitions.items() if k in used}

    def fold(self, part: str) -> bool:
        """Make a definition of some term inside the prior or the argument; return whether."""
        whole: Term = getattr(self, part)
        places = [
            (path, term)
            for path, term in walk(whole)
            if path and below(term) and (part != "argument" or not has(term, "by_label"))
        ]
        self.rng.shuffle(places)
        for path, term in places:
            speaks = responses(term)
            if any(each[0] == "short0" and responses(self.unfold(each)) for _, each in walk(term)):
                continue  # what uses it may not be of y
            if per_token(term):
                # Such a definition is called with one response and the token t.
                if len(speaks) != 1 or has(term, "by_label", "whole"):
                    continue
                kind = "y, t"
            elif part == "zeta":
                kind = "y" if speaks or has(term, "by_label") else ""
                if kind == "y" and not speaks:
                    continue
            else:
                kind = "y" if len(speaks) == 1 and self.rng.random() < 0.8 else ""
                of_pair = {name for name, (of, *_) in self.data.items() if of == "pair"}
                if kind and of_pair & names(term):
                    continue
            if kind == "" and self._inside_sum(whole, path) and speaks:
                continue
            self._fold_at(part, path, term, kind)
            return True
        return False

    def _inside_sum(self, whole: Term, path: tuple[int, ...]) -> bool:
        term = whole
        for place in path:
            if term[0] in OVER_TOKENS:
                return True
            term = term[place]
        return False

    def _fold_at(self, part: str, path: tuple[int, ...], term: Term, kind: str) -> None:
        response = next(iter(responses(term)), "y")
        body = term
        if kind:
            body = replace(
                term,
                lambda each: (
                    (*each[:-1], "y") if not below(each) and each[-1] == response else None
                ),
            )
        name = self.define(kind, body)
        if name is None:
            return
        call = {
            "": ("short0", name),
            "y": ("short1", name, response),
            "y, t": ("short2", name, response),
        }[kind]
        whole = put(getattr(self, part), path, call)
        if kind and self.rng.random() < 0.7:  # the same term of the other response, if it is there
            for other in "wl":
                twin = replace(
                    body,
                    lambda each, other=other: (
                        (*each[:-1], other) if not below(each) and each[-1] == "y" else None
                    ),
                )
                whole = replace(
                    whole,
                    lambda each, twin=twin, other=other: (
                        (call[0], name, other) if each == twin else None
                    ),
                )
        setattr(self, part, whole)


def names(term: Term) -> set[str]:
    return {
        each[1]
        for _, each in walk(term)
        if each[0] in ("par", "weight", "datum0", "datum1", "short0", "short1", "short2")
    }
