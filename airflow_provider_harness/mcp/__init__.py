"""The door for coding agents: a server of the Model Context Protocol that only reads."""
