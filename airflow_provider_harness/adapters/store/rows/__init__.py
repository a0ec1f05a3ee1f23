"""What the harness store keeps of rows: gates, leases, high-water marks, grants, lineage."""
