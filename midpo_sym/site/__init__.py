"""The website: a pure function from specifications to files, and a thin layer for mkdocs."""
