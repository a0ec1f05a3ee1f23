"""The test of `airflow harness check`: sound Dags, faults planted in them, and a command that prints how both went."""
