"""Models of other providers behind the same port."""
