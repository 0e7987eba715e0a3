"""Torture: a whole agent and a real broker are killed again and again while devices speak, and a judge counts by id.

docs/testing.md tells what it can prove.
"""
