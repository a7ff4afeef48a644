"""Follows Makefiles."""
