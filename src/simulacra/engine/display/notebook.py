"""What a notebook shows of an object: HTML that brings its own styles.

Each class has a template of its name in ``templates/notebook``. Without a script, so that it is
shown in every notebook, in files made of them, and without a network.
"""

from __future__ import annotations

import functools
from importlib import resources

from simulacra.engine.display import templating

FOLDER = "notebook"


def html(shown: object) -> str | None:
    """Return an object as HTML; None if there is no template for its class.

    Args:
        shown: the object, which templates call `it`.
    """
    for kind in type(shown).__mro__:
        name = f"{FOLDER}/{kind.__name__.lower()}.html"
        if name in _templates():
            made = templating.environment().get_template(name)
            return made.render(it=shown, styles=_styles())
    return None


@functools.cache
def _templates() -> frozenset[str]:
    return frozenset(templating.environment().list_templates())


@functools.cache
def _styles() -> str:
    own = resources.files(templating.PACKAGE).joinpath("static", "notebook.css")
    return f"{templating.stylesheet()}\n{own.read_text('utf-8')}"
