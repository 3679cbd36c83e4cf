"""Completion, as the shells themselves do it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from simulacra.cli import completion
from simulacra.cli.main import main

BASH = """
source ./script
COMP_WORDS=({words})
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
COMP_LINE="${{COMP_WORDS[*]}}"
COMP_POINT=${{#COMP_LINE}}
read -ra about < <(complete -p simulacra)
for i in "${{!about[@]}}"; do [ "${{about[$i]}}" = -F ] && "${{about[$((i + 1))]}}"; done
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for the script of a shell."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "script"


def write(shell: str, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    path.write_text(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("words", "among"),
    [
        ("simulacra rem", {"remote"}),
        ("simulacra remote up", {"upload"}),
        ("simulacra remote generate --sh", {"--share"}),
        ("simulacra remote jobs --status pro", {"processing"}),
        ("simulacra operator create-t", {"create-tenant"}),
        ("simulacra remote upload meal", {"meal-kits.csv"}),
        ("simulacra fit --privacy s", {"standard", "strict"}),
    ],
)
def test_bash(
    script: Path, capsys: pytest.CaptureFixture[str], words: str, among: set[str]
) -> None:
    write("bash", script, capsys)
    Path("meal-kits.csv").touch()
    ended = subprocess.run(
        ["bash", "--norc", "-c", BASH.format(words=words)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert among <= {*ended.stdout.split()}, ended.stderr


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write("fish", script, capsys)
    for words, among in (("remote up", "upload"), ("remote generate --sh", "--share")):
        shown = subprocess.run(
            ["fish", "--no-config", "-c", f"source ./script; complete -C 'simulacra {words}'"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert among in shown.stdout.split()


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_takes_the_script(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Zsh completes in its editor alone; here it finds the script as its own functions."""
    write("zsh", script.with_name("_simulacra"), capsys)
    setup = "fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D; echo ${_comps[simulacra]}"
    for words, said in ((["-fc", setup], "_simulacra\n"), (["-n", "_simulacra"], "")):
        shown = subprocess.run(["zsh", *words], capture_output=True, text=True, check=True)
        assert (shown.stdout, shown.stderr) == (said, "")


def test_help_says_where_to_put_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["completion", "--help"])
    shown = capsys.readouterr().out
    assert all(f"simulacra completion {shell} >" in shown for shell in completion.SHELLS)
