"""Random specifications that are true by construction, odd ones among them, from seeds.

A prior is drawn first: powers of weights, mixtures, maxima, lengths inside token sums, previous
policies, values by label. The loss is MI-DPO's with this prior, rewritten by a few laws, and for
one in four put under another link.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress

from generators.trees.rewritings import rewrite

from midpo_sym.language import tree
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.quantities.statistics import STATISTICS
from midpo_sym.language.substitute import at_labels, unfold
from midpo_sym.language.tree import Exp, Expression, Log, Neg, Number, Pow
from midpo_sym.prover.prove import Result
from midpo_sym.prover.verdict import Proved
from midpo_sym.spec.errors import SpecError
from midpo_sym.spec.model import Derivation
from midpo_sym.spec.reading.losses import loads

PARAMETERS = {"alpha": "positive", "eta": "unit", "gamma": "nonnegative", "c": "real"}
WEIGHTS = {"mu": ("nonnegative", False), "omega": ("positive", True), "kappa": ("real", False)}
DATA = {
    "score": ("y", "real", True),
    "merit": ("y", "unit", False),
    "delta": ("batch", "real", False),
}
MODELS = ("pi", "pi", "ref", "ref", "prev")
ONE, TWO = Number(1), Number(2)
ALPHA = tree.Parameter("alpha", "positive")


class Draw:
    """Draws the parts of one specification."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(f"loss {seed}")

    def pick(self, *choices: Callable[[], Expression]) -> Expression:
        return self.chance.choice(choices)()

    def number(self) -> Expression:
        return Number(self.chance.randint(1, 4))

    def parameter(self) -> Expression:
        name = self.chance.choice([*PARAMETERS])
        return tree.Parameter(name, PARAMETERS[name])

    def weight(self) -> Expression:
        name = self.chance.choice([*WEIGHTS])
        return tree.Weight(name, "y", *WEIGHTS[name])

    def omega(self) -> Expression:
        return tree.Weight("omega", "y", *WEIGHTS["omega"])

    def token(self) -> Expression:
        return tree.TokenProbability(self.chance.choice(MODELS), "y")

    def whole(self) -> Expression:
        return tree.Probability(self.chance.choice(MODELS), "y")

    def divergence(self) -> Expression:
        return tree.Statistic(self.chance.choice([*STATISTICS]), "y")

    def datum(self) -> Expression:
        name = self.chance.choice([*DATA])
        of, domain, by_label = DATA[name]
        return tree.Datum(name, ("y",) if of == "y" else (), domain, by_label)

    def token_positive(self, depth: int) -> Expression:
        """Draw something positive of one token."""
        if depth <= 0:
            return self.pick(self.token, self.token, self.omega)
        below = lambda: self.token_positive(depth - 1)  # noqa: E731
        return self.pick(
            below,
            lambda: tree.product([below(), below()]),
            lambda: tree.Div(below(), below()),
            lambda: tree.add(below(), self.pick(below, self.number)),
            lambda: Pow(below(), self.token_real(depth - 1)),
            lambda: Exp(self.token_real(depth - 1)),
            lambda: tree.Max(below(), below()),
            lambda: tree.StopGradient(below()),
            lambda: tree.product([tree.Length("y"), below()]),
        )

    def token_real(self, depth: int) -> Expression:
        """Draw something of one token, of any sign."""
        if depth <= 0:
            return self.pick(self.divergence, self.weight, lambda: Log(self.token()))
        below = lambda: self.token_real(depth - 1)  # noqa: E731
        return self.pick(
            below,
            lambda: tree.product([self.weight(), below()]),
            lambda: tree.product([self.parameter(), below()]),
            lambda: tree.add(below(), below()),
            lambda: Neg(below()),
            lambda: tree.Div(below(), self.pick(lambda: tree.Length("y"), self.omega)),
            lambda: Log(self.token_positive(depth - 1)),
            lambda: Pow(below(), TWO),
            lambda: tree.Max(below(), Number(0)),
            lambda: tree.StopGradient(below()),
        )

    def of_response(self, depth: int) -> Expression:
        """Draw a number of a response, of any sign."""
        if depth <= 0:
            return self.pick(
                self.parameter, self.datum, lambda: tree.Length("y"), lambda: Log(self.whole())
            )
        below = lambda: self.of_response(depth - 1)  # noqa: E731
        return self.pick(
            lambda: tree.TokenSum("y", self.token_real(depth)),
            lambda: tree.TokenSum("y", tree.product([self.weight(), Log(self.token())])),
            lambda: tree.Div(below(), tree.Length("y")),
            lambda: tree.product([self.parameter(), below()]),
            lambda: tree.Max(below(), Number(0)),
            lambda: tree.ByLabel("y", below(), below()),
            lambda: tree.add(below(), Neg(below())),
            lambda: tree.StopGradient(below()),
        )

    def factor(self, depth: int) -> Expression:
        """Draw a factor of a prior."""
        if depth <= 0:
            return self.whole()
        below = lambda: self.factor(depth - 1)  # noqa: E731
        return self.pick(
            self.whole,
            lambda: Pow(below(), self.pick(self.parameter, lambda: ONE / tree.Length("y"))),
            lambda: tree.TokenProduct("y", self.token_positive(depth)),
            lambda: tree.TokenProduct("y", Pow(self.token() / self.token(), self.weight())),
            lambda: Exp(self.of_response(depth)),
            lambda: tree.add(below(), below()) / TWO,
            lambda: tree.Max(below(), below()),
            lambda: tree.ByLabel("y", below(), below()),
            lambda: tree.StopGradient(below()),
            lambda: below() / below(),
        )

    def prior(self) -> Expression:
        return tree.product([self.factor(2) for _ in range(self.chance.randint(1, 2))])


