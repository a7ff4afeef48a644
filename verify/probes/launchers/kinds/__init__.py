"""One file is one kind of launcher; there is no list of them to edit."""
