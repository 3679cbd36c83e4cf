"""`security.txt`: whom to tell of a weakness (RFC 9116)."""

import datetime as dt

VALID = dt.timedelta(days=180)
"""How long a copy may be believed; the RFC asks for less than a year."""


def text(contact: str, base_url: str, now: dt.datetime) -> str:
    """Return the file.

    Args:
        contact: a mail address, or the address of a page.
        base_url: of the installation that it is about.
        now: from when it counts, UTC.
    """
    address = contact if "://" in contact else f"mailto:{contact}"
    fields = {
        "Contact": address,
        "Expires": f"{now + VALID:%Y-%m-%dT%H:%M:%SZ}",
        "Canonical": f"{base_url}/.well-known/security.txt",
        "Preferred-Languages": "en",
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items())
