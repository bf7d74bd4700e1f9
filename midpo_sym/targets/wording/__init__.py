"""What terminal, LaTeX, website and generated files say of results: each sentence once."""
