"""Reads the tables in which projects give names to commands."""
