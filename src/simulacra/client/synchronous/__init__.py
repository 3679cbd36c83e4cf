"""The client with ``async`` and ``await``; the blocking one is written from it.

Written by `make client` from the module of this name in `asynchronous`.
"""
