"""Follows batch files."""
