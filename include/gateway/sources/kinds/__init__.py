"""One class per kind of source."""
