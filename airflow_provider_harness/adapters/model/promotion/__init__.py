"""A model that proposes how a table is promoted: its conversation, its budget."""
