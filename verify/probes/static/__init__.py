"""What the reviewed tree says, found by reading it: nothing here executes anything."""
