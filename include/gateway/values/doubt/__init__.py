"""Reasons to doubt a value that has been read. Normalising decides what a value is; doubting says why it may be wrong."""
