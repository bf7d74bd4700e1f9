"""The table of laws that derivations name, and whether a step is an application of its laws."""
