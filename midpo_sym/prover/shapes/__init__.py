"""Losses of any shape: what their terms, links and weights are."""
