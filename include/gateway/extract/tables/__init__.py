"""Candidate lists: CSV in any dialect and character set, and spreadsheets.

encoding  ->  dialect  ->  records  ->  headers + columns (which column is what)  ->  cells (values)  ->  reader
"""
