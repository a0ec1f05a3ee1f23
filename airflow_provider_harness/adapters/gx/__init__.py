"""Great Expectations as an engine."""
