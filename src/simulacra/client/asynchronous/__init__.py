"""The client with ``async`` and ``await``; the blocking one is written from it."""
