"""Whether two losses are the same, up to what, and where."""
