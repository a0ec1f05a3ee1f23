"""From a source to a published slice, through its gate."""
