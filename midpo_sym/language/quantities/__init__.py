"""The quantities that a specification may speak of: rows of tables, and what follows from them."""
