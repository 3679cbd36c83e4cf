"""The pages below `/operator/`: a module for each thing that is looked at."""
