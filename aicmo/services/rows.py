"""Taking hold of a row before changing it, and writing down that it was changed."""

from typing import TypeVar

from sqlalchemy import inspect, update
from sqlalchemy.orm import Session

from aicmo.core.errors import ActionRefusedError
from aicmo.dashboard_models import NAME_LENGTH, ActivityEntry, Base

AUTOMATION = "automation"
"""The actor of what ran without a person."""

Row = TypeVar("Row", bound=Base)


def claim(session: Session, model: type[Row], key: int, what: str) -> Row:
    """Lock one row until the transaction ends, then return it as it is now.

    Args:
        session: the running transaction, in which nothing was read yet.
        model: the row's table.
        key: its primary key.
        what: what an operator calls it, for the refusal.

    Raises:
        ActionRefusedError: it does not exist any more.
    """
    # Writing first takes the lock on SQLite as well as on PostgreSQL, so two operators who decide
    # on the same thing are one after the other and the second sees what the first did.
    column = inspect(model).primary_key[0]
    session.execute(
        update(model).where(column == key).values({column.name: key}),
        execution_options={"synchronize_session": False},
    )
    row = session.get(model, key)
    if row is None:
        raise ActionRefusedError(f"This {what} does not exist any more.")
    return row


def write_down(
    session: Session, actor: str, action: str, summary: str, campaign_id: int | None
) -> None:
    """Add the activity log's line for the change this transaction makes."""
    session.add(
        ActivityEntry(
            actor=(actor.strip() or "operator")[:NAME_LENGTH],
            action=action,
            summary=summary,
            campaign_id=campaign_id,
        )
    )


def require(allowed: object, otherwise: str) -> None:
    """Go on only if a rule holds.

    Raises:
        ActionRefusedError: it does not; `otherwise` says why.
    """
    if not allowed:
        raise ActionRefusedError(otherwise)
