"""One file, one promise."""
