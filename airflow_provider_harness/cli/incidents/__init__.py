"""``airflow harness incidents ...``, ``approve`` and ``refuse``."""
