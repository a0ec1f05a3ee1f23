"""The commands for whoever writes Dags."""
