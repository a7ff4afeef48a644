"""Looks inside a deployment by one exec, bounded on both sides, and sees that it stays the same."""

from verify.probes.inside.look import look

__all__ = ["look"]
