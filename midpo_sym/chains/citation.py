"""What a chain says when another cites it: with its definitions put in and its names replaced."""

from __future__ import annotations

from collections.abc import Mapping

from midpo_sym.kernel.hypotheses import Hypothesis
from midpo_sym.kernel.order import nonnegative
from midpo_sym.language import indexed, tree
from midpo_sym.language.tree import Expression, over
from midpo_sym.rules.application import MisfitError
from midpo_sym.rules.normaliser import Cited
from midpo_sym.spec.theory import Chain, Replacement, Setting


def statement(chain: Chain) -> Cited:
    """Return what a chain of equations proves, in its own words."""
    return Cited(chain.start, chain.steps[-1].to, tuple(sorted(chain.indices)))


def instance(chain: Chain, there: Setting, here: Setting, where: tuple[Replacement, ...]) -> Cited:
    """Return what a chain of another file proves, in the words of this one.

    Raises:
        MisfitError: a name of the other file is neither replaced nor declared alike in this one.
    """
    new = {each.name: each for each in where}
    said = statement(chain)
    for side in (said.left, said.right):
        for node in side.walk():
            if isinstance(node, (indexed.Indexed, tree.Parameter)):
                _check_name(node, new, there, here)
    left, right = (_Instance(new).of(side, {}) for side in (said.left, said.right))
    return Cited(left, right, said.indices)


def _check_name(
    node: indexed.Indexed | tree.Parameter,
    new: Mapping[str, Replacement],
    there: Setting,
    here: Setting,
) -> None:
    name, domain = node.name, node.domain
    if name in new:
        given, body = new[name], new[name].body
        formals = there.functions[name].indices if name in there.functions else ()
        if [*map(indexed.set_of, given.formals)] != [*map(indexed.set_of, formals)]:
            raise MisfitError(f"`where` does not take {name} at the indices it is declared with")
        if not _lies_in(body, domain):
            raise MisfitError(f"`where` puts for {name} what is not {domain} by its form")
        return
    if isinstance(node, tree.Parameter):
        alike = here.domains.get(name) == domain
    else:
        own, other = here.functions.get(name), there.functions[name]
        alike = own is not None and own.domain == domain
        alike &= own is not None and [*map(indexed.set_of, own.indices)] == [
            *map(indexed.set_of, other.indices)
        ]
    if not alike:
        raise MisfitError(
            f"{name} of {there.id} is nothing here: say in `where` what stands for it"
        )


def _lies_in(body: Expression, domain: str) -> bool:
    if domain == "real" or (domain == "positive" and body.positive):
        return True
    return (domain == "nonnegative" and nonnegative(body)) or getattr(body, "domain", "") == domain


class _Instance:
    """Puts expressions in the place of functions; every bound index gets a name of its own."""

    def __init__(self, new: Mapping[str, Replacement]) -> None:
        self.new = new
        self.fresh = 0

    def of(self, node: Expression, env: Mapping[str, str], *, put_in: bool = True) -> Expression:
        match node:
            case indexed.Applied(formals=formals, actuals=actuals, body=body):
                values = (env.get(each, each) for each in actuals)
                return self.of(body, dict(zip(formals, values, strict=True)), put_in=put_in)
            case indexed.Indexed(name=name, indices=indices):
                at = tuple(env.get(each, each) for each in indices)
                if put_in and name in self.new:
                    found = self.new[name]
                    inside = dict(zip(found.formals, at, strict=True))
                    return self.of(found.body, inside, put_in=False)
                return indexed.Indexed(name, at, node.domain)
            case tree.Parameter(name=name) if put_in and name in self.new:
                return self.of(self.new[name].body, {}, put_in=False)
            case indexed.IndexSum(index=index, body=body) | indexed.Least(index=index, body=body):
                self.fresh += 1
                token = f"{index[0]}~{self.fresh}"
                inner = self.of(body, {**env, index: token}, put_in=put_in)
                return type(node)(token, inner)
            case indexed.Differential():
                raise MisfitError("a derivative cannot be cited from another file")
        children = [self.of(child, env, put_in=put_in) for child in node.children()]
        return over(node, children)


def check_assumed(
    cited: Hypothesis, where: tuple[Replacement, ...], given: tuple[Hypothesis, ...]
) -> None:
    """Check that what a chain of another file assumes is assumed where it is cited.

    Raises:
        MisfitError: it is not, or not in a form that can be compared.
    """
    new = {each.name: each for each in where}
    moved = _Instance(new).of(cited.function, {})
    for each in given:
        if not (isinstance(moved, indexed.Indexed) and cited.over and each.over):
            continue
        same = moved.name == each.function.name
        over_there = {moved.indices.index(k) for k in cited.over if k in moved.indices}
        over_here = {each.function.indices.index(k) for k in each.over}
        if same and len(over_there) == len(cited.over) and over_there == over_here:
            return
    raise MisfitError(
        f"the cited chain assumes something of {cited.function.name}: name it in using"
    )
