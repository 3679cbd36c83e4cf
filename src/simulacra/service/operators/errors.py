"""What goes wrong for operators."""


class OperatorError(Exception):
    """What an operator asked for cannot be done; the text says why, for the person to read.

    Attributes:
        status: of the page that shows it.
    """

    status = 404
