"""The model: a conditional model for each column, and the drawing of rows."""
