"""Parts of `benchmarks/losses.py`: the ways to compute a loss, and how they are measured.

- `environment`: the virtual environment that has the peers.
- `inputs`: logits, hidden states and labels of one size.
- `formulas`: the losses as functions of per-token statistics, for the peers that ship none.
- `methods`: the table of everything that is measured; a module for each library stands beside it.
- `clock`, `memory`, `accuracy`: the three ways to measure.
- `figures`: the rows that come out; `bars`: what they have to reach; `report`: what is printed.
"""
