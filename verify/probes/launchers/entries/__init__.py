"""Finds the files that draw a page, or refuse to."""
