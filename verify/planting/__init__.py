"""Plants defects in a throw-away copy of a project: the copy, its edits, and what to break."""
