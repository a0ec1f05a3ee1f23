"""Sets of examples for the fine-tuning of a model: what an example is, which ones are left out, and who goes where."""
