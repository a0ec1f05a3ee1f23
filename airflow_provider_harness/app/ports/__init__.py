"""What the use cases need of the world. Adapters implement these; tests bring fakes."""
