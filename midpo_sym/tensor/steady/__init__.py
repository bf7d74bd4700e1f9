"""Kernels without a branch on a value: for accelerators, and for vocabularies in several processes.

The host never asks what a number is, so that it never waits for a device, and processes that hold
parts of one vocabulary do the same steps in the same order.
"""
