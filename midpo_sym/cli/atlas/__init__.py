"""Commands of the atlas: lists, what a loss is like, and the generated index."""
