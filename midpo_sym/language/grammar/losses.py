"""Text to tree: Python's grammar, a whitelist, and exact numbers.

The text is parsed by `ast.parse`, which runs nothing, and only the node kinds named here are
ever looked at. Everything else is refused with its place and the cure.
"""

from __future__ import annotations

import ast
import re
import warnings

from midpo_sym.language.errors import Advice, LanguageError
from midpo_sym.language.grammar.cures import SPELLINGS
from midpo_sym.language.grammar.limits import MAX_BRACKETS, MAX_LENGTH, MAX_OPERATIONS
from midpo_sym.language.grammar.numerals import check_numerals
from midpo_sym.language.grammar.plain import syntax_message
from midpo_sym.language.grammar.reader import Reader
from midpo_sym.language.grammar.refusals import ALLOWED, too_deep
from midpo_sym.language.grammar.scope import Definition, Scope
from midpo_sym.language.tree import Expression
from midpo_sym.language.vocabulary import FUNCTIONS

_SIDE_BY_SIDE = re.compile(r"[A-Za-z0-9_)]\s+[A-Za-z0-9_(]|\)[A-Za-z0-9_]")  # 2 alpha, (a)(b)
_BARE_FUNCTION = re.compile(rf"\b({'|'.join(FUNCTIONS)}|ln)\s+[A-Za-z0-9]")  # log pi(w)

__all__ = ["Definition", "Scope", "parse"]


def parse(text: str, scope: Scope, reader: type[Reader] | None = None) -> Expression:
    """Return the tree of an expression.

    Args:
        text: the expression, in the words of the specification language.
        scope: the names it may use.
        reader: what turns Python's syntax into a tree, if not the `Reader` of this module.

    Raises:
        LanguageError: the text breaks a rule of the language; says where and how to mend it.
    """
    _check_text(text)
    source = text.replace("\n", " ").replace("\r", " ").replace("\t", " ")
    stripped = source.strip()
    if not stripped:
        raise LanguageError("the expression is empty")
    # Brackets let a lone leading space or a line break stand; one more column is taken off.
    indent = len(source) - len(source.lstrip())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "1if" and the like are refused below
            syntax = ast.parse(stripped, mode="eval").body
    except SyntaxError as error:
        at = error.offset - 1 if error.offset else len(stripped)  # none where the text breaks off
        raise LanguageError(
            f"not an expression: {syntax_message(error.msg)}",
            min(indent + at, len(text) - 1),
            1,
            _syntax_advice(stripped),
        ) from None
    except (RecursionError, MemoryError, ValueError):
        raise too_deep(indent, len(stripped)) from None
    if _depth(syntax) > MAX_OPERATIONS:
        raise too_deep(indent, len(stripped))
    return (reader or Reader)(stripped, indent, scope).read_all(syntax)


def _check_text(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise LanguageError(
            f"the expression has {len(text):,} characters",
            0,
            1,
            Advice(
                allowed=f"at most {MAX_LENGTH:,} characters",
                cure="name its parts under [definitions]",
            ),
        )
    comment = text.find("#")
    if comment >= 0:  # Python would skip it, and with the line breaks gone all that follows
        raise LanguageError(
            "a comment is not part of the language",
            comment,
            len(text) - comment,
            Advice(text[comment:][:80], cure="put it outside the quotes, or in a note"),
        )
    for offset, character in enumerate(text):
        if not (character.isascii() and (character.isprintable() or character in "\n\r\t")):
            instead = SPELLINGS.get(character, "")
            raise LanguageError(
                f"the character {character!r} is not part of the language",
                offset,
                1,
                Advice(
                    character,
                    "letters, digits, _ + - * / ** ( ) ,",
                    f"write {instead}" if instead else "take it out",
                    instead,
                ),
            )
    caret = text.find("^")
    if caret >= 0:  # in Python it binds looser than +, so that no reading of it is what is meant
        raise LanguageError(
            "the operator ^ is not part of the language",
            caret,
            1,
            Advice("^", "+ - * / **", "write a power as a**b", "**"),
        )
    check_numerals(text)
    depth = 0
    for offset, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth > MAX_BRACKETS:
            raise too_deep(offset, 1)


def _depth(syntax: ast.expr) -> int:
    depth, level = 0, [syntax]
    while level:
        depth += 1
        level = [
            child
            for node in level
            for child in ast.iter_child_nodes(node)
            if isinstance(child, ast.expr)
        ]
    return depth


def _syntax_advice(text: str) -> Advice:
    if "lambda" in text:
        return Advice(cure="lambda is a reserved word: name the parameter lam or lambda_")
    if "=" in text:
        return Advice(allowed=ALLOWED, cure="write one side only: an expression is no equation")
    bare = _BARE_FUNCTION.search(text)
    if bare:
        return Advice(allowed=ALLOWED, cure=f"give {bare[1]} its argument in brackets")
    if _SIDE_BY_SIDE.search(text):
        return Advice(allowed=ALLOWED, cure="write a product as a*b")
    if any(text.count(opened) != text.count(closed) for opened, closed in ("()", "[]", "{}")):
        return Advice(allowed=ALLOWED, cure="close every bracket that is opened, and no other")
    return Advice(allowed=ALLOWED, cure="write it with these alone")
