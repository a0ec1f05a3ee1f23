"""All tests, and what they share: a package, so that the package of those on Airflow is not taken for Airflow itself."""
