"""Configuration to ports: it knows both sides, composes them, and decides nothing. Everything is built when it is first needed."""
