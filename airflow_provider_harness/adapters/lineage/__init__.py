"""Which columns a statement's columns are made of, and OpenLineage's facets."""
