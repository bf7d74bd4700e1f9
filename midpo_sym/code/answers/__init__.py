"""What a function is, if it is not the specification: tried with numbers, then proved."""
