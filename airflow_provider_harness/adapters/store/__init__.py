"""The harness store: incidents, audit, messages, budgets."""
