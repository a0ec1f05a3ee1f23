"""What a data contract means, and what a gate finds."""
