"""One look inside a running container or host, held against the reviewed tree or an image.

Imports as little as it can: a whole look at a small container takes less time than pytest's import.
"""
