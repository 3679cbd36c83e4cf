"""The queues: the kinds of work, of which a worker takes some or all."""

DATASETS = "datasets"
GENERATIONS = "generations"
INTERACTIVE = "interactive"
"""Of jobs of seconds whose answer a request is held for: they must not wait behind jobs of minutes.
A worker that takes other queues too keeps a place for them."""
ALL = (DATASETS, GENERATIONS, INTERACTIVE)
