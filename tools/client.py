"""Write the parts of `simulacra.client` that follow from other files.

    python -m tools.client

An exception class for each code of the catalog, and the blocking client, which is the asynchronous
one without its ``async`` and ``await``.
"""

import re
import subprocess
import sys
import textwrap
from pathlib import Path

from simulacra.service.errors import catalog
from simulacra.service.http import status_codes

CLIENT = Path(__file__).parents[1] / "src" / "simulacra" / "client"
WRITTEN, DERIVED = "asynchronous", "synchronous"

SUBSTITUTIONS = (
    (r"\bAsync(Simulacra|Session|Dataset|Generation|Job|Webhook)\b", r"\1"),
    (r"\bhttpx\.AsyncClient\b", "httpx.Client"),
    (r"\bhttpx\.AsyncBaseTransport\b", "httpx.BaseTransport"),
    (r"\basyncio\.Lock\b", "threading.Lock"),
    (r"\basyncio\.sleep\b", "time.sleep"),
    (r"\basyncio\.to_thread\((\w[\w.]*)(?:, |(?=\)))", r"\1("),
    (r"\bimport asyncio\b", "import threading\nimport time"),
    (r"\bAsyncIterator\b", "Iterator"),
    (r"\basync (def|with|for)\b", r"\1"),
    (r"\bawait ", ""),
    (r"\b__a(enter|exit)__\b", r"__\1__"),
    (r"\baclose\b", "close"),
    (r"\baread\b", "read"),
    (r"\baiter_raw\b", "iter_raw"),
    (r"\basynchronous\b", "synchronous"),
)
"""Applied in their order."""


def problems() -> str:
    """Return the module with a class for each code."""
    parts = [
        (
            '"""A class for each code of the catalog; written by `make client`."""\n\n'
            "from typing import ClassVar\n\n"
            "from simulacra.client.errors import ProblemError\n\n"
        )
    ]
    for entry in catalog.CATALOG.values():
        title = f"{entry.title} ({status_codes.STATUS_CODES[entry.code]})."
        text = textwrap.fill(f"{entry.meaning} {entry.fix}", 94)
        body = f'"""{title}\n\n{text}\n"""\n\nCODE: ClassVar[str | None] = "{entry.code}"\n'
        parts.append(f"\nclass {class_name(entry.code)}(ProblemError):\n")
        parts.append(textwrap.indent(body, "    ") + "\n")
    names = "".join(f"        {class_name(code)},\n" for code in catalog.CATALOG)
    parts.append(
        "\nBY_CODE: dict[str | None, type[ProblemError]] = {\n"
        f"    kind.CODE: kind\n    for kind in (\n{names}    )\n}}\n"
    )
    return "".join(parts)


def class_name(code: str) -> str:
    """Return the name of the class of a code, such as ``DatasetNotFoundError``."""
    words = code.removeprefix("simio_").split("_")
    return "".join(word.capitalize() for word in words) + "Error"


def without_async(source: str) -> str:
    """Return an asynchronous module as a blocking one."""
    for pattern, replacement in SUBSTITUTIONS:
        source = re.sub(pattern, replacement, source)
    head, quotes, rest = source.partition('"""\n')
    origin = "Written by `make client` from the module of this name in `asynchronous`."
    return f"{head}\n\n{origin}\n{quotes}{rest}"


def files() -> dict[Path, str]:
    """Return the text of each file, by its path."""
    texts = {CLIENT / "problems.py": problems()}
    for path in sorted((CLIENT / WRITTEN).glob("*.py")):
        source = path.read_text()
        texts[CLIENT / DERIVED / path.name] = without_async(source)
    return {path: formatted(text, path) for path, text in texts.items()}


def formatted(text: str, path: Path) -> str:
    """Return a text as the linter has it."""
    for words in (["check", "--quiet", "--fix-only", "--select", "I,F401"], ["format", "--quiet"]):
        command = [sys.executable, "-m", "ruff", *words, "--stdin-filename", str(path), "-"]
        text = subprocess.run(  # noqa: S603 - the words are those above
            command, input=text, capture_output=True, text=True, check=True
        ).stdout
    return text


def main() -> None:
    """Write the files."""
    for path, text in files().items():
        path.write_text(text)


if __name__ == "__main__":
    main()
