"""What an exception says: its chain, and the reasons that services give in it."""
