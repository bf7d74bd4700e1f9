"""Passes over logits and hidden states, a tile at a time."""
