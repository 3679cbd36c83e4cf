"""The pages: Markdown texts with the facts of this installation filled in."""

import dataclasses
from collections.abc import Sequence

import jinja2

from simulacra.service.documentation.facts import Facts

ROOT = "/__docs__/"


@dataclasses.dataclass(frozen=True)
class Page:
    """A page.

    Attributes:
        slug: in its address.
        title: in the navigation.
        about: what it is about, in a sentence.
    """

    slug: str
    title: str
    about: str

    def markdown(self, facts: Facts) -> str:
        """Return the text for one installation."""
        return text(self.slug, facts)


PAGES: Sequence[Page] = (
    Page("overview", "Overview", "What the service does, its addresses, limits and defaults."),
    Page("access", "Access", "From a request for access to a token, and new secrets."),
    Page("quickstart", "Quickstart", "The whole way in Python, R, Julia, and a shell for SPSS."),
    Page("conditions", "Scenarios", "What a scenario can say, and what comes of it."),
    Page("tables", "Tables", "Cross tables and comparisons, tested on the respondents behind."),
    Page("jobs", "Jobs", "Idempotency keys, polling, retention and billing."),
    Page("webhooks", "Webhooks", "Events posted to you: how to receive and verify them."),
    Page("troubleshooting", "Troubleshooting", "What you may see, and what to do."),
    Page("versioning", "Versions", "What may change, and how it is announced."),
)
BY_SLUG = {page.slug: page for page in PAGES}


def text(name: str, facts: Facts) -> str:
    """Return one of the texts with the facts of an installation filled in."""

    def address(slug: str) -> str:
        return f"{facts.base_url}{ROOT}{slug}"

    return _TEXTS.get_template(f"{name}.md").render(**dataclasses.asdict(facts), page=address)


_TEXTS = jinja2.Environment(
    loader=jinja2.PackageLoader("simulacra.service.documentation", "texts"),
    autoescape=False,  # noqa: S701 - Markdown; `rendering` lets no HTML of it through
    undefined=jinja2.StrictUndefined,
    keep_trailing_newline=True,
    trim_blocks=True,
)
