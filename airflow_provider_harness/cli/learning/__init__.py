"""The commands about data for models, and models."""
