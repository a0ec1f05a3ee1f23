"""Rows on their way as Arrow batches and staged Parquet files."""
