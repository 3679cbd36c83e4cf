"""System files of SPSS (.sav, .zsav): a dictionary of variables, and cases.

pyreadstat writes such files from pandas or polars frames, which the engine does not need otherwise,
cell by cell, and without multiple-response sets, weight and attributes. So the engine writes them
itself, little-endian, in UTF-8, and the tests read them with pyreadstat and PSPP.

References:
    [PSPP] GNU PSPP, System File Format: the records and their order.
    [SPSS] IBM SPSS Statistics, Command Syntax Reference: variable names, formats, limits.
"""
