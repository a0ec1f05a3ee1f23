"""What a log says, in parts: events, exceptions, results of tools, and the episode that failed."""
