"""Responses, their tokens, and what stands before these, as mathematics."""

from __future__ import annotations


def response_latex(response: str) -> str:
    """Return a response in LaTeX."""
    return "y" if response == "y" else f"y_{response}"


def token_latex(response: str) -> str:
    """Return the token of a response at t, in LaTeX."""
    return "y_t" if response == "y" else f"y_{{{response},t}}"


def prefix_latex(response: str) -> str:
    """Return the tokens of a response before t, in LaTeX."""
    return "y_{<t}" if response == "y" else f"y_{{{response},<t}}"


def response_unicode(response: str) -> str:
    """Return a response in Unicode mathematics."""
    return "y" if response == "y" else f"y_{response}"


def token_unicode(response: str) -> str:
    """Return the token of a response at t, in Unicode mathematics."""
    return "y,t" if response == "y" else f"y_{response},t"
