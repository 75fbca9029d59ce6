"""The page inside Airflow: one FastAPI app below /gateway, server-rendered, shown natively by external views.

access.py    the visitor's rights, in Airflow's own permissions
guard.py     what every answer and every change must satisfy: CSP, no cross-site change
render.py    templates and their filters; personal values are masked here for those without the right
airflow_api.py   Airflow's REST API as the signed-in user
pages/       one router a subject; the SQL is in gateway.insight
"""
