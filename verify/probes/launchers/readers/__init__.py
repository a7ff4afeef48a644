"""Reads files of each format, with the lines that values stand on."""
