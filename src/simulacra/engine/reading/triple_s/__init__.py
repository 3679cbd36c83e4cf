"""Studies in triple-S, the interchange standard of survey tools [Triple-S].

References:
    [Triple-S] Hughes, Jenkins and Wright (1994) and later; versions 1.1, 1.2 and 2.0 of Triple-S
        XML, www.triple-s.org. What version 3.0 adds to the elements read here is passed over.
"""
