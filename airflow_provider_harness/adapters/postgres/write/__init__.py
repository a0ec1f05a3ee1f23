"""How rows get into a published table, and what stands in their way."""
