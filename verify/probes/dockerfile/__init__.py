"""Reads Dockerfiles: instructions, files, what fails the build, what an install step hides."""
