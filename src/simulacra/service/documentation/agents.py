"""llms.txt and llms-full.txt (llmstxt.org): of the pages, the contract and the error catalog.

Nothing is written here that has another home, so that neither can say what is not so.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from simulacra.service.documentation import changes
from simulacra.service.documentation.facts import Facts
from simulacra.service.documentation.pages import PAGES, ROOT, text
from simulacra.service.errors import catalog
from simulacra.service.http import status_codes

METHODS = ("get", "post", "put", "patch", "delete")
Contract = Mapping[str, Any]

WORKFLOW = (
    ("issueToken", "mint an access token; it lives about a day, so keep it"),
    ("createDataset", "upload a study, with an `Idempotency-Key`"),
    ("getJob", "follow the job until it is `completed`; `wait_seconds` holds the answer"),
    ("getDatasetSchema", "read names and levels; scenarios use these and no others"),
    ("createGeneration", "ask for rows under a scenario, with an `Idempotency-Key`"),
    ("getGeneration", "read the report, and `artifact_url` once `ready` or `partial`"),
    ("downloadArtifact", "fetch `artifact_url` as it is; send the token where it is relative"),
)


def short(facts: Facts, contract: Contract) -> str:
    """Return llms.txt."""
    return "\n".join(_short(facts, contract)) + "\n"


def full(facts: Facts, contract: Contract) -> str:
    """Return llms-full.txt: everything that there is to read."""
    lines = [*_short(facts, contract), ""]
    for page in PAGES:
        lines += [_deeper(page.markdown(facts)), ""]
    lines += ["## Operations", "", *_operations(contract), "## Error codes", "", *_codes(facts)]
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
    by_id = {operation["operationId"]: (method, path) for method, path, operation in each(contract)}
    for number, (name, what) in enumerate(WORKFLOW, 1):
        method, path = by_id[name]
        yield f"{number}. `{name}` ({method.upper()} {path}): {what}."
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


def each(contract: Contract) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, path and description of every operation."""
    for path, methods in contract["paths"].items():
        for method in METHODS:
            if method in methods:
                yield method, path, methods[method]


def _operations(contract: Contract) -> Iterator[str]:
    for method, path, operation in each(contract):
        marked = " *Consequential.*" if operation.get("x-openai-isConsequential") else ""
        opened = "" if operation.get("security") else " *Open: no token.*"
        yield f"### {operation['operationId']}: {method.upper()} {path}"
        yield ""
        yield f"{operation.get('summary', '')}.{marked}{opened}"
        yield ""
        text = operation.get("description")
        if text:
            yield from (text, "")
        for named in operation.get("parameters", []):
            parameter = _resolved(contract, named)
            needed = "required" if parameter.get("required") else "optional"
            about = parameter.get("description", "")
            yield f"- `{parameter['name']}` ({parameter['in']}, {needed}): {about}".rstrip(": ")
        for media_type, schema in operation.get("requestBody", {}).get("content", {}).items():
            yield f"- Body, `{media_type}`: {', '.join(_members(contract, schema['schema']))}"
        for status, named in sorted(operation["responses"].items()):
            answer = _resolved(contract, named)
            yield f"- {status}: {' '.join(answer.get('description', '').split())}"
            for name, link in answer.get("links", {}).items():
                yield f"  - next ({name}): `{link.get('operationId', '')}`"
        yield ""


def _members(contract: Contract, schema: Mapping[str, Any]) -> Iterator[str]:
    found = _resolved(contract, schema)
    needed = set(found.get("required", ()))
    for name in found.get("properties", {}):
        yield f"`{name}`{' (required)' if name in needed else ''}"


def _resolved(contract: Contract, part: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a part of the contract refers to."""
    while "$ref" in part:
        found: Any = contract
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part


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
