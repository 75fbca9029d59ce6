"""Connections of targets, as Airflow keeps them."""
