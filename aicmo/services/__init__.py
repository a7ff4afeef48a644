"""What an operator reads and does, by subject; `aicmo.operator_services` offers it as one.

Reading returns plain values, so no session outlives its function. Doing is one transaction and one
line in the activity log, and raises `ActionRefusedError` if a rule or somebody else forbids it.
"""
