"""Results to text: each module turns what the prover found into one form, and decides nothing."""
