"""Retired: the page of the campaign engine alone."""

try:
    from guards import raise_error
except ModuleNotFoundError:  # started by its path, by a Python that lacks this project
    raise RuntimeError("This dashboard is no longer used. Use aicmo_operator.py") from None

raise_error("This dashboard is no longer used. Use aicmo_operator.py")
