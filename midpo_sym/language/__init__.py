"""What a specification may say: the vocabulary, the expression tree, and its spellings.

Text becomes a tree in `parser`, and a tree becomes text again in `text`, LaTeX and
Unicode mathematics in `mathematics`. Nothing here knows what is true; that is the prover's.
"""
