"""Documents say what is true."""

import re
import subprocess
from pathlib import Path

import pytest

import simulacra
from simulacra.service.settings import Settings
from tools import notebook_pictures

ROOT = Path(__file__).parents[1]
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]


def test_every_setting_is_documented_as_the_code_describes_it() -> None:
    table = (ROOT / "docs" / "configuration.md").read_text()
    for name, field in Settings.model_fields.items():
        variable = "DATABASE_URL" if name == "database_url" else f"SIMULACRA_{name.upper()}"
        row = next(line for line in table.splitlines() if line.startswith(f"| `{name}` "))
        assert f"`{variable}`" in row
        assert str(field.description) in row


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_relative_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
        assert (document.parent / target).exists(), target


def test_the_tests_that_bear_out_a_claim_exist() -> None:
    named = set(re.findall(r"`([\w/]+/test_\w+\.py)`", (ROOT / "docs" / "asvs.md").read_text()))
    assert len(named) > 40
    assert sorted(name for name in named if not (ROOT / "tests" / name).exists()) == []


def test_the_targets_that_the_readme_names_exist() -> None:
    help_text = subprocess.run(
        ["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    targets = set(re.findall(r"^(\w+)", help_text, re.MULTILINE))
    named = set(re.findall(r"make ([a-z]+)", (ROOT / "README.md").read_text()))
    assert {"quickstart", "test", "serve", "bench"} <= named <= targets


def test_what_the_library_exports_is_there() -> None:
    for name in simulacra.__all__:
        assert getattr(simulacra, name).__name__ == name


def test_the_page_on_notebooks_does_what_it_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    defined = notebook_pictures.run(tmp_path)
    page = (ROOT / "docs" / "notebook.md").read_text()
    assert f"```\n{capsys.readouterr().out}```" in page
    found = defined["model"].schema.find("green fork")
    assert found.names == ["q1_6", "q2_6", "q3"]
    assert [question.kind for question in defined["model"].schema.questions].count("set") == 2
    assert all((ROOT / "docs" / it).exists() for it in re.findall(r"\((images/\S+)\)", page))
