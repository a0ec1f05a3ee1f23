"""What a contract's rules ask for, kind by kind."""
