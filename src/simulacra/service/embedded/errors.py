"""What can go wrong with the embedded parts, as one tree.

    EmbeddedError
    ├── DirectoryInUseError  another process already runs on this data directory
    ├── ExposedError         other accounts can get at a folder or key, and that cannot be mended
    ├── ClusterError         PostgreSQL is missing, cannot be initialised or does not answer
    └── StartError           a service died, or never became ready, again and again at start-up

Texts are for people: they name directories and log files, never a secret.
"""


class EmbeddedError(Exception):
    """Root of the tree; ``str(error)`` is the text for people."""


class DirectoryInUseError(EmbeddedError):
    """Another process already runs on this data directory."""


class ExposedError(EmbeddedError):
    """Other accounts can get at a folder or key, and that cannot be mended."""


class ClusterError(EmbeddedError):
    """PostgreSQL is missing, cannot be initialised or does not answer."""


class StartError(EmbeddedError):
    """A service died, or never became ready, again and again at start-up."""
