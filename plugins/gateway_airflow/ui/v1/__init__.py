"""The API for programs, below /gateway/api/v1: its keys are our own, not Airflow's users. docs/api.md is generated from it."""
