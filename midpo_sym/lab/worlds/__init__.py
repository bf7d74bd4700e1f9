"""Worlds whose truth is known: a small language, its rewards, its annotators, what is best.

A world has a few prompts and so few answers that all of them are listed, so that expectations,
divergences and the best policy are sums and no estimates. NumPy only: what is trained on a world is
elsewhere. See site/decisions/0043-experiments.md.
"""

from __future__ import annotations

from midpo_sym.lab.worlds.choice import CHOICES, outcomes
from midpo_sym.lab.worlds.language import World, build
from midpo_sym.lab.worlds.measures import Measures, measure
from midpo_sym.lab.worlds.pairs import Pairs, draw, everybody
from midpo_sym.lab.worlds.settings import WorldSettings
from midpo_sym.lab.worlds.truth import Truth

__all__ = [
    "CHOICES",
    "Measures",
    "Pairs",
    "Truth",
    "World",
    "WorldSettings",
    "build",
    "draw",
    "everybody",
    "measure",
    "outcomes",
]
