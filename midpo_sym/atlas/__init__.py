"""The atlas: every published loss with what is computed of it, to be listed, filtered and found.

What is said of a loss are five axes, each read off what the prover has proved; nothing is typed. An
index of them, `derivations/atlas/index.json`, is generated, so that lists come at once; its rows
are keyed by what they were computed from, and a row that is stale is computed again.
"""
