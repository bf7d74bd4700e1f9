"""Pairs of losses by seed and number, half of them equal up to something that was planted.

The first loss is drawn from scores, links and added terms. Of the even numbers the second one is
the first with its parameters put in terms of others, and then perhaps a factor, an offset, another
model or another link, or with its weights and data multiplied by something. Of the odd ones it is
the first changed in one place, or a loss of its own. What is true of a pair, numbers decide
(`oracles.comparison`).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from generators.cases import Case

PLANTED = ("substitution", "factor", "offset", "model", "link", "multiple")
_QUANTITIES = (
    "log(pi({r})/ref({r}))",
    "log(pi({r})/ref({r}))",
    "log(pi({r}))",
    "log(ref({r}))",
    "log(pi({r}))/length({r})",
    "log(pi({r})/ref({r}))/length({r})",
    "length({r})",
    "sum_t(kl_ref_pi({r}, t))",
    "sum_t(mu({r}, t)*log(pi({r}, t)/ref({r}, t)))",
    "grade({r})",
    "pi({r})/ref({r})",
    "log(1 + pi({r})/ref({r}))",
)
_COEFFICIENTS = ("{a}", "{a}", "{a}*{b}", "{a}/{b}", "{a}/2", "{a}*(1 + {b})", "3*{a}", "{a} + {b}")
_LINKS = (
    "logsigmoid",
    "logsigmoid",
    "logsigmoid",
    "hinge",
    "square",
    "sigmoid",
    "(a - 1/(2*{a}))**2",
    "max(0, {a} - a)",
    "exp(-a)",
    "log(1 + exp(-a))**2",
)
_DOMAINS = ("positive", "positive", "positive", "nonnegative", "real")


@dataclass(frozen=True)
class Loss:
    """One term, with what is added, as texts; parameters stand in braces.

    Attributes:
        argument: the argument of the link.
        link: the link.
        weight: what the term is multiplied by.
        plus: what is added; "" for nothing.
        domains: of the parameters, by the names that stand in braces.
    """

    argument: str
    link: str
    weight: str = ""
    plus: str = ""
    domains: dict[str, str] = field(default_factory=dict)

    def put(self, values: dict[str, str], domains: dict[str, str]) -> Loss:
        """Return the loss with texts in the place of parameters."""
        texts = (self.argument, self.link, self.weight, self.plus)
        argument, link, weight, plus = (text.format(**values) for text in texts)
        return Loss(argument, link, weight, plus, domains)

    def map(self, change: Callable[[str], str]) -> Loss:
        """Return the loss with argument and what is added changed."""
        return replace(self, argument=change(self.argument), plus=change(self.plus))

    def file(self, title: str, names: dict[str, str]) -> str:
        """Return a specification of it, its parameters under names."""
        shown = self.put(names, {})
        parameters = [
            f'{names[each]} = {{ domain = "{domain}", meaning = "m" }}'
            for each, domain in self.domains.items()
        ]
        whole = f"{shown.argument} {shown.link} {shown.weight} {shown.plus}"
        lines = [f'title = "{title}"', 'summary = "s"']
        lines += ["[parameters]", *parameters] if parameters else []
        if "mu(" in whole:
            lines += ["[weights]", 'mu = { domain = "nonnegative", meaning = "m" }']
        if "grade(" in whole:
            lines += ["[data]", 'grade = { of = "y", domain = "real", meaning = "m" }']
        lines += ["[prior]", 'zeta = "ref(y)"', 'scale = "1"', 'gives = "terms"', "[loss]"]
        lines += [f'plus = "{shown.plus}"'] if shown.plus else []
        lines += ["[[loss.term]]", f'link = "{shown.link}"']
        lines += [f'weight = "{shown.weight}"'] if shown.weight else []
        lines.append(f'argument = "{shown.argument}"')
        return "\n".join(lines) + "\n"


def pair(seed: int, number: int) -> tuple[Case, Case]:
    """Return two specifications; `family` is what was planted, `other` if nothing was.

    >>> pair(1, 2) == pair(1, 2)
    True
    """
    chance = random.Random(f"{seed}/{number}")
    first = _drawn(chance)
    if number % 2:
        family, second = "other", _changed(first, chance) if chance.random() < 0.7 else None
        second = second or _drawn(chance)
    else:
        family = chance.choice(PLANTED)
        second = _planted(first, family, chance)
    letters = ["alpha", "beta", "gamma", "eta", "lam", "tau", "kappa", "omega", "nu"]
    texts = []
    for label, loss in (("one", first), ("other", second)):
        chance.shuffle(letters)
        names = dict(zip(loss.domains, letters, strict=False))
        texts.append(Case(f"{label}_{number}", family, loss.link, loss.file(label, names)))
    return texts[0], texts[1]


def _drawn(chance: random.Random) -> Loss:
    domains: dict[str, str] = {}

    def parameter(*, positive: bool = False) -> str:
        if domains and chance.random() < 0.4:
            known = [each for each in domains if domains[each] == "positive" or not positive]
            if known:
                return f"{{{chance.choice(known)}}}"
        name = f"p{len(domains)}"
        domains[name] = "positive" if positive else chance.choice(_DOMAINS)
        return f"{{{name}}}"

    def coefficient() -> str:
        form = chance.choice(_COEFFICIENTS)
        given = {"a": parameter(), "b": parameter(positive=True) if "{b}" in form else ""}
        return form.format(**given)

    parts = []
    for quantity in chance.sample(_QUANTITIES, chance.choice((1, 1, 2, 2, 3))):
        size = f"({coefficient()})" if chance.random() < 0.85 else "1"
        one, other = (quantity.format(r=r) for r in "wl")
        parts.append(f"{size}*({one} - {other})")
    argument = " + ".join(parts)
    if chance.random() < 0.25:
        argument += f" - {parameter()}"
    link = chance.choice(_LINKS)
    if "{a}" in link:
        link = link.format(a=parameter(positive=True))
    plus = f"-({parameter(positive=True)})*log(pi(w))" if chance.random() < 0.15 else ""
    return Loss(argument, link, "", plus, domains)


def _planted(loss: Loss, family: str, chance: random.Random) -> Loss:
    found = _substituted(loss, chance)
    match family:
        case "factor":
            factor = chance.choice(("2", "1/3", "{k}"))
            domains = found.domains | ({"k": "positive"} if factor == "{k}" else {})
            plus = f"({factor})*({found.plus})" if found.plus else ""
            return replace(found, weight=factor, plus=plus, domains=domains)
        case "offset":
            offset = chance.choice(("1", "-2/3", "{k}"))
            domains = found.domains | ({"k": "real"} if offset == "{k}" else {})
            plus = f"{found.plus} + {offset}" if found.plus else offset
            return replace(found, plus=plus, domains=domains)
        case "model":
            if "kl_" in found.argument or "ref(" not in found.argument:
                return found
            return found.map(lambda text: text.replace("ref(", "prev("))
        case "multiple":
            k = f"{{m{len(found.domains)}}}"
            domains = found.domains
            text = found.argument
            for name, signed in (("mu", False), ("grade", True)):
                if f"{name}(" in text:
                    times = chance.choice(("2", "1/3", k, *(["-1", f"-{k}"] if signed else [])))
                    domains = domains | ({k[1:-1]: "positive"} if k in times else {})
                    text = text.replace(f"{name}(", f"({times})*{name}(")
            return replace(found, argument=text, domains=domains)
        case "link" if not found.plus:
            used = {each for each in found.domains if f"{{{each}}}" in found.argument}
            others = [link for link in _LINKS if "{" not in link and link != found.link]
            domains = {each: row for each, row in found.domains.items() if each in used}
            return replace(found, link=chance.choice(others), domains=domains)
    return found


def _substituted(loss: Loss, chance: random.Random) -> Loss:
    """Return a loss with each parameter put in terms of one of its own, and perhaps another."""
    values: dict[str, str] = {}
    domains: dict[str, str] = {}
    for name, domain in loss.domains.items():
        new = f"q{len(domains)}"
        forms = [f"{{{new}}}", f"(2*{{{new}}})", f"({{{new}}}/3)"]
        if domain == "positive":
            forms.append(f"(1/{{{new}}})")
        if domain == "real":
            forms.append(f"({{{new}}} - 1)")
        positive = [each for each in domains if domains[each] == "positive"]
        if positive:
            forms += [f"({{{new}}}*{{{chance.choice(positive)}}})"] * 2
        domains[new] = domain
        values[name] = chance.choice(forms)
    return loss.put(values, domains)


def _changed(loss: Loss, chance: random.Random) -> Loss:
    """Return a loss changed in one place, its parameters the same."""
    changes = [
        lambda text: text.replace(" + (", " - (", 1),
        lambda text: text.replace("/length(l)", "", 1),
        lambda text: text.replace("pi(w)", "ref(w)", 1),
        lambda text: text.replace("(", "2*(", 1),
        lambda text: text.replace("length(w)", "length(l)", 1),
        lambda text: text.replace("log(pi(l))", "log(pi(w))", 1),
        lambda text: f"{text} + length(w)",
        lambda text: f"{text} - 1",
    ]
    chance.shuffle(changes)
    for change in changes:
        found = change(loss.argument)
        if found != loss.argument:
            return replace(loss, argument=found)
    return loss
