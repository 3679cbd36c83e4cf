"""Excel workbooks: the rows of a table as the cells of a sheet.

XlsxWriter makes all else of a workbook. A cell takes it ten microseconds, and much memory or files
of which it sets the times, which a job may not. So the rows are put into the sheet that it has
made, column by column, as texts of XML [OOXML].

References:
    [OOXML] ECMA-376, Office Open XML File Formats, part 1, section 18.3.1: worksheets.
"""
