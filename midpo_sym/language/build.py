"""Build expressions in Python with the words of the specification language.

    >>> from midpo_sym.language.build import log, parameter, pi, ref
    >>> from midpo_sym.language.printing.text import to_text
    >>> alpha = parameter("alpha", "positive")
    >>> to_text(alpha * log(pi("w") / ref("w")))
    'alpha*log(pi(w)/ref(w))'

The response is `"y"` in a prior, `"w"` or `"l"` in a loss; a second argument `"t"` asks for
the quantity of one token, to be used inside `sum_t` or `prod_t`.
"""

from __future__ import annotations

from midpo_sym.language import tree
from midpo_sym.language.functions import table
from midpo_sym.language.tree import Expression, Operand, lift
from midpo_sym.language.vocabulary import DOMAINS, TOKEN


def parameter(name: str, domain: str = "real") -> Expression:
    """Return a scalar parameter.

    Raises:
        ValueError: the domain is not one of `DOMAINS`.
    """
    _check_domain(domain)
    return tree.Parameter(name, domain)


def weight(name: str, response: str, domain: str = "real", *, by_label: bool = False) -> Expression:
    """Return a declared weight of the token at position t.

    Raises:
        ValueError: the domain is not one of `DOMAINS`.
    """
    _check_domain(domain)
    return tree.Weight(name, response, domain, by_label)


def datum(name: str, *of: str, domain: str = "real", by_label: bool = False) -> Expression:
    """Return a declared number given as data: of a response, of `"w", "l"`, or of the batch.

    Raises:
        ValueError: the domain is not one of `DOMAINS`.
    """
    _check_domain(domain)
    return tree.Datum(name, of, domain, by_label)


def pi(response: str, position: str = "") -> Expression:
    """Return the policy's probability of a response, or of its token t."""
    return _probability("pi", response, position)


def ref(response: str, position: str = "") -> Expression:
    """Return the reference policy's probability of a response, or of its token t."""
    return _probability("ref", response, position)


def prev(response: str, position: str = "") -> Expression:
    """Return the previous policy's probability of a response, or of its token t."""
    return _probability("prev", response, position)


def statistic(name: str, response: str) -> Expression:
    """Return a statistic of the next-token distributions before position t: a row of `STATISTICS`.

    Raises:
        ValueError: there is no such statistic.
    """
    return tree.Statistic(name, response)


def kl_ref_pi(response: str) -> Expression:
    """Return KL(ref ‖ pi) of the next-token distributions before position t, in nats."""
    return statistic("kl_ref_pi", response)


def kl_pi_ref(response: str) -> Expression:
    """Return KL(pi ‖ ref) of the next-token distributions before position t, in nats."""
    return statistic("kl_pi_ref", response)


def length(response: str) -> Expression:
    """Return the number of tokens of a response."""
    return tree.Length(response)


def position(response: str) -> Expression:
    """Return the place of the token at position t in its response, from 1 on."""
    return tree.Position(response)


def log(body: Operand) -> Expression:
    """Return the natural logarithm of a positive expression.

    Raises:
        ValueError: the argument is not positive by its form.
    """
    return tree.Log(lift(body))


def exp(body: Operand) -> Expression:
    """Return the exponential of an expression."""
    return tree.Exp(lift(body))


def sum_t(response: str, body: Operand) -> Expression:
    """Return the sum over the tokens of a response."""
    return tree.TokenSum(response, lift(body))


def prod_t(response: str, body: Operand) -> Expression:
    """Return the product over the tokens of a response.

    Raises:
        ValueError: the factor is not positive by its form.
    """
    return tree.TokenProduct(response, lift(body))


def by_label(chosen: Operand, rejected: Operand) -> Expression:
    """Return a value for the chosen and another for the rejected response."""
    return tree.ByLabel("y", lift(chosen), lift(rejected))


def sg(body: Operand) -> Expression:
    """Return the expression as a constant for the gradient."""
    return tree.StopGradient(lift(body))


def maximum(left: Operand, right: Operand) -> Expression:
    """Return the larger of two expressions."""
    return tree.Max(lift(left), lift(right))


def cauchy_cdf(body: Operand) -> Expression:
    """Return the distribution function of the Cauchy distribution."""
    return tree.CauchyCdf(lift(body))


def call(name: str, *arguments: Operand, response: str = "") -> Expression:
    """Return a function of the table `DERIVED`, such as `call("sigmoid", a)`.

    Args:
        name: its word.
        *arguments: what it is called with.
        response: whose tokens it is about, for `mean_t`.

    Raises:
        ValueError: it takes another number of arguments, or a response where none is needed.
    """
    return table.call(name, *map(lift, arguments), of=response)


def _probability(model: str, response: str, position: str) -> Expression:
    if position not in ("", TOKEN):
        message = f"the position is {TOKEN!r} or left out, not {position!r}"
        raise ValueError(message)
    return (tree.TokenProbability if position else tree.Probability)(model, response)


def _check_domain(domain: str) -> None:
    if domain not in DOMAINS:
        message = f"unknown domain {domain!r}; allowed: {', '.join(DOMAINS)}"
        raise ValueError(message)
