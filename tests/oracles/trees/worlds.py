"""Random language models in float64, and formulas evaluated on them word for word.

Nothing here is shared with what is tested: every node of a tree is computed by its definition,
probabilities are formed and multiplied, and gradients are autograd's, in the policy's logits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from midpo_sym.language import tree
from midpo_sym.language.quantities.statistics import STATISTICS
from midpo_sym.language.tree import Expression
from midpo_sym.prover.framework import framework_argument

MODELS = ("pi", "ref", "prev")
VOCABULARY = 7
DOMAINS = {
    "real": lambda n, g: torch.randn(n, generator=g, dtype=torch.float64),
    "nonnegative": lambda n, g: 2 * torch.rand(n, generator=g, dtype=torch.float64),
    "positive": lambda n, g: 0.2 + torch.rand(n, generator=g, dtype=torch.float64),
    "unit": lambda n, g: torch.rand(n, generator=g, dtype=torch.float64),
    "open unit": lambda n, g: 0.1 + 0.8 * torch.rand(n, generator=g, dtype=torch.float64),
}


@dataclass
class World:
    """Two responses under three models.

    Attributes:
        logits: by (model, response), of the tokens of the response; (tokens, vocabulary).
        tokens: of y_w and y_l.
        parameters: values by their names in the specification.
        weights: by (name, response); (tokens,).
        data: by name and the responses they are numbers of.
    """

    logits: dict[tuple[str, str], Tensor]
    tokens: dict[str, Tensor]
    parameters: dict[str, float]
    weights: dict[tuple[str, str], Tensor] = field(default_factory=dict)
    data: dict[tuple[str, tuple[str, ...]], Tensor] = field(default_factory=dict)

    def token_logs(self, model: str, response: str) -> Tensor:
        logs = torch.log_softmax(self.logits[model, response], -1)
        return logs.gather(1, self.tokens[response][:, None])[:, 0]

    def statistic(self, name: str, response: str) -> Tensor:
        logs = {m: torch.log_softmax(self.logits[m, response], -1) for m in MODELS}
        if name.startswith("kl_"):
            p, q = (logs[model] for model in name.split("_")[1:])
            return (p.exp() * (p - q)).sum(-1)
        p = logs["pi"].exp()
        return {"entropy": -p * p.log(), "sum_of_squares": p * p}[name].sum(-1)


def world(derivation, seed: int, *, scale: float = 0.5, lengths=(3, 4)) -> World:
    """Return random models, parameters inside their domains, and weights for each token."""
    g = torch.Generator().manual_seed(seed)
    tokens, logits, weights = {}, {}, {}
    for response, length in zip("wl", lengths, strict=True):
        tokens[response] = torch.randint(VOCABULARY, (length,), generator=g)
        for model in MODELS:
            values = scale * torch.randn(length, VOCABULARY, generator=g, dtype=torch.float64)
            logits[model, response] = values.requires_grad_(model == "pi")
        for each in derivation.weights:
            weights[each.name, response] = DOMAINS[each.domain](length, g)
    parameters = {each.name: float(DOMAINS[each.domain](1, g)) for each in derivation.parameters}
    data = {
        (each.name, of): DOMAINS[each.domain](1, g)[0]
        for each in derivation.data
        for of in {"y": (("w",), ("l",)), "pair": (("w", "l"),), "batch": ((),)}[each.arity.of]
    }
    return World(logits, tokens, parameters, weights, data)


# By what their names say, and not by their definitions.
FUNCTIONS = {
    "min": torch.minimum,
    "clip": lambda a, low, high: torch.maximum(torch.minimum(a, high), low),
    "abs": torch.abs,
    "sigmoid": torch.sigmoid,
    "logsigmoid": torch.nn.functional.logsigmoid,
    "softplus": lambda a: -torch.nn.functional.logsigmoid(-a),
}


def evaluate(node: Expression, at: World) -> Tensor:
    """Return the value of an expression; (tokens,) inside a sum or product over tokens."""
    match node:
        case tree.Number(value=value):
            return torch.tensor(float(value), dtype=torch.float64)
        case tree.Parameter(name=name):
            return torch.tensor(at.parameters[name], dtype=torch.float64)
        case tree.Weight(name=name, response=response):
            return at.weights[name, response]
        case tree.Datum(name=name, of=of):
            return at.data[name, of]
        case tree.Length(response=response):
            return torch.tensor(float(len(at.tokens[response])), dtype=torch.float64)
        case tree.Position(response=response):
            return torch.arange(len(at.tokens[response]), dtype=torch.float64) + 1
        case tree.Probability(model=model, response=response):
            return at.token_logs(model, response).exp().prod()
        case tree.TokenProbability(model=model, response=response):
            return at.token_logs(model, response).exp()
        case tree.Statistic(name=name, response=response):
            return at.statistic(name, response)
        case tree.Normaliser():
            return torch.tensor(3.0, dtype=torch.float64)
        case tree.Add(terms=terms):
            return sum(evaluate(each, at) for each in terms)
        case tree.Mul(factors=factors):
            result = evaluate(factors[0], at)
            for each in factors[1:]:
                result = result * evaluate(each, at)
            return result
        case tree.Div(numerator=numerator, denominator=denominator):
            return evaluate(numerator, at) / evaluate(denominator, at)
        case tree.Neg(body=body):
            return -evaluate(body, at)
        case tree.Pow(base=base, exponent=exponent):
            return evaluate(base, at) ** evaluate(exponent, at)
        case tree.Log(body=body):
            return evaluate(body, at).log()
        case tree.Exp(body=body):
            return evaluate(body, at).exp()
        case tree.Max(left=left, right=right):
            return torch.maximum(evaluate(left, at), evaluate(right, at))
        case tree.CauchyCdf(body=body):
            return torch.atan(evaluate(body, at)) / math.pi + 0.5
        case tree.TokenSum(response=response, body=body):
            return evaluate(body, at).expand(len(at.tokens[response])).sum()
        case tree.TokenProduct(response=response, body=body):
            return evaluate(body, at).expand(len(at.tokens[response])).prod()
        case tree.ByLabel(response=response, chosen=chosen, rejected=rejected):
            return evaluate({"w": chosen, "l": rejected}[response], at)
        case tree.StopGradient(body=body):
            return evaluate(body, at).detach()
        case tree.Defined(body=body):
            return evaluate(body, at)
        case tree.Call(function=function, arguments=(body,), of=response) if response:
            assert function.name == "mean_t"
            return evaluate(body, at).expand(len(at.tokens[response])).mean()
        case tree.Call(function=function, arguments=arguments):
            return FUNCTIONS[function.name](*(evaluate(each, at) for each in arguments))
    message = f"no rule for {type(node).__name__}"
    raise AssertionError(message)


def loss(argument: Tensor) -> Tensor:
    return (1 + (-argument).exp()).log()


def mi_dpo(statement, at: World) -> Tensor:
    """Return −log σ(α log π(y_w) Z/ζ(y_w) − α log π(y_l) Z/ζ(y_l)), word for word."""
    return loss(evaluate(framework_argument(statement), at))


def target(statement, at: World) -> Tensor:
    """Return −log σ of the argument that the specification prints."""
    return loss(evaluate(statement.argument, at))


def gradients(value: Tensor, at: World) -> Tensor:
    """Return the gradient in all the policy's logits, in one vector."""
    leaves = [at.logits["pi", response] for response in "wl"]
    found = torch.autograd.grad(value, leaves, allow_unused=True, retain_graph=True)
    return torch.cat(
        [
            (torch.zeros_like(leaf) if each is None else each).flatten()
            for leaf, each in zip(leaves, found, strict=True)
        ]
    )


