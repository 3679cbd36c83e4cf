"""Texts cannot compute a figure; here they are held against the one home that each figure has."""

from pathlib import Path

import pytest

from simulacra.engine import disclosure
from simulacra.service import policy
from simulacra.service.settings import Settings

ROOT = Path(__file__).parents[2]
WORDS = {3: "three", 5: "five"}
CONTRACT = "contract/openapi.json"

KEY_HOURS = policy.IDEMPOTENCY_KEY_LIFE // policy.HOUR
KEY_LENGTH = f"1 to {policy.MAX_IDEMPOTENCY_KEY_LENGTH}"
ROTATIONS = f"{WORDS[policy.MAX_ROTATIONS]} times in {policy.ROTATION_WINDOW // policy.HOUR} hours"
FEW = f"fewer than {WORDS[disclosure.THRESHOLD]}"
ATTEMPTS = WORDS[Settings.model_fields["job_attempts"].default]
RETENTION = Settings.model_fields["retention_hours"].default


@pytest.mark.parametrize(
    ("document", "quote"),
    [
        (CONTRACT, f"up to {policy.MAX_RETENTION.days} days"),
        (
            "src/simulacra/service/documentation/texts/jobs.md",
            f"The maximum is {policy.MAX_RETENTION_HOURS} hours.",
        ),
        ("docs/operating.md", f"1 to {policy.MAX_RETENTION_HOURS};"),
        (
            "src/simulacra/service/documentation/texts/jobs.md",
            f"one operation, for {KEY_HOURS} hours.",
        ),
        (
            "src/simulacra/service/documentation/texts/jobs.md",
            f"any key of {KEY_LENGTH} characters",
        ),
        (CONTRACT, f"{KEY_LENGTH} of A-Z"),
        (CONTRACT, ROTATIONS),
        ("SECURITY.md", ROTATIONS),
        ("src/simulacra/service/documentation/texts/jobs.md", f"at most {ATTEMPTS} attempts"),
        ("docs/reading.md", f"{FEW} rows"),
        ("SECURITY.md", f"{FEW} respondents"),
    ],
)
def test_a_text_quotes_the_figure_that_holds(document: str, quote: str) -> None:
    assert quote in " ".join((ROOT / document).read_text().split())
