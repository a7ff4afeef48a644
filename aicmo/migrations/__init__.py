"""Alembic migrations, applied by `aicmo.core.schema` when a session is first used.

To change the schema: copy the newest file in `versions/`, give it the next number as `revision` and
the last one as `down_revision`, and set `aicmo.core.schema.HEAD` to it.
"""
