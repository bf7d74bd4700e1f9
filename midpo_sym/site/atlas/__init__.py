"""The pages of the atlas: one for each of its losses, and one of all of them."""

from pathlib import Path

# What was found of libraries, as seen from the folder that the specifications lie in.
CONFORMANCE = Path("benchmarks/results/conformance.json")
