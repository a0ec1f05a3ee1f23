"""What the harness means: pure values and decisions. No Airflow, no I/O, no clock, no model."""
