"""Torch losses: a plan as readable Python.

In order: `names` calls things, `printer` writes operations, `statistics` and `prose` say what the
arguments are and what is proved, `file` decides what a file says, `target` prints it (see
`targets.protocol`); `check` runs it and compares it with the specification, `files` writes it and
compares it with what is there.
"""
