"""What a specification may say: the vocabulary, links, objectives, and the expression tree.

Text becomes a tree in `grammar`, and a tree becomes text again in `printing`: the language itself,
LaTeX, Unicode mathematics. Nothing here knows what is true; that is the kernel's.
"""
