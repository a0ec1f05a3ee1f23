"""What the pages in Airflow, the JSON API and the commands' JSON show: one set of models, assembled from the store."""
