"""``airflow harness doctor``: everything that is wrong with this installation, and how to mend it."""
