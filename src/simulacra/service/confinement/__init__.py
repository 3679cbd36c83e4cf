"""What the process of a job can reach, whoever took it over; the kernel enforces it.

A parser that is fed a stranger's bytes may end up running the stranger's code. `layers.enter` is
called before it sees the first of them, and what a process gives up there it never gets back.
"""
