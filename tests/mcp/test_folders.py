import os
from pathlib import Path

import pytest

from simulacra.mcp.faults import Refusal
from simulacra.mcp.folders import Folders


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "waves").mkdir(parents=True)
    (root / ".secrets").mkdir()
    for name in ("study.csv", "waves/w1.sav", ".secrets/keys.csv", ".hidden.csv", "notes.md"):
        (root / name).write_text("a,b\n1,2\n")
    (tmp_path / "outside.csv").write_text("a,b\n1,2\n")
    return root


@pytest.mark.parametrize("path", ["study.csv", "./study.csv", "waves/../study.csv"])
def test_a_study_in_a_folder(root: Path, path: str) -> None:
    assert Folders.of([root]).study(path) == Path(os.path.realpath(root / "study.csv"))


def test_an_absolute_path_and_a_second_folder(root: Path) -> None:
    folders = Folders.of([root / "waves", root])
    assert folders.study(str(root / "study.csv")).name == "study.csv"
    assert folders.study("w1.sav").name == "w1.sav"
    assert sorted(folders.studies()) == [str(root / "study.csv"), "w1.sav"]


@pytest.mark.parametrize(
    "path",
    [
        "../outside.csv",
        "waves/../../outside.csv",
        "/etc/passwd",
        "../not-there.csv",
        "~/x.csv",
        "~nobody-of-this-name/x.csv",
        ".secrets/keys.csv",
        ".hidden.csv",
        "",
        "study.csv\0.sav",
    ],
)
def test_what_is_outside_or_hidden_is_refused(root: Path, path: str) -> None:
    folders = Folders.of([root])
    for refuse in (folders.study, folders.new_file):
        with pytest.raises(Refusal):
            refuse(path)


def test_whether_something_outside_exists_makes_no_difference(root: Path) -> None:
    said = set()
    for name in ("../outside.csv", "../not-there.csv"):
        with pytest.raises(Refusal) as caught:
            Folders.of([root]).study(name)
        said.add(str(caught.value))
    assert len(said) == 1


def test_a_link_that_leads_out_is_refused_and_not_listed(root: Path, tmp_path: Path) -> None:
    (root / "link.csv").symlink_to(tmp_path / "outside.csv")
    (root / "door").symlink_to(tmp_path)
    folders = Folders.of([root])
    for path in ("link.csv", "door/outside.csv"):
        with pytest.raises(Refusal):
            folders.study(path)
    with pytest.raises(Refusal):
        folders.new_file("door/rows.csv")
    (root / "dangling.csv").symlink_to(tmp_path / "new.csv")
    with pytest.raises(Refusal):
        folders.new_file("dangling.csv")
    assert sorted(folders.studies()) == ["study.csv", "waves/w1.sav"]


def test_only_studies_that_are_files_are_read(root: Path) -> None:
    os.mkfifo(root / "pipe.csv")
    (root / "folder.csv").mkdir()
    folders = Folders.of([root])
    for path in ("notes.md", "pipe.csv", "folder.csv"):
        with pytest.raises(Refusal):
            folders.study(path)
    with pytest.raises(Refusal, match=r"There are: 'study\.csv'"):
        folders.study("studie.csv")


def test_no_file_is_replaced(root: Path) -> None:
    folders = Folders.of([root])
    assert folders.new_file("waves/rows.parquet").parent.name == "waves"
    with pytest.raises(Refusal, match="not replaced"):
        folders.new_file("study.csv")
    with pytest.raises(Refusal, match="format"):
        folders.new_file("rows.sh")
    with pytest.raises(Refusal, match="no folder"):
        folders.new_file("nowhere/rows.csv")


def test_what_the_client_has_opened_narrows_the_folders(root: Path) -> None:
    folders = Folders.of([root])
    narrowed = folders.within([(root / "waves").as_uri()])
    assert narrowed.studies() == ["waves/w1.sav"]
    with pytest.raises(Refusal, match="opened"):
        narrowed.study("study.csv")
    assert folders.within([]) == folders
    with pytest.raises(Refusal, match="no folder"):
        folders.within(["https://example.com/root"]).study("study.csv")


def test_without_folders_of_our_own_those_of_the_client_are_the_ones(root: Path) -> None:
    none = Folders.of([])
    with pytest.raises(Refusal, match="--root"):
        none.study("study.csv")
    assert none.studies() == []
    assert none.within([root.as_uri()]).study("study.csv").name == "study.csv"


def test_a_folder_has_to_be_there(root: Path) -> None:
    with pytest.raises(NotADirectoryError):
        Folders.of([root / "nowhere"])
