"""Proves that the dashboard an operator opens is the dashboard that was reviewed."""
