"""What Airflow says and does: its API, its context, its timetables, its exceptions, its metrics."""
