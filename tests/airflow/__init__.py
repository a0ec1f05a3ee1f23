"""The tests on real processes of Airflow: a package, so that what they share ends with the last of them."""
