"""Files of Stata (.dta) of version 118, which Stata 14 and later read [Stata].

References:
    [Stata] StataCorp, Description of .dta file format 118, www.stata.com/help.cgi?dta_118.
"""
