"""Errors that carry a sentence for the operator.

Whoever shows an error looks for `operator_message`: it says what happened and what to do about it,
in plain words, and never holds a credential.
"""


class OperatorError(Exception):
    """A fault an operator can understand and act on."""

    def __init__(self, message: str) -> None:
        """Keep `message` for the operator."""
        super().__init__(message)
        self.operator_message = message


class ConfigError(OperatorError):
    """A setting in the environment has a value that cannot be used."""


class DatabaseUnavailableError(OperatorError):
    """The database cannot be reached, read or written."""


class ActionRefusedError(OperatorError):
    """A rule forbids what the operator asked for, or somebody else did it first."""
