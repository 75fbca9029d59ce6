"""Read models of the page: what is shown, as small frozen dataclasses out of SQL. No HTML, no Airflow, no writing.

analytics.py   the funnel, holds, the price of each criterion, extraction quality, audits, volumes
"""
