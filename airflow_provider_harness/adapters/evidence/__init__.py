"""The dossier of a failed try: log, Airflow, lineage, history."""
