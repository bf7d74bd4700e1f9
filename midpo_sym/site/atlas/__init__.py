"""The pages of the atlas: one for each of its losses, and one of all of them."""
