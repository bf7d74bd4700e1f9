"""What the text of a generated file may consist of, checked before anything of it is run.

The text is printed from parsed trees, and names in it are identifiers; this is a second lock. A
file that calls, imports or looks up anything that is not listed here is not run, and not written.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from midpo_sym.targets.torch.errors import WrongCodeError

IMPORTS = frozenset({"__future__", "math", "torch", "torch.nn.functional", "midpo_sym.tensor"})
_NODES = (
    ast.Module, ast.Import, ast.ImportFrom, ast.alias, ast.FunctionDef, ast.ClassDef, ast.arguments,
    ast.arg, ast.Expr, ast.Assign, ast.Return, ast.Call, ast.keyword, ast.Name, ast.Attribute,
    ast.Constant, ast.Tuple, ast.Dict, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop,
    ast.Subscript, ast.Slice, ast.JoinedStr, ast.FormattedValue, ast.expr_context,
)  # fmt: skip
_FUNCTIONS = frozenset({
    "Needs", "_argument", "abs", "cauchy_cdf", "check_data", "check_nonzero", "check_number",
    "check_pairs", "check_tokens", "check_weights", "fill_padding", "log_cauchy_cdf", "log_sum_exp",
    "logsigmoid", "max", "min", "super", "weigh",
})  # fmt: skip
_ATTRIBUTES = frozenset({
    "abs", "bool", "clamp", "detach", "exp", "expm1", "full_like", "lengths", "log", "mask",
    "maximum", "minimum", "of", "positions", "sigmoid", "sum", "total", "where",
})  # fmt: skip
# What may be imported of each module; of `midpo_sym.tensor` the functions above, and three classes.
_IMPORTED = {
    "__future__": frozenset({"annotations"}),
    "math": frozenset[str](),
    "torch": frozenset({"Tensor"}),
    "torch.nn.functional": frozenset({"logsigmoid"}),
    "midpo_sym.tensor": _FUNCTIONS | {"PreferenceLoss", "ResponseStatistics"},
}
_DUNDERS = frozenset({"__init__"})


def checked_syntax(text: str, function: str) -> ast.Module:
    """Return the syntax of a generated file.

    Args:
        text: of the file.
        function: the name of its function.

    Raises:
        WrongCodeError: it is no Python, or has something in it that no generated file needs.
    """
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        message = f"the generated text is no Python: {error}"
        raise WrongCodeError(message) from error
    for node in ast.walk(module):
        for what in _offences(node, _FUNCTIONS | {function}):
            message = f"the generated text has {what} in line {getattr(node, 'lineno', 1)}"
            raise WrongCodeError(message)
    return module


def _offences(  # noqa: C901 - one case for each kind of node
    node: ast.AST, functions: frozenset[str]
) -> Iterable[str]:
    if not isinstance(node, _NODES):
        yield type(node).__name__
    match node:
        case ast.Import(names=names):
            yield from (f"import {each.name}" for each in names if each.name not in IMPORTS)
        case ast.ImportFrom(module=name, level=level) if level or name not in IMPORTS:
            yield f"import from {name}"
        case ast.ImportFrom(module=name, names=names):
            yield from (
                f"import of {each.name} from {name}"
                for each in names
                if each.name not in _IMPORTED[name or ""]
            )
        case ast.alias(asname=str(name)):  # another name for something would be called unseen
            yield f"the name {name} for an import"
        case ast.FunctionDef(decorator_list=[_, *_]) | ast.ClassDef(decorator_list=[_, *_]):
            yield "a decorator"
        case ast.Call(func=ast.Name(id=name)) if name not in functions:
            yield f"a call of {name}"
        case ast.Call(func=ast.Attribute(attr=name)) if name not in _ATTRIBUTES | _DUNDERS:
            yield f"a call of .{name}"
        case ast.Call(func=func) if not isinstance(func, (ast.Name, ast.Attribute)):
            yield "a call of what is no name"
        case ast.Attribute(value=value, attr=name) if name not in _ATTRIBUTES:
            of_self = isinstance(value, ast.Name) and value.id == "self"
            of_super = isinstance(value, ast.Call) and name in _DUNDERS
            if not of_super and not (of_self and not name.startswith("_")):
                yield f".{name}"
        case ast.Name(id=name) if name.startswith("__"):
            yield name
