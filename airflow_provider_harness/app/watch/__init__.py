"""Looking at what is watched, slice by slice."""
