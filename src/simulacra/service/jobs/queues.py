"""The queues: the kinds of work, of which a worker takes some or all."""

DATASETS = "datasets"
GENERATIONS = "generations"
ALL = (DATASETS, GENERATIONS)
