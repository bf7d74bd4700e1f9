"""Results to text: each module turns what the prover found into one form, and decides nothing.

What prints the computation of a loss reads it from its plan; `protocol` says what such a target
gives, and how to add one.
"""
