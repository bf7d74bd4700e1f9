"""Functions that stand for their definitions: what a call is, and the table of them."""
