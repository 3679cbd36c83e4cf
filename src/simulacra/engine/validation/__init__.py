"""How far a model's predictions are from respondents of the study that were hidden from it."""
