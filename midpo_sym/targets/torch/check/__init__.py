"""Generated code is run, and compared with the literal evaluation of its specification."""
