"""How fast the package is, measured beside its peers in one run: ``make bench``."""
