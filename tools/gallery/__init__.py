"""Writes docs/gallery.md and its pictures from the worked studies in `examples/gallery`."""
