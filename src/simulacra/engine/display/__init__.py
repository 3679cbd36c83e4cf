"""What people look at, as HTML: charts without scripts, and the templates that use them."""

from simulacra.engine.display.templating import environment

__all__ = ["environment"]
