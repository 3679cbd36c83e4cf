"""Pictures of figures for notebooks and documents, drawn by Matplotlib, an extra.

Matplotlib rather than a library that draws in the browser: its pictures are shown in every notebook
without a network, are in the file of the notebook, and are saved as PNG, SVG or PDF as they are.
"""