def statistics(derivation, at: World, *, by_token: bool, padding: int = 0) -> dict[str, Tensor]:
    """Return everything a generated function may ask for, by name, for a batch of one pair."""
    found = {}

    def put(name: str, tokens: Tensor) -> None:
        value = torch.nn.functional.pad(tokens, (0, padding)) if by_token else tokens.sum()
        found[name] = value[None]

    for response, label in (("w", "chosen"), ("l", "rejected")):
        put(f"{label}_logps", at.token_logs("pi", response))
        for model in ("ref", "prev"):
            put(f"{model}_{label}_logps", at.token_logs(model, response))
        for name in STATISTICS:
            put(f"{label}_{name}", at.statistic(name, response))
        length = len(at.tokens[response])
        found[f"{label}_lengths"] = torch.tensor([length])
        mask = torch.ones(length + padding, dtype=torch.bool)
        mask[length:] = False
        found[f"{label}_mask"] = mask[None]
        for each in derivation.weights:
            put(f"{label}_{each.torch}", at.weights[each.name, response])
    return found


def numbers(derivation, at: World) -> dict:
    """Return hyper-parameters and data, by their names in Python, for a batch of one pair."""
    found = {each.torch: at.parameters[each.name] for each in derivation.parameters}
    for each in derivation.data:
        for of in (key for name, key in at.data if name == each.name):
            prefix = {"w": "chosen_", "l": "rejected_"}[of[0]] if len(of) == 1 else ""
            value = at.data[each.name, of]
            found[f"{prefix}{each.torch}"] = value[None] if of else value
    return found


def arguments(function, derivation, at: World, padding: int = 0) -> dict:
    """Return the keyword arguments of a generated function at a world."""
    import inspect  # noqa: PLC0415 - only here

    wanted = list(inspect.signature(function).parameters)
    by_token = "chosen_mask" in wanted
    found = statistics(derivation, at, by_token=by_token, padding=padding)
    divergences = {
        node.name
        for side in (derivation.statement.argument, derivation.statement.zeta)
        for node in side.walk()
        if isinstance(node, tree.Statistic) and node.name.startswith("kl_")
    }
    for label in ("chosen", "rejected"):
        if len(divergences) == 1:
            found[f"{label}_kl"] = found[f"{label}_{min(divergences)}"]
    found |= numbers(derivation, at)
    return {name: found[name] for name in wanted}
