"""How the entries of a loss come from what users hand over to losses of pairs."""
