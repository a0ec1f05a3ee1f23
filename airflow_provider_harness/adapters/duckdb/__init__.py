"""DuckDB as an engine: files where they are, and rows in flight."""
