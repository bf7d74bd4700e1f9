"""Tree to text: the language itself, Unicode mathematics, LaTeX, SymPy."""
