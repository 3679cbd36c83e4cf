"""The figures that README.md and docs/ quote, each reproducible by one command."""
