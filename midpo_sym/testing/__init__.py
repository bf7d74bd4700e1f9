"""Proofs in a test suite: what pytest is given, if it is asked for."""
