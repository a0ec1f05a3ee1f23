"""Data for models: databases, files and libraries."""
