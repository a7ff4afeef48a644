"""One look at a running deployment from outside, or one after the other.

Imports as little as it can: a whole look at a small page takes less time than pytest's import.
"""
