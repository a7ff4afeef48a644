"""Follows every launcher of a tree to the file that it really starts; nothing is executed."""
