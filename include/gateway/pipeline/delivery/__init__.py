"""Passed and approved profiles into the agent's target, exactly once."""
