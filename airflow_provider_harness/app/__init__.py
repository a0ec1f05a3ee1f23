"""The use cases. Each reads as one sentence; what it needs of the world stands in a port."""
