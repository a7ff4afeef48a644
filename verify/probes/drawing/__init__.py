"""Follows a page to the calls that draw it; nothing is executed."""
