"""Coq run on certificates, and what its answers say."""
