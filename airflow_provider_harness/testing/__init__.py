"""Real parts for tests and the demo: an embedded PostgreSQL, a whole Airflow, a stand-in for the PagerDuty Events API.

Nothing is imported here: each module is asked for by name.
"""
