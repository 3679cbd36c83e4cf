"""What an upload says about its study, as the engine takes it."""

from simulacra.engine.options import Options
from simulacra.service.datasets import payloads


def of(given: payloads.StudyOptions) -> Options:
    """Return the overrides, checked, in the words of the form of an upload.

    Raises:
        engine_errors.OptionError: one of them has no such value, or two exclude each other.
    """
    return Options.of(words=payloads.FORM, **vars(given))
