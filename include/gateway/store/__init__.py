"""Our own tables, never Airflow's: SQLite (WAL) by default, PostgreSQL in production, the same code on both.

tables/      every table as a SQLAlchemy model, by story
engine.py    one engine a process; sessions
change.py    the only place where a state changes; each change appends an event
counts.py    the numbers that must add up
migrations/  Alembic
"""
