"""The environment variables that are no secrets, and that Python and its libraries go by."""

import re
from collections.abc import Mapping, MutableMapping

HARMLESS = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|TZ|TZDIR|PYTHONTZPATH|LANG|LANGUAGE|LC_[A-Z]+"
    r"|LD_LIBRARY_PATH|LD_PRELOAD|PYTHON(PATH|HOME|HASHSEED|WARNINGS|UNBUFFERED|DONTWRITEBYTECODE|UTF8)"
    r"|VIRTUAL_ENV|XDG_CACHE_HOME|(NUMBA|OMP|OPENBLAS|MKL)_[A-Z_]+"
)


def harmless(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a process may have which is not to know a secret."""
    return {name: value for name, value in environment.items() if HARMLESS.fullmatch(name)}


def restrict(environment: MutableMapping[str, str]) -> None:
    """Remove all other variables, so that no process that is started later inherits them."""
    for name in environment.keys() - harmless(environment).keys():
        del environment[name]
