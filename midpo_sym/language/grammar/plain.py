"""Plain words for what Python's grammar can hold and this language does not."""

from __future__ import annotations

import ast

# Each kind of node of Python's syntax tree, as a person would call it.
_KINDS = {
    # expressions
    "Attribute": "a name behind a dot",
    "Await": "await",
    "BinOp": "an operation",
    "BoolOp": "a condition",
    "Call": "a call",
    "Compare": "a comparison",
    "Constant": "a constant",
    "Dict": "a list in braces",
    "DictComp": "a list made by `for`",
    "FormattedValue": "text in quotes",
    "GeneratorExp": "a list made by `for`",
    "IfExp": "a choice by `if`",
    "Interpolation": "text in quotes",
    "JoinedStr": "text in quotes",
    "Lambda": "a function made by `lambda`",
    "List": "a list in square brackets",
    "ListComp": "a list made by `for`",
    "Name": "a name",
    "NamedExpr": "an assignment",
    "Set": "a list in braces",
    "SetComp": "a list made by `for`",
    "Slice": "a range",
    "Starred": "a star before an argument",
    "Subscript": "an index in square brackets",
    "TemplateStr": "text in quotes",
    "Tuple": "a list with commas",
    "UnaryOp": "a sign",
    "Yield": "yield",
    "YieldFrom": "yield",
    # operators, as they are written
    "Add": "+",
    "And": "and",
    "BitAnd": "&",
    "BitOr": "|",
    "BitXor": "^",
    "Div": "/",
    "Eq": "==",
    "FloorDiv": "//",
    "Gt": ">",
    "GtE": ">=",
    "In": "in",
    "Invert": "~",
    "Is": "is",
    "IsNot": "is not",
    "LShift": "<<",
    "Lt": "<",
    "LtE": "<=",
    "MatMult": "@",
    "Mod": "%",
    "Mult": "*",
    "Not": "not",
    "NotEq": "!=",
    "NotIn": "not in",
    "Or": "or",
    "Pow": "**",
    "RShift": ">>",
    "Sub": "-",
    "UAdd": "+",
    "USub": "-",
}
_VALUES: dict[type, str] = {
    bool: "a truth value",
    bytes: "text in quotes",
    complex: "an imaginary number",
    float: "a decimal number",
    int: "a whole number",
    str: "text in quotes",
    type(...): "an omission",
    type(None): "an empty value",
}
# What Python's parser says in its own terms; all else that it says is plain enough.
_SYNTAX = (
    ("forgot a comma", "something is missing between two parts"),
    ("invalid decimal literal", "a number and a name stand side by side"),
    ("invalid syntax", "it does not read on here"),
    ("cannot assign", "an equals sign is not part of the language"),
    ("assign", "an equals sign is not part of the language"),
    ("expression cannot contain", "an equals sign is not part of the language"),
    ("unterminated", "a quote is not part of the language"),
    ("f-string", "text in quotes is not part of the language"),
    ("unexpected EOF", "it breaks off"),
)


def kind(syntax: ast.AST) -> str:
    """Return what a node of Python's syntax tree is, in plain words."""
    if isinstance(syntax, ast.Constant):
        return _VALUES[type(syntax.value)]
    if isinstance(syntax, (ast.BoolOp, ast.UnaryOp)):
        return f"the operator {kind(syntax.op)}"
    return _KINDS[type(syntax).__name__]


def syntax_message(message: str) -> str:
    """Return what Python says of a text that it cannot read, without its own technical terms."""
    return next((plain for part, plain in _SYNTAX if part in message), message)
