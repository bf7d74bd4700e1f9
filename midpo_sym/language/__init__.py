"""What a specification may say: the vocabulary, the expression tree, and its spellings.

Text becomes a tree in `parser`, and a tree becomes text again in `text`, LaTeX in `latex`
and Unicode mathematics in `unicode`. Nothing here knows what is true; that is the prover's.
"""
