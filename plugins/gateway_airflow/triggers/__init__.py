"""Triggers: tiny, cached by the triggerer until it restarts."""
