"""A Dag's runs on a virtual clock, with the real operators on an embedded PostgreSQL: the same inputs give the same outcome.

Nothing is imported here: each module is asked for by name.
"""
