"""What goes into a function: what its arguments are, as variables, tensors and numbers."""
