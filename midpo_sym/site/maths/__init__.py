"""Formulas on pages: HTML from LaTeX, their fonts, and how long lines break."""
