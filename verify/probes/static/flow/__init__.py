"""Follows every path through a file to how it ends."""
