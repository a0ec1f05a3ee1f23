"""A diagnosing model: its prompt, its tools, the questions that it may ask."""
