"""Kinds of conditions: a file for each, which reads what a caller says; `registry` lists them.

The API process checks conditions too, so nothing here loads numerical code.
"""
