"""The administrator's YAML files, read strictly."""
