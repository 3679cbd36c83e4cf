"""From a raw table to a schema and a matrix of numbers; every change is reported."""
