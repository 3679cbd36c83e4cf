"""The study that examples, tests and benchmarks share; `simulacra sample` writes it."""

from simulacra.cli.sample import CHANNELS, REGIONS, SEGMENTS, population, write

__all__ = ["CHANNELS", "REGIONS", "SEGMENTS", "population", "write"]
