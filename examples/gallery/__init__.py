"""Six worked studies; docs/gallery.md shows what `run` of each does and prints.

Their people are made in code, so that the truth is known. `python -m tools.gallery` writes the
page's code, output and pictures from these modules.
"""
