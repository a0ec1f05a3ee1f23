"""BigQuery as a warehouse."""
