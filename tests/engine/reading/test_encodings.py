import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine import errors
from simulacra.engine.reading import encodings

TEXT = "Größe;Straße\nKäse à la crème;señor\nTschüß;“quoted”\n"


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", None),
        ("utf-8-sig", None),
        ("utf-16", None),
        ("utf-16-le", "UTF-16-LE"),
        ("utf-16-be", "UTF-16-BE"),
        ("cp1252", "Windows-1252"),
        ("mac_roman", "Mac Roman"),
    ],
)
def test_a_text_comes_back_from_every_encoding(encoding: str, name: str | None) -> None:
    assert encodings.to_utf8(TEXT.encode(encoding)) == (TEXT.encode(), name)


def test_cyrillic_is_read_and_an_uncertain_encoding_is_refused() -> None:
    text = "Возраст;Город\n31;Москва\n44;Нижний Новгород\n"
    assert encodings.to_utf8(text.encode("cp1251")) == (text.encode(), "Windows-1251")
    with pytest.raises(errors.StudyError, match="cannot be told"):
        encodings.to_utf8("年齢,都市\n31,東京\n44,大阪\n".encode("shift_jis"))


def test_a_macintosh_no_break_space_is_distinguished_from_a_windows_letter() -> None:
    raw = b"level of knowledge\xcaof cuisines,a\n" * 2 + b"1,2\n"
    text, name = encodings.to_utf8(raw)
    assert name == "Mac Roman"
    assert "knowledge\N{NO-BREAK SPACE}of" in text.decode()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_becomes_a_line_feed(end: str) -> None:
    assert encodings.to_utf8(f"a,b{end}1,2{end}".encode())[0] == b"a,b\n1,2\n"


def test_a_damaged_text_is_refused() -> None:
    with pytest.raises(errors.StudyError, match="UTF-16 but is damaged"):
        encodings.to_utf8(b"\xff\xfea\0,\0b")


@given(st.text(alphabet=st.characters(exclude_characters="\r\n\0\ufeff", codec="utf-8")))
def test_utf8_stays_as_it_is(text: str) -> None:
    assert encodings.to_utf8(text.encode()) == ((text + "\n").encode(), None)
