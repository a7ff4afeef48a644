"""Follows programs of each language to the commands they would run; nothing is executed."""
