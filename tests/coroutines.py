"""The type of the fixture that runs a coroutine of a test."""

from collections.abc import Callable, Coroutine

RunAsync = Callable[[Coroutine[None, None, None]], None]
