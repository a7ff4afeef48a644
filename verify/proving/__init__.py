"""Proves that the gates bite: plants each known defect in a copy and sees who turns red."""
