"""Who feeds whom."""
