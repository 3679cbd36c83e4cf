"""The tools, a module for each part of the way from a study to rows."""
