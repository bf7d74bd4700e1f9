"""The steps of a derivation, found and checked."""
