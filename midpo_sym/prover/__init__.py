"""Proof or counterexample: judges that have to agree, and what they are asked about."""
