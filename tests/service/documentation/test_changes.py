"""The changelog as customers see it."""

import re

from simulacra.service.documentation import changes

CHANGELOG = """# Changelog

What is above the first release is no change.

## Unreleased

### Added

- A new operation, on
  two lines, with [a link](docs/x.md).
- Operators: a new command.
- Library: a new function.

### Security

- Operators: a pipe instead of the environment.

## 0.2.0 - 2026-05-01

### Fixed

- Command line: a progress bar.

## 0.1.0

### Added

- The first operation.
"""


def test_customers_see_what_is_theirs_and_no_empty_headings() -> None:
    newest, first = changes.of(CHANGELOG)
    assert newest.version is None
    assert newest.changes == {"added": ["A new operation, on two lines, with a link."]}
    assert (first.version, first.changes) == ("0.1.0", {"added": ["The first operation."]})


def test_no_change_that_customers_see_is_about_commands_or_settings_of_operators() -> None:
    """A line about these needs the mark that `changes.OTHERS` names."""
    of_operators = re.compile(
        r"simulacra (operator|serve|worker|api|migrate|ready)\b|SIMULACRA_|[Nn]ew settings?:"
    )
    entries = [
        entry
        for release in changes.read()
        for of_subject in release.changes.values()
        for entry in of_subject
    ]
    assert len(entries) > 20
    assert [entry for entry in entries if of_operators.search(entry)] == []
