"""What to say. How to send it is an adapter's: mail and webhooks go through Airflow's connections."""
