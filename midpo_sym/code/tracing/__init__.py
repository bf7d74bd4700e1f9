"""From a run of a torch function to expressions of what it computes."""
