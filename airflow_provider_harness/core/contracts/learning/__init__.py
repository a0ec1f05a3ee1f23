"""What a contract says of data that models learn from."""
