"""The pages below `/studio/`: a module for each thing that is looked at."""
