"""Makers of pages: each takes the material, and gives files by path.

A new kind of page is a module here, and a row of the table in `render`.
"""
