"""What a contract says to those who train models."""
