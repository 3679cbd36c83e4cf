"""Draw the pictures of docs/notebook.md by running it: `python -m tools.notebook_pictures`."""

import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from examples import tracker

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
WIDTH, MARGIN = 980, 16
UNFOLDED = (4, 7)
"""Questions of the schema that its picture shows unfolded."""
CODE = re.compile(r"```python\n(.*?)```", re.DOTALL)


def blocks() -> list[str]:
    """Return the programs of the page."""
    return CODE.findall((ROOT / "docs" / "notebook.md").read_text())


def run(folder: Path) -> dict[str, Any]:
    """Run the page on a tracker in a folder, and return what it defines."""
    study = folder / "burgers.sav"
    tracker.write(study)
    defined: dict[str, Any] = {}
    for block in blocks():
        exec(block.replace('"burgers.sav"', repr(str(study))), defined)  # noqa: S102 - our own page
    return defined


def main() -> None:
    """Write all pictures."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as started:
        defined = run(Path(folder))
        model, out = defined["model"], defined["out"]
        out.plot(["family", "age", "Which.of.these.would.you.consider", "q3"]).savefig(
            IMAGES / "notebook-questions.png", dpi=90
        )
        defined["changes"].plot(count=14).savefig(IMAGES / "notebook-changes.png", dpi=90)
        defined["table"].plot().savefig(IMAGES / "notebook-table.png", dpi=90)
        browser = started.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": 900}, device_scale_factor=1.25)
        shown = {
            "schema": model.schema,
            "find": model.schema.find("green fork"),
            "generation": out,
            "crosstab": defined["table"],
        }
        for name, it in shown.items():
            _shoot(page, it, IMAGES / f"notebook-{name}.png")
        browser.close()


def _shoot(page: Page, it: Any, path: Path) -> None:  # noqa: ANN401 - whatever a notebook shows
    page.set_content(f'<body style="margin: {MARGIN}px">{it._repr_html_()}</body>')
    for at in UNFOLDED:
        page.evaluate(
            f"document.querySelectorAll('.sim-scroll > details')[{at}]?.toggleAttribute('open')"
        )
    page.evaluate("document.querySelector('.sim-scroll')?.style.setProperty('max-height', 'none')")
    box = page.locator(".simulacra").bounding_box()
    assert box is not None  # noqa: S101 - it was put there a moment ago
    clip = {"x": 0, "y": 0, "width": WIDTH, "height": box["height"] + 2 * MARGIN}
    page.screenshot(path=path, full_page=True, clip=clip)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
