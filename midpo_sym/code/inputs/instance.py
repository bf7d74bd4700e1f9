"""A specification at a batch of pairs: every quantity becomes a variable with a domain.

What is proved of these variables holds for all their values, and so for whatever language models,
responses and numbers they come from. Two levels:

- of whole responses: log π(y) and |y| are variables, and so is each sum over tokens;
- of tokens: responses have the lengths that are given, and log π(y, t) is a variable for each t.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from midpo_sym.code.tracing import algebra
from midpo_sym.language import tree
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.quantities.statistics import STATISTICS
from midpo_sym.language.quantities.summands import summand
from midpo_sym.language.substitute import at_labels, substitute, unfold
from midpo_sym.language.tree import Expression
from midpo_sym.language.vocabulary import MODELS
from midpo_sym.prover.conditions import flows
from midpo_sym.session import remembered

RESPONSES = ("w", "l")
PAIRS = (2, 3)  # of the batches that code is read at: a mean is told from a factor
MANY = 7  # pairs of a batch that code is run on besides, with longer responses
_LONGER = 4  # tokens
VOCABULARY = 3  # words, where there are logits
LENGTH = "_length_"  # the beginning of the names of numbers that are one at least
_LENGTHS = {"w": (2, 1), "l": (1, 3)}  # of the responses of each pair, in turn


class NotStatedError(Exception):
    """A quantity cannot be stated at this level; says which and what to do."""


@dataclass(frozen=True, slots=True)
class Atom:
    """A variable.

    Attributes:
        parameter: the variable.
        pair: which pair it is of, from 1; 0 for the batch.
        trained: whether the policy moves it.
        is_probability: whether code has its logarithm, by which derivatives are taken then.
        group: of a word's probability, the distribution: code has logits then.
    """

    parameter: tree.Parameter
    pair: int
    trained: bool = False
    is_probability: bool = False
    group: str = ""


@dataclass
class Batch:
    """A specification at some pairs.

    Attributes:
        pairs: how many.
        by_token: whether there is a variable for each token.
        by_word: whether there is one for each word of the vocabulary that a token might be.
        numbers: parameters that have a value.
        symbolic: whether the others keep their names in code.
        atoms: the variables that were met, by name.
        sums: the bodies of sums over tokens that are variables themselves.
    """

    pairs: int
    by_token: bool = False
    numbers: Mapping[str, Fraction] = field(default_factory=dict)
    symbolic: bool = True
    by_word: bool = False
    atoms: dict[str, Atom] = field(default_factory=dict)
    sums: list[str] = field(default_factory=list)

    @property
    def width(self) -> int:
        """Return how many columns tensors of tokens have: another number for each size."""
        longest = max(max(each) for each in _LENGTHS.values()) + self.by_word
        return longest - PAIRS[0] + max(self.pairs, PAIRS[0])

    def length(self, response: str, pair: int) -> int:
        """Return the number of tokens of a response."""
        longer = _LONGER if self.pairs == MANY else 0
        return _LENGTHS[response][(pair - 1) % len(_LENGTHS[response])] + longer

    def like(self, pair: int) -> int:
        """Return the first pair that is like another: its responses are as long."""
        return (pair - 1) % len(_LENGTHS["w"]) + 1 if self.by_token else 1

    def columns(self, response: str, pair: int) -> range:
        """Return the columns of the tokens of a response, in a tensor of tokens."""
        length = self.length(response, pair)
        first = int(self.by_word)  # something has to come before what is predicted
        start = first + (pair - 1) % (self.width - length + 1 - first)
        return range(start, start + length)

    def word(self, response: str, pair: int, t: int) -> int:
        """Return which word of the vocabulary a token is."""
        return (self.like(pair) + t + (response == "l")) % VOCABULARY

    def words(self, model: str, response: str, pair: int, t: int) -> list[tree.Parameter]:
        """Return the probabilities of all words at the place of a token."""
        where = self._place(response, pair, t)
        return [
            self._probability(model, f"{where}_v{v}", pair, group=f"{model} {where}")
            for v in range(VOCABULARY)
        ]

    def shift(self, model: str, response: str, pair: int, t: int) -> tree.Parameter:
        """Return what is added to the log-probabilities of all words to give the logits."""
        return self._atom(f"__shift_{model}_{self._place(response, pair, t)}", "real", pair)

    def siblings(self, atom: Atom) -> list[Atom]:
        """Return the words of the same distribution, this one included."""
        return [each for each in self.atoms.values() if each.group == atom.group]

    def padding(self, name: str, pair: int, column: int) -> Expression:
        """Return what lies at padding: any number, on which nothing may depend."""
        return self._atom(f"__padding_{name}_{pair}_{column}", "real", pair, trained=True)

    def stated(self, node: Expression, pair: int, t: int = -1) -> Expression:
        """Return an expression of the responses w and l, at a pair.

        Args:
            node: the expression.
            pair: which pair, from 1.
            t: the position of the token, from 0, of an expression about one token.

        Raises:
            NotStatedError: it is about tokens, and there are none here.
        """
        return self._at(_unfolded(node), pair, t)

    def shares(self) -> list[tree.Parameter]:
        """Return a factor for each pair, as a variable."""
        pairs = range(1, self.pairs + 1)
        return [self._atom(f"_share_wl{pair}", "positive", pair) for pair in pairs]

    def trained(self) -> Iterator[Atom]:
        """Yield the variables that the policy moves."""
        yield from (each for each in self.atoms.values() if each.trained)

    def _at(self, node: Expression, pair: int, t: int) -> Expression:  # noqa: C901, PLR0911, PLR0912 - one case for each kind of node
        match node:
            case tree.Parameter(name=name, domain=domain):
                if name in self.numbers:
                    return algebra.number(self.numbers[name])
                return self._atom(name, domain, 0)
            case tree.Datum(name=name, of=of, domain=domain):
                where = f"_{name}_{''.join(of)}"
                return (
                    self._atom(where, domain, 0)
                    if not of
                    else self._atom(f"{where}{pair}", domain, pair)
                )
            case tree.Length(response=response):
                if self.by_token:
                    return tree.Number(self.length(response, pair))
                return self._atom(f"{LENGTH}{response}{pair}", "positive", pair)
            case tree.Probability(model=model, response=response):
                if not self.by_token:
                    return self._probability(model, f"{response}{pair}", pair)
                places = range(self.length(response, pair))
                return tree.product([self._token(model, response, pair, k) for k in places])
            case tree.TokenProbability(model=model, response=response):
                return self._token(model, response, pair, t)
            case tree.Position(response=response):
                self._place(response, pair, t)  # of whole responses there is none
                return tree.Number(t + 1)
            case tree.Statistic(name=name, response=response) if self.by_word:
                return self._over_words(name, response, pair, t)
            case tree.Statistic(name=name, response=response):
                row = STATISTICS[name]
                domain = "positive" if row.domain == "positive" else "nonnegative"
                where = self._place(response, pair, t)
                return self._atom(f"_{name}_{where}", domain, pair, trained=row.trained)
            case tree.Weight(name=name, response=response, domain=domain):
                return self._atom(f"_{name}_{self._place(response, pair, t)}", domain, pair)
            case tree.TokenSum(response=response, body=body):
                if not self.by_token:
                    return self._sum(body, response, pair)
                places = range(self.length(response, pair))
                return tree.total([self._at(body, pair, k) for k in places])
            case tree.TokenProduct(response=response, body=body):
                if not self.by_token:
                    return algebra.exp(self._sum(tree.Log(body), response, pair))
                places = range(self.length(response, pair))
                return tree.product([self._at(body, pair, k) for k in places])
        return tree.over(node, [self._at(child, pair, t) for child in node.children()])

    def _token(self, model: str, response: str, pair: int, t: int) -> Expression:
        if self.by_word:
            return self.words(model, response, pair, t)[self.word(response, pair, t)]
        return self._probability(model, self._place(response, pair, t), pair)

    def _over_words(self, name: str, response: str, pair: int, t: int) -> Expression:
        """Return a statistic as the sum that it is."""
        models = STATISTICS[name].models
        columns = zip(*(self.words(each, response, pair, t) for each in models), strict=True)
        terms = [
            substitute(summand(name), dict(zip(models, each, strict=True))) for each in columns
        ]
        return tree.total(terms)

    def _sum(self, body: Expression, response: str, pair: int) -> Expression:  # noqa: C901, PLR0911 - one case for each kind of node
        """Return a sum over the tokens of a response that is a variable, or made of such."""

        def inner(node: Expression) -> Expression:
            return self._sum(node, response, pair)

        if not tree.token_responses(body):
            length = self._at(tree.Length(response), pair, -1)
            return algebra.times(self._at(body, pair, -1), length)
        match body:
            case tree.Add(terms=terms):
                return tree.total([inner(each) for each in terms])
            case tree.Neg(body=negated):
                return tree.Neg(inner(negated))
            case tree.Div(numerator=above, denominator=below) if not tree.token_responses(below):
                return tree.Div(inner(above), self._at(below, pair, -1))
            case tree.Mul(factors=factors):
                moving = [each for each in factors if tree.token_responses(each)]
                still = [self._at(each, pair, -1) for each in factors if each not in moving]
                if still:
                    return tree.product([*still, inner(tree.product(moving))])
                if (parts := _distributed(factors)) is not None:
                    return tree.total([inner(each) for each in parts])
            case tree.StopGradient(body=held):
                return tree.StopGradient(inner(held))
            case tree.Log(body=tree.TokenProbability(model=model)):
                return tree.Log(self._probability(model, f"{response}{pair}", pair))
            case tree.Log(body=tree.Div(numerator=above, denominator=below)):
                return tree.add(inner(tree.Log(above)), tree.Neg(inner(tree.Log(below))))
            case tree.Log(body=tree.Mul(factors=factors)):
                return tree.total([inner(tree.Log(each)) for each in factors])
            case tree.Log(body=tree.Pow(base=base, exponent=exponent)) if base.positive:
                return inner(tree.mul(exponent, tree.Log(base)))
        return self._whole_sum(body, response, pair)

    def _whole_sum(self, body: Expression, response: str, pair: int) -> Expression:
        """Return the variable that a sum over tokens is; two of one body are one.

        Two of other bodies may depend on each other, so that nothing is refuted by their numbers.
        """
        if isinstance(body, tree.Mul):
            body = tree.product(sorted(body.factors, key=to_text))
        if isinstance(body, tree.Statistic):
            trained = STATISTICS[body.name].trained
            return self._atom(
                f"_{body.name}_{response}{pair}", "nonnegative", pair, trained=trained
            )
        text = to_text(tree.at_responses(body, {response: "y"}))
        if text not in self.sums:
            self.sums.append(text)
        name = f"__sum_{self.sums.index(text)}_{response}{pair}"
        return self._atom(name, "real", pair, trained=flows(body))

    def _place(self, response: str, pair: int, t: int) -> str:
        if t < 0:
            message = "it is about one token, and this level is about whole responses"
            raise NotStatedError(message)
        return f"{response}{pair}_{t}"

    def _probability(self, model: str, where: str, pair: int, group: str = "") -> tree.Parameter:
        parameter = tree.Parameter(f"_{model}_{where}", "open unit")
        atom = Atom(parameter, pair, MODELS[model].trained, is_probability=True, group=group)
        return self.atoms.setdefault(parameter.name, atom).parameter

    def _atom(
        self,
        name: str,
        domain: str,
        pair: int,
        *,
        trained: bool = False,
    ) -> tree.Parameter:
        parameter = tree.Parameter(name, domain)
        known = self.atoms.setdefault(name, Atom(parameter, pair, trained))
        return known.parameter


@remembered(64)  # for each pair of each batch
def _unfolded(node: Expression) -> Expression:
    return unfold(at_labels(node))


def _distributed(factors: tuple[Expression, ...]) -> list[Expression] | None:
    """Return a product as the terms of a sum, if one of its factors is one, or a logarithm of one.

    Two ways to write a sum over tokens then have the same sums in them.
    """
    for k, factor in enumerate(factors):
        match factor:
            case tree.Add(terms=terms):
                parts = [*terms]
            case tree.Neg(body=body):
                parts = [body]
            case tree.Log(body=tree.Div(numerator=above, denominator=below)):
                parts = [tree.Log(above), tree.Neg(tree.Log(below))]
            case tree.Log(body=tree.Mul(factors=inner)):
                parts = [tree.Log(each) for each in inner]
            case tree.Log(body=tree.Pow(base=base, exponent=exponent)) if base.positive:
                parts = [tree.mul(exponent, tree.Log(base))]
            case _:
                continue
        rest = [*factors[:k], *factors[k + 1 :]]
        sign = tree.Neg if isinstance(factor, tree.Neg) else _as_it_is
        return [sign(tree.product([*_factors(part), *rest])) for part in parts]
    return None


def _as_it_is(node: Expression) -> Expression:
    return node


def _factors(node: Expression) -> list[Expression]:
    """Return the factors of a term; a minus is one of them."""
    match node:
        case tree.Neg(body=body):
            return [tree.Neg(tree.Number(1)), *_factors(body)]
        case tree.Mul(factors=factors):
            return [*factors]
    return [node]


def renamed(node: Expression, pairs: Mapping[str, str]) -> Expression:
    """Return an expression with its variables renamed."""
    if isinstance(node, tree.Parameter):
        return tree.Parameter(pairs.get(node.name, node.name), node.domain)
    return tree.over(node, [renamed(child, pairs) for child in node.children()])


def pairs_of(node: Expression, atoms: Mapping[str, Atom]) -> set[int]:
    """Return which pairs an expression speaks of."""
    return {
        atoms[each.name].pair
        for each in node.walk()
        if isinstance(each, tree.Parameter) and each.name in atoms
    } - {0}
