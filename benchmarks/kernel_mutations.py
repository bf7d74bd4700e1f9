"""The mutants of a file of the kernel: its source with one syntax node changed.

And the reasons why one may live, which `kernel_mutants.toml` says.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REASONS = Path(__file__).with_name("kernel_mutants.toml")

COMPARISONS = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
OPERATORS = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add,),
    ast.Div: (ast.Mult,),
    ast.Pow: (ast.Mult,),
}


@dataclass(frozen=True)
class Mutant:
    """A changed source: `what` says what became of which line."""

    module: str
    line: str
    what: str
    source: str

    @property
    def key(self) -> str:
        """Return a name that outlives changes elsewhere in the file."""
        return f"{self.module}: {self.line} [{self.what}]"


def read_reasons() -> dict[str, str]:
    """Return why a mutant may live, by its key."""
    reasons: dict[str, str] = tomllib.loads(REASONS.read_text(encoding="utf-8"))
    return reasons


def changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:  # noqa: C901, PLR0912 - one case for each kind of node
    """Yield what a node may be replaced by, and a word for it."""
    match node:
        case ast.Compare(ops=[operator, *rest]):
            for other in COMPARISONS[type(operator)]:
                changed = ast.Compare(node.left, [other(), *rest], node.comparators)
                yield f"{type(operator).__name__} to {other.__name__}", changed
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in OPERATORS:
            for other in OPERATORS[type(operator)]:
                name = f"{type(operator).__name__} to {other.__name__}"
                yield name, ast.BinOp(left, other(), right)
        case ast.AugAssign(target=target, op=operator, value=value) if type(operator) in OPERATORS:
            for other in OPERATORS[type(operator)]:
                name = f"{type(operator).__name__}= to {other.__name__}="
                yield name, ast.AugAssign(target, other(), value)
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield f"{type(node.op).__name__} dropped", operand
        case ast.BoolOp(op=operator, values=values):
            other = ast.Or() if isinstance(operator, ast.And) else ast.And()
            yield f"{type(operator).__name__} to {type(other).__name__}", ast.BoolOp(other, values)
            for place in range(len(values)):
                rest = [*values[:place], *values[place + 1 :]]
                yield (
                    f"operand {place + 1} dropped",
                    rest[0] if len(rest) == 1 else ast.BoolOp(operator, rest),
                )
        case ast.Constant(value=bool() as value):
            yield f"{value} to {not value}", ast.Constant(not value)
        case ast.Constant(value=int() as value):
            yield f"{value} to {value + 1}", ast.Constant(value + 1)
        case ast.If(test=test, body=body, orelse=orelse):
            yield "branch never taken", ast.If(ast.Constant(value=False), body, orelse)
            yield "branch always taken", ast.If(ast.Constant(value=True), body, orelse)
            del test
        case ast.IfExp(body=body, orelse=orelse):
            yield "first value always", body
            yield "second value always", orelse
        case ast.match_case(pattern=pattern, guard=guard):
            if isinstance(pattern, ast.MatchAs) and pattern.pattern is None:
                return
            yield "case dropped", ast.match_case(pattern, ast.Constant(value=False), node.body)
            if guard:
                yield "guard dropped", ast.match_case(pattern, None, node.body)
        case ast.Return(value=ast.Constant(value=None)):
            return
        case ast.Return(value=ast.expr()):
            yield "returns None", ast.Return(ast.Constant(None))
        case ast.Raise():
            yield "does not raise", ast.Pass()
        case ast.Continue():
            yield "does not continue", ast.Pass()
        case ast.Expr(value=ast.Call()):
            yield "call dropped", ast.Pass()


def mutants(module: str, *, sources: bool = True) -> Iterator[Mutant]:
    """Yield every mutant of one module; without their sources, which take time, for their keys."""
    path = ROOT / "midpo_sym" / "kernel" / f"{module.replace('.', '/')}.py"
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    whole = ast.parse(text)
    for parent in ast.walk(whole):
        if isinstance(parent, ast.keyword) and parent.arg == "strict":
            continue  # every zip has equal lengths
        for field, value in ast.iter_fields(parent):
            if field in ("returns", "annotation", "decorator_list"):
                continue
            siblings = value if isinstance(value, list) else [value]
            for place, node in enumerate(siblings):
                if not isinstance(node, ast.AST):
                    continue
                placed = node.pattern if isinstance(node, ast.match_case) else node
                number = getattr(placed, "lineno", 0)
                for what, changed in changes(node):
                    source = ""
                    if sources:
                        _set(parent, field, value, place, changed)
                        source = ast.unparse(ast.fix_missing_locations(whole))
                        _set(parent, field, value, place, node)
                    yield Mutant(module, lines[number - 1].strip(), what, source)


def _set(parent: ast.AST, field: str, value: object, place: int, new: ast.AST) -> None:
    if isinstance(value, list):
        value[place] = new
    else:
        setattr(parent, field, new)
