"""How well a model's own rows agree with the study that it was fitted to."""
