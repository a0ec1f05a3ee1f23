"""One file per way in which a port is implemented. Heavy imports live inside functions."""
