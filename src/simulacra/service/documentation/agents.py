"""llms.txt and llms-full.txt (llmstxt.org): of the pages, the contract and the error catalog.

Nothing is written here that has another home, so that neither can say what is not so.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from simulacra.service.documentation import changes, reference
from simulacra.service.documentation.facts import Facts
from simulacra.service.documentation.pages import BY_SLUG, PAGES, ROOT, text
from simulacra.service.errors import catalog
from simulacra.service.http import status_codes

Contract = Mapping[str, Any]

WORKFLOW = (
    (
        "createSignup",
        (
            "without credentials, ask for access once and keep `request_id`; with a client id and "
            "its secret, begin at `issueToken`"
        ),
        "access",
    ),
    (
        "getSignup",
        (
            "a person decides, so while `status` is `pending` ask again every "
            "{signup_poll_seconds} seconds, as `Retry-After` says; `approved` comes with "
            "`credential_claim_token`; at `declined` stop"
        ),
        "access",
    ),
    (
        "claimCredential",
        (
            "exchange that token, once and within {claim_hours} hours of the approval, for "
            "`client_id` and `client_secret`; store both before anything else"
        ),
        "access",
    ),
    ("issueToken", "mint an access token; it lives about a day, so keep it", "access"),
    ("createDataset", "upload a study, with an `Idempotency-Key`", "quickstart"),
    ("getJob", "follow the job until it is `completed`; `wait_seconds` holds the answer", "jobs"),
    (
        "getDatasetSchema",
        "read names and levels; scenarios use these and no others",
        "conditions",
    ),
    (
        "createGeneration",
        "ask for rows under a scenario, with an `Idempotency-Key`, and follow its job likewise",
        "conditions",
    ),
    ("getGeneration", "read the report, and `artifact_url` once `ready` or `partial`", "jobs"),
    (
        "downloadArtifact",
        "fetch `artifact_url` as it is; send the token where it is relative",
        "quickstart",
    ),
)
"""Operations in their order, what each is for, with facts to fill in, and the page on it."""


def short(facts: Facts, contract: Contract) -> str:
    """Return llms.txt."""
    return "\n".join(_short(facts, contract)) + "\n"


def full(facts: Facts, contract: Contract) -> str:
    """Return llms-full.txt: everything that there is to read."""
    lines = [*_short(facts, contract), ""]
    for page in PAGES:
        lines += [_deeper(page.markdown(facts)), ""]
    lines += ["## Operations", "", *reference.operations(contract)]
    lines += ["## Schemas", "", *reference.schemas(contract)]
    lines += ["## Error codes", "", *_codes(facts)]
    lines += [_deeper(changes.markdown(changes.read()))]
    return "\n".join(lines) + "\n"


def _short(facts: Facts, contract: Contract) -> Iterator[str]:
    base = facts.base_url
    yield "# Simulacra"
    yield ""
    yield (
        "> An HTTP API that learns a study and makes synthetic rows of it under a scenario. This "
        f"installation answers at {base}, version {facts.version}."
    )
    yield ""
    yield (
        f"Tokens come from {facts.token_url} (OAuth 2.0 client credentials, JSON or a form) for "
        f"the audience `{facts.audience}`, and go into `Authorization: Bearer`. An upload may have "
        f"{facts.max_upload_bytes:,} bytes. Datasets and generations live {facts.retention_hours} "
        f"hours, artifact links {facts.link_minutes} minutes, unless it is agreed otherwise."
    )
    if facts.support:
        yield f"Support: {facts.support}."
    yield ""
    yield "## Workflow"
    yield ""
    by_id = {
        operation["operationId"]: (method, path)
        for method, path, operation in reference.each(contract)
    }
    known = dataclasses.asdict(facts)
    for number, (name, what, slug) in enumerate(WORKFLOW, 1):
        method, path = by_id[name]
        link = f"[{BY_SLUG[slug].title}]({base}{ROOT}{slug}.md)"
        yield f"{number}. `{name}` ({method.upper()} {path}): {what.format_map(known)}. See {link}."
    yield ""
    yield "## Rules"
    yield ""
    yield text("rules", facts)
    yield "## Documents"
    yield ""
    yield f"- [OpenAPI document]({base}/openapi.json): the contract"
    yield f"- [Arazzo document]({base}/arazzo.json): the workflow, for tools that run one"
    yield f"- [Everything in one file]({base}/llms-full.txt): these pages, operations, error codes"
    yield f"- [Error codes]({base}/errors): meaning, cause, fix, whether to retry; JSON by Accept"
    yield f"- [What's new]({base}/v1/whats-new): changes as JSON, the newest first"
    for page in PAGES:
        yield f"- [{page.title}]({base}{ROOT}{page.slug}.md): {page.about}"
    yield ""
    yield "## Optional"
    yield ""
    yield f"- [Interactive page]({base}{ROOT}): for people with a browser"
    yield (
        "- `simulacra mcp --service`, of the Python package `simulacra[mcp]`: these operations as "
        "tools of the Model Context Protocol"
    )


def _codes(facts: Facts) -> Iterator[str]:
    for entry in catalog.CATALOG.values():
        retry = "A retry may help" if entry.retryable else "Do not retry unchanged"
        yield f"### {entry.code} ({status_codes.STATUS_CODES[entry.code]})"
        yield ""
        yield f"{entry.title}. {entry.meaning} Cause: {entry.cause} Fix: {entry.fix} {retry}."
        yield f"See <{facts.base_url}/errors/{entry.code}>"
        yield ""


def _deeper(markdown: str) -> str:
    """Return a page as a section: its headings go one level down, but not what is code."""
    lines, is_code = [], False
    for line in markdown.splitlines():
        is_code ^= line.startswith("```")
        lines.append(f"#{line}" if line.startswith("#") and not is_code else line)
    return "\n".join(lines)
