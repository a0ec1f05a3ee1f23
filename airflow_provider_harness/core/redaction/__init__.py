"""What may be read: secrets and values of rows out, text for each medium made plain."""
