"""Which rows a run owns: slices, their ids, their leases, their deadlines."""
