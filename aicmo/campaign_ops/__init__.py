"""Campaign operations: creating, launching, pausing, resuming and completing campaigns.

Optional: the dashboard works without this package, and only its Campaign Ops tab says so.
"""

from aicmo.campaign_ops.operations import (
    available_operations,
    change_budget,
    complete,
    create,
    launch,
    operate,
    pause,
    record_spend,
    resume,
)
from aicmo.campaign_ops.rules import (
    MAX_BUDGET_CENTS,
    MAX_TARGET,
    Operation,
    Plan,
    missing_for,
    problems_of,
)

__all__ = [
    "MAX_BUDGET_CENTS",
    "MAX_TARGET",
    "Operation",
    "Plan",
    "available_operations",
    "change_budget",
    "complete",
    "create",
    "launch",
    "missing_for",
    "operate",
    "pause",
    "problems_of",
    "record_spend",
    "resume",
]
