"""Reads images as the engine hands them out: as one stream, in one pass, without starting them."""
