"""What authors ask of a Dag before it runs: check, explain. Reads text and what Airflow says of a Dag; runs no task."""
