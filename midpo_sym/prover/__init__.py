"""Proof or counterexample: the kernel first, then everything that hands it something to check."""
