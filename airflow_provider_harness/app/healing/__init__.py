"""From a failure to a verified outcome, stage by stage."""
