"""What the rest of `aicmo` stands on: settings, the database, and errors worth reading."""
