"""What the pages ask of the store: summaries of incidents, tables, health."""