def text_of(seed: int) -> str:
    """Return the specification of a seed."""
    draw = Draw(seed)
    zeta = draw.prior()
    sides = []
    for response in ("w", "l"):
        prior = at_labels(tree.at_responses(zeta, {"y": response}))
        sides.append(tree.mul(ALPHA, Log(tree.Probability("pi", response) / prior)))
    argument: Expression = tree.add(sides[0], Neg(sides[1]))
    for _ in range(draw.chance.randint(0, 4)):
        with suppress(ValueError, SpecError):  # what was positive by its form may be so no more
            rewritten = unfold(rewrite(argument, draw.chance)[1])
            loads(printed(seed, zeta, "logsigmoid", rewritten), "random.toml")
            argument = rewritten
    link = draw.chance.choice(["logsigmoid"] * 9 + ["identity", "hinge", "square"])
    loss = Log(tree.add(ONE, Exp(Neg(argument))))
    if link == "identity":
        argument = Neg(loss)
    elif link == "hinge":
        argument = tree.add(ONE, Neg(loss))
    elif link == "square":  # not the loss of the prior, but any argument serves here
        argument = tree.add(ONE, Neg(argument))
    return printed(seed, zeta, link, argument)


def printed(seed: int, zeta: Expression, link: str, argument: Expression) -> str:
    """Return a specification that declares what it uses."""
    words = [f'title = "Random {seed}"', 'summary = "Drawn."', "[parameters]"]
    used = [*zeta.walk(), *argument.walk(), ALPHA]
    kinds = (tree.Parameter, tree.Weight, tree.Datum)
    names = {each.name for each in used if isinstance(each, kinds)}
    words += [
        f'{name} = {{ domain = "{domain}", meaning = "a number" }}'
        for name, domain in PARAMETERS.items()
        if name in names
    ]
    if names & {*WEIGHTS}:
        words.append("[weights]")
    words += [
        f'{name} = {{ domain = "{domain}", by_label = {str(label).lower()}, meaning = "one" }}'
        for name, (domain, label) in WEIGHTS.items()
        if name in names
    ]
    if names & {*DATA}:
        words.append("[data]")
    words += [
        f'{name} = {{ of = "{of}", domain = "{domain}", by_label = {str(label).lower()}, '
        'meaning = "one" }'
        for name, (of, domain, label) in DATA.items()
        if name in names
    ]
    words += ["[prior]", f'zeta = "{to_text(zeta)}"']
    words += ["[loss]", f'link = "{link}"', f'argument = "{to_text(argument)}"', ""]
    return "\n".join(words)


def derivation_of(seed: int) -> Derivation:
    """Return the specification of a seed, read."""
    return loads(text_of(seed), f"random_{seed}.toml")


def taken_as_proved(derivation: Derivation) -> Result:
    """Return a result that says "proved" without a proof: the text is true by construction."""
    proved = Proved((), ())
    return Result(derivation, None, derivation.statement, proved, proved, (), 0.0)
