"""All input and output: what a gate is told about the world."""
