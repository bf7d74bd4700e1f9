"""Code against specifications: what a torch function computes, read and proved.

The one part of the package that runs code of its users, when they ask for it (decision 29).
"""
