"""Write code, output and pictures of docs/gallery.md anew, and the picture of the README.

make gallery
"""

from pathlib import Path

import numpy as np
import pyarrow as pa

import simulacra
from examples import study as meal_kits
from tools.gallery import page, pictures, studies

DOCS = Path(__file__).parents[2] / "docs"
PAGE, IMAGES = DOCS / "gallery.md", DOCS / "images"


def main() -> None:
    """Write all of it."""
    text = PAGE.read_text(encoding="utf-8")
    for name, (heading, panels) in studies.STUDIES.items():
        module = page.module_of(name)
        model, made, printed = page.run(module)
        text = page.with_blocks(text, heading, page.code_of(module), printed, module.truth())
        _save(name, pictures.before_and_after(model, made, panels, page.weights_of(module)))
    PAGE.write_text(text, encoding="utf-8")
    _save("before-after", _of_readme(), folder=IMAGES)


def _of_readme() -> bytes:
    """Return the picture of the scenario that the README begins with."""
    model = simulacra.fit(
        pa.table(meal_kits.population(800, np.random.default_rng(2026))),
        drop=["respondent"],
    )
    made = model.generate(
        5_000,
        seed=7,
        categorical={
            "segment": {"Premium": 0.55, "Mainstream": 0.35, "Value": 0.10},
            "channel": {"Online": 0.70},
        },
        numeric={"age": {"min": 25, "max": 44}},
    )
    return pictures.before_and_after(model, made, studies.OF_README)


def _save(name: str, picture: bytes, folder: Path = IMAGES / "gallery") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.png").write_bytes(picture)


if __name__ == "__main__":
    main()
