"""What makes a contact value doubtful, as pure functions from a value to reason codes. No Great Expectations here."""
