"""Encodings that are found by the words that they make of a file's bytes."""

from pathlib import Path

import pytest

from ntg_assets.sources.sniffing.encodings import encodings_of
from ntg_assets.sources.sniffing.proposals import sniff_file
from ntg_assets_tests.sniffed_logs import lines, sniff

ALPHABETS = {
    "Größe, Übermut, Straße": ("cp1252", "mac-roman", "cp850"),
    "été, mère, garçon, Noël": ("cp1252", "mac-roman", "cp850"),
    "Żółć, Święty, ósmy, źdźbło": ("cp1250", "iso8859-2"),
    "Фильм, Война и мир": ("cp1251", "koi8-r", "cp866"),
    "Ταινία, Ελλάδα": ("cp1253",),
    "作品の名前, となりの山": ("cp932", "euc_jp", "iso2022_jp"),
    "节目名称, 北京电影": ("gb18030",),
    "節目名稱, 臺北歡迎你": ("big5",),
    "Don\u2019t \u201cstop\u201d, 5 \u20ac": ("cp1252",),
    "1\u00a0234, 5": ("cp1252",),
}


@pytest.mark.parametrize(
    ("text", "encoding"), [(text, one) for text, known in ALPHABETS.items() for one in known]
)
def test_an_encoding_is_the_one_in_which_words_are_words(text: str, encoding: str) -> None:
    rows = f"u1,{text}\n" * 9
    found = encodings_of(f"user_id,item_id\n{rows}".encode(encoding), name="log")
    assert encoding in found
    assert len(found) == 1 or encoding == "gb18030"


def test_encodings_with_the_same_bytes_are_asked_and_one_that_is_said_is_taken(
    tmp_path: Path,
) -> None:
    text = lines(lambda n, at: f"u{n},节目名称,{at:%Y-%m-%d}", "user_id,item_id,date\n")
    found = sniff(tmp_path, text.encode("gb18030"))
    assert found.open["encoding"] == ["euc_kr", "gb18030"]
    said = sniff_file(tmp_path / "log", name="log", encoding="gb18030")
    assert "encoding" not in said.open
    assert said.values["item_id"][0] == "节目名称"


@pytest.mark.parametrize("titles", ["東京物語, 七人侍, 羅生門", "鈴木一郎, 佐藤花子, 高橋"])
def test_japanese_without_kana_has_the_bytes_of_chinese_and_is_asked(titles: str) -> None:
    text = f"user_id,item_id\n{f'u1,{titles}{chr(10)}' * 9}"
    assert encodings_of(text.encode("euc_jp"), name="log") == ["euc_jp", "gb18030"]


def test_chinese_with_signs_that_japanese_hardly_uses_is_chinese() -> None:
    text = "user_id,item_id\n" + "u1,大红灯笼高高挂\nu2,卧虎藏龙\nu3,在一起\n" * 9
    assert encodings_of(text.encode("gb18030"), name="log") == ["gb18030"]


def test_texts_that_were_encoded_twice_are_noted(tmp_path: Path) -> None:
    twice = "Möbel".encode().decode("cp1252")
    text = lines(lambda n, at: f"u{n},{twice},{at:%Y-%m-%d}", "user_id,item_id,date\n")
    assert "encoded twice" in " ".join(sniff(tmp_path, text).notes)
    assert not sniff(tmp_path, text.replace(twice, "Möbel")).notes
