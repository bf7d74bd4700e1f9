"""Gradients of losses: derived, proved by the kernel, and checked by finite differences."""
