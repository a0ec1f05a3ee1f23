"""The labelled failures under transformations: what a real log has around a failure must not change what is done."""
