"""The call that makes the rows of a scenario, for those who will write it into a program."""

import dataclasses
import json
import shlex
from typing import Any


@dataclasses.dataclass(frozen=True)
class Calls:
    """One request in several languages.

    Attributes:
        json: its body.
        curl: for a shell in which `TOKEN` is an access token.
        python: with the client of the service.
    """

    json: str
    curl: str
    python: str


def of(base_url: str, dataset_id: str, body: dict[str, Any]) -> Calls:
    """Return the calls for the rows of a dataset."""
    text = json.dumps(body, indent=2, ensure_ascii=False)
    address = f"{base_url}/v1/datasets/{dataset_id}/generations"
    curl = (
        f"curl -X POST {shlex.quote(address)} \\\n"
        '  -H "Authorization: Bearer $TOKEN" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        '  -H "Idempotency-Key: $(uuidgen)" \\\n'
        f"  -d {shlex.quote(text)}"
    )
    return Calls(text, curl, _python(base_url, dataset_id, body))


def _python(base_url: str, dataset_id: str, body: dict[str, Any]) -> str:
    options = {
        name: value
        for name, value in body.items()
        if name not in ("row_count", "conditions", "output_format")
    }
    arguments = {**options, **body.get("conditions", {})}
    lines = [
        "from simulacra.client import Simulacra",
        "",
        f"api = Simulacra(base_url={_literal(base_url)})",
        f"made = api.dataset({_literal(dataset_id)}).generate(",
        f"    {body['row_count']:_},",
        *(f"    {name}={_literal(value)}," for name, value in arguments.items()),
        ")",
        f'made.write("synthetic.{body.get("output_format", "parquet")}")',
    ]
    return "\n".join(lines)


def _literal(value: Any) -> str:  # noqa: ANN401 - of JSON
    """Return a value as Python writes it, texts in double quotes."""
    return repr(value) if isinstance(value, bool) else json.dumps(value, ensure_ascii=False)
