"""What is read afterwards: timelines, post-mortems, drafts of runbooks, policies replayed."""
