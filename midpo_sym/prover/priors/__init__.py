"""Which prior a loss needs, solved from the loss alone."""
