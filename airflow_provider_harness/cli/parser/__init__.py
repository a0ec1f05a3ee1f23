"""The commands as Airflow's CLI takes them, group by group."""
