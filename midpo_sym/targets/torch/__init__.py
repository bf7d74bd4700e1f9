"""Torch losses: a statement's computation as readable Python.

`code` turns trees into Python expressions, `plan` decides what a file says, `files` writes files
from plans and compares them with what is there.
"""
