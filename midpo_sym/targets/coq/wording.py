"""What a specification says, in the words of the library `MidpoCore`."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from midpo_sym.language import tree
from midpo_sym.language.quantities.statistics import STATISTICS, Statistic
from midpo_sym.language.tree import Expression
from midpo_sym.language.vocabulary import MODELS
from midpo_sym.spec.model import Statement
from midpo_sym.targets.coq import names
from midpo_sym.targets.coq.hypotheses import TWO_TOKENS, Premise
from midpo_sym.targets.coq.printer import definition, to_coq

_WIDTH = 100
_TIED = "\N{NO-BREAK SPACE}"  # a space at which no line is broken


@dataclass(frozen=True)
class Wording:
    """A statement in Coq.

    Attributes:
        statement: what is said.
        binders: the names that it is about, each with the leaf that it stands for.
        hypotheses: what it assumes.
    """

    statement: Statement
    binders: dict[str, Expression | str]
    hypotheses: tuple[Premise, ...]

    @property
    def arguments(self) -> str:
        """Return the names that the statement is about, as arguments."""
        return " ".join(self.binders)

    @property
    def definitions(self) -> str:
        """Return the definitions of statistics, prior, scale and argument."""
        head = f"{{V : vocab}} {self._types}"
        one, pair = tied("(x y : list V) : R :="), tied("(x w l : list V) : R :=")
        zeta = filled(f"Definition zeta {head} {one}", to_coq(self.statement.zeta))
        scale = filled(f"Definition scale {head} {tied(': R :=')}", to_coq(self.statement.scale))
        argument = filled(f"Definition argument {head} {pair}", to_coq(self.statement.argument))
        own = map(definition, own_statistics(self.statement))
        return "\n\n".join([*own, zeta, scale, argument])

    @property
    def proposition(self) -> str:
        """Return the definition of the statement."""
        return f"Definition statement : Prop :=\n{self.premises},\n{self.equation}."

    @property
    def premises(self) -> str:
        """Return what the statement is about, and its hypotheses."""
        factor = "" if self.statement.score_of else tied("(Z : list V -> R)") + " "
        data = factor + tied("(D : data V)")
        head = f"forall {tied('(V : vocab)')} {self._types} {data}"
        rows = ["    (h_Z : forall x, 0 < Z x)"] if factor else []
        rows += map(assumed, self.hypotheses)
        return "\n".join([wrap(head, "  ", "    "), *rows])

    @property
    def equation(self) -> str:
        """Return what holds under the hypotheses: MI-DPO's loss is that of the statement.

        Or its score of a response, with ζ known exactly, is what is read as that.
        """
        if self.statement.score_of:
            score = f"{self.score} = argument {self.arguments} x w l)"
            return "\n".join(["  every D (fun x w l =>", wrap(score, "    ", "      ")])
        prior = f"(fun x y => zeta {self.arguments} x y / Z x)"
        left = f"mi_dpo (scale {self.arguments}) m_pi {prior} D"
        right = f"= mean loss_{self.statement.link} (argument {self.arguments}) D"
        return "\n".join(wrap(each, "  ", "    ") for each in (left, right))

    @property
    def score(self) -> str:
        """Return MI-DPO's score of a response."""
        response = self.statement.score_of
        ratio = f"seq m_pi x {response} / zeta {self.arguments} x {response}"
        return f"scale {self.arguments} * ln ({ratio})"

    @property
    def prior_positive(self) -> str:
        """Return the theorem that the prior is positive at every response that is not empty."""
        domains = [assumed(each) for each in self.hypotheses if each.domain or each == TWO_TOKENS]
        head = f"forall {tied('(V : vocab)')} {self._types} {tied('(x y : list V)')}"
        return "\n".join(
            [
                "Theorem prior_positive :",
                "\n".join([wrap(head, "  ", "    "), *domains]) + ",",
                wrap(f"(1 <= length y)%nat -> 0 < zeta {self.arguments} x y.", "  ", "    "),
            ]
        )

    @property
    def _types(self) -> str:
        """Return the binders of the names, with their types."""
        return typed(self.binders)


def typed(names_: dict[str, Expression | str]) -> str:
    """Return binders of names, each of the type of the leaf that it stands for."""
    groups: list[tuple[str, list[str]]] = []  # in the order of the names, which is kept
    for name, leaf in names_.items():
        match leaf:
            case tree.Parameter() | tree.Datum(of=()):
                kind = "R"
            case tree.Datum(of=of, by_label=by_label):
                texts = " -> ".join(["list V"] * (1 + len(of)))
                kind = f"{'bool -> ' * by_label}{texts} -> R"
            case tree.Weight(by_label=True):
                kind = "bool -> per_token V"
            case tree.Weight():
                kind = "per_token V"
            case "label":
                kind = "labelling V"
            case _:
                kind = "policy V"
        if not groups or groups[-1][0] != kind:
            groups.append((kind, []))
        groups[-1][1].append(name)
    rows = [f"({' '.join(each)} : {kind})" for kind, each in groups]
    return " ".join(tied(each) if len(each) < _WIDTH // 2 else each for each in rows)


def own_statistics(statement: Statement) -> tuple[Statistic, ...]:
    """Return the statistics of a statement that `MidpoCore` has no definition of, in order."""
    used = {
        node.row
        for part in (statement.zeta, statement.argument)
        for node in part.walk()
        if isinstance(node, tree.Statistic)
    }
    return tuple(
        row for row in STATISTICS.values() if row in used and row.operator not in names.LIBRARY
    )


def binders(statement: Statement) -> dict[str, Expression | str]:
    """Return the names that a statement is about, in order, with the leaf that each stands for."""
    parts = (statement.scale, statement.zeta, statement.argument)
    nodes = [node for part in parts for node in part.walk()]
    models = {"pi"}
    found: dict[str, Expression | str] = {}
    labelled = False
    for node in nodes:
        match node:
            case tree.Probability(model=name) | tree.TokenProbability(model=name):
                models.add(name)
            case tree.Statistic(row=row):
                models.update(row.models)
            case tree.Parameter(name=name):
                found.setdefault(names.parameter(name), node)
            case tree.Datum(name=name):
                found.setdefault(names.datum(name), node)
            case tree.Weight(name=name):
                found.setdefault(names.weight(name), node)
        labelled |= isinstance(node, tree.ByLabel) and node.response == "y"
        labelled |= isinstance(node, tree.Weight) and node.by_label and node.response == "y"
        labelled |= isinstance(node, tree.Datum) and node.by_label and node.of == ("y",)
    result: dict[str, Expression | str] = {
        names.model(name): name for name in MODELS if name in models
    }
    result |= sorted(found.items())
    return result | ({"label": "label"} if labelled else {})


def wrap(text: str, first: str, rest: str) -> str:
    """Return a text in lines with these indents; Coq reads any white space alike."""
    filled = textwrap.fill(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return filled.replace(_TIED, " ")


def tied(text: str) -> str:
    """Return a text in one line, wherever it is wrapped."""
    return text.replace(" ", _TIED)


def assumed(each: Premise) -> str:
    """Return a hypothesis as a binder, in lines."""
    return wrap(f"({each.name} : {each.proposition})", "    ", "      ")


def filled(head: str, body: str) -> str:
    """Return a definition in lines."""
    return "\n".join([wrap(head, "", "    "), wrap(f"{body}.", "  ", "  ")])
