"""Proof or counterexample: judges that have to agree, and what hands the kernel something to check."""
