"""Which column is what, by names in the languages of users, and by words in longer names."""
# ruff: noqa: RUF001  # other scripts have signs that look like those of ours

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ntg_assets.sources.sniffing.roles.role_names_abroad import NAMES, folded
from ntg_assets_tests.event_files import accepted, log_settings
from ntg_assets_tests.sniffed_logs import SECONDS, TIMES, lines, sniff

HARD = "\u00a0"  # between thousands
# header, item, format of times ({half}: before noon and after it), an amount of 1234.5, encoding
SPREADSHEETS: dict[str, tuple[str, str, str, str, str]] = {
    "Brazil": ("Cliente;Produto;Data da compra;Valor", "Canção", "%d/%m/%Y %H:%M",
               "R$ 1.234,50", "cp1252"),
    "Sweden": ("Kund;Artikel;Datum;Belopp", "Räksmörgås", "%Y-%m-%d %H:%M",
               f"1{HARD}234,50 kr", "cp1252"),
    "Poland": ("Klient;Produkt;Data zakupu;Kwota", "Żółć", "%d.%m.%Y %H:%M",
               f"1{HARD}234,50 zł", "cp1250"),
    "Czechia": ("Zákazník;Výrobek;Datum;Částka", "Věc č.", "%d. %m. %Y %H:%M",
                f"1{HARD}234,50 Kč", "cp1250"),
    "Croatia": ("Kupac;Proizvod;Datum;Iznos", "Čaša", "%d. %m. %Y. %H:%M",
                "1.234,50 kn", "cp1250"),
    "Hungary": ("Ügyfél;Termék;Dátum;Összeg", "Őrült nő", "%Y. %m. %d. %H:%M",
                f"1{HARD}234,50 Ft", "cp1250"),
    "Turkey": ("Müşteri;Ürün;Tarih;Tutar", "Işık", "%d.%m.%Y %H:%M", "1.234,50 TL", "cp1254"),
    "Russia": ("Клиент;Товар;Дата;Сумма", "Фильм", "%d.%m.%Y %H:%M",
               f"1{HARD}234,50 руб.", "cp1251"),
    "Ukraine": ("Клієнт;Товар;Дата;Сума", "Фільм", "%d.%m.%Y %H:%M",
                f"1{HARD}234,50 грн", "cp1251"),
    "Korea": ("고객번호;상품명;주문일시;금액", "영화", "%Y-%m-%d {오전|오후} %I:%M",
              "1,234.50원", "euc_kr"),
    "China": ("用户ID;商品名称;下单时间;金额", "电影", "%Y/%m/%d %H:%M", "￥1,234.50", "gb18030"),
    "Taiwan": ("會員編號;商品名稱;訂購日期;金額", "電影", "%Y/%m/%d {上午|下午} %I:%M",
               "NT$1,234.50", "big5"),
    "Greece": ("Πελάτης;Προϊόν;Ημερομηνία;Ποσό", "Ταινία", "%d/%m/%Y %I:%M {πμ|μμ}",
               "1.234,50 €", "cp1253"),
    "Egypt": ("العميل;المنتج;التاريخ;المبلغ", "فيلم", "%d/%m/%Y %I:%M {ص|م}",
              "1٬234٫50 ج.م", "utf-8"),
    "Israel": ("לקוח;מוצר;תאריך;סכום", "סרט", "%d/%m/%Y %H:%M", "₪1,234.50", "cp1255"),
    "Vietnam": ("Khách hàng;Sản phẩm;Ngày;Số tiền", "Phim số", "%d/%m/%Y %I:%M {SA|CH}",
                "1.234,50 ₫", "utf-8"),
    "India": ("ग्राहक;उत्पाद;तारीख;राशि", "फ़िल्म", "%d-%m-%Y %I:%M {पूर्वाह्न|अपराह्न}",
              "₹1,234.50", "utf-8"),
    "Finland": ("Asiakas;Tuote;Päivämäärä;Summa", "Elokuva", "%d.%m.%Y %H.%M",
                f"1{HARD}234,50 €", "cp1252"),
}  # fmt: skip


def written(at: datetime, form: str) -> str:
    """A time as a spreadsheet shows it, with the word for the half of the day."""
    before, brace, rest = form.partition("{")
    halves, _, after = rest.partition("}")
    half = halves.split("|")[at.hour // 12] if brace else ""
    return at.strftime(before) + half + at.strftime(after)


@pytest.mark.slow
@pytest.mark.parametrize("place", SPREADSHEETS)
def test_spreadsheets_of_many_countries_are_taken_without_a_question(
    tmp_path: Path, place: str
) -> None:
    header, item, form, amount, encoding = SPREADSHEETS[place]
    text = lines(lambda n, at: f"K{n % 3};{item} {n};{written(at, form)};{amount}", f"{header}\n")
    encoding_signs = amount.encode(encoding, "ignore").decode(encoding)
    found = sniff(tmp_path, text.replace(amount, encoding_signs).encode(encoding))
    assert found.open == {}
    roles = [found.settings.get(role) for role in ("user_id", "item_id", "event_at", "value")]
    assert roles == header.split(";")
    assert found.settings.get("encoding", "utf-8") == encoding
    read = log_settings("log", **found.settings)
    events = accepted(tmp_path, read, "item_id", "event_at", "value")
    assert events == [(f"{item} {n}", at.replace(second=0), 1234.5) for n, at in enumerate(TIMES)]


@pytest.mark.parametrize("encoding", ["mac-roman", "cp850", "cp1252"])
def test_names_in_ascii_say_nothing_of_how_texts_are_written(tmp_path: Path, encoding: str) -> None:
    text = lines(
        lambda n, at: f"K{n};Größe für Mädchen {n};{at};{n}", "Kunde;Artikel;Datum;Betrag\n"
    )
    assert sniff(tmp_path, text.encode(encoding)).settings["encoding"] == encoding


def test_a_name_abroad_means_one_role() -> None:
    of_roles: dict[str, set[str]] = {}
    for names in NAMES.values():
        for role, text in names._asdict().items():
            for name in text.split("|") if role != "encodings" else ():
                of_roles.setdefault(folded(name), set()).add(role)
    assert {name: roles for name, roles in of_roles.items() if len(roles) > 1} == {}


WORDY: dict[str, tuple[str, str, dict[str, Any]]] = {
    "account holders": (
        "Account Holder Name,ASIN,Event Timestamp,Event Duration Milliseconds,Product Name",
        "Anna,B0{n},{at},{n},Book",
        {"user_id": "Account Holder Name", "item_id": "ASIN",
         "value": "Event Duration Milliseconds"},
    ),
    "a length beside a length of the item": (
        "customer_id,content_asset_id,at,stream_duration_ms,media_duration_ms",
        "u{n},c{n},{at},{n},900",
        {"item_id": "content_asset_id", "value": "stream_duration_ms"},
    ),
    "own ratings": (
        "user,beer_name,created_at,rating_score,global_rating_score", "u{n},b{n},{at},{n},3.5",
        {"item_id": "beer_name", "value": "rating_score"},
    ),
    "a price beside a number of pieces": (
        "Email (Billing),Item Number,Item Title,Sale Date,Quantity,Sold For",
        "u{n},7{n},T,{at},1,£{n}.50",
        {"user_id": "Email (Billing)", "item_id": "Item Number", "value": "Sold For"},
    ),
    "units in brackets": (
        "Member ID,Class Title,Workout Timestamp,Length (minutes)", "m{n},T{n},{at},{n}",
        {"user_id": "Member ID", "value": "Length (minutes)"},
    ),
    "several numbers": (
        "user,game_id,last_played,playtime_forever,playtime_windows", "u{n},g{n},{at},{n},{n}",
        {"value": None},
    ),
    "a name and a number in one word": (
        "timestamp,visitorid,event,itemid", "{at},7{n},view,8{n}",
        {"user_id": "visitorid", "item_id": "itemid"},
    ),
    "what was read after it was added": (
        "Title,Date Added,Last Date Read,Star Rating", "T{n},2001-01-01,{at},{n}.25",
        {"event_at": "Last Date Read", "value": "Star Rating"},
    ),
    "a last change, for want of another time": (
        "user,game,updated_at", "u,g{n},{at}", {"event_at": "updated_at"},
    ),
    "addresses": ("user,href,time,description", "u{n},https://x/{n},{at},d", {"item_id": "href"}),
}  # fmt: skip


@pytest.mark.parametrize("case", WORDY)
def test_words_in_longer_names_say_which_column_is_what(tmp_path: Path, case: str) -> None:
    header, row, wanted = WORDY[case]
    found = sniff(tmp_path, lines(lambda n, at: row.format(n=n, at=at), f"{header}\n"))
    assert {role: found.settings.get(role) for role in wanted} == wanted
    if wanted.get("value", "") is None:
        assert "answer `value=playtime_forever`" in " ".join(found.notes)


def test_amounts_under_a_name_that_nobody_knows_are_told(tmp_path: Path) -> None:
    found = sniff(tmp_path, lines(lambda n, at: f"u,i{n},{at},{n}.50 €", "user,item,time,xyz\n"))
    assert "Where it is one of 'xyz', answer `value=xyz`" in " ".join(found.notes)
    found = sniff(tmp_path, lines(lambda n, at: f"u,i{n},{at},{n}", "user,item,time,xyz\n"))
    assert found.notes == []


NESTED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "where traffic came from is no item": (
        {"user_pseudo_id": "u", "traffic_source": {"name": "(direct)"}, "app_info": {"id": "x"}},
        {"user_id": "user_pseudo_id", "item_id": None},
    ),
    "a library that sends is no item": (
        {"userId": "u", "context": {"library": {"name": "a.js"}, "page": {"title": "Home"}},
         "properties": {"title": "T"}},
        {"user_id": "userId", "item_id": "properties.title"},
    ),
    "an item behind the name of a document": (
        {"name": "projects/x", "fields": {"userId": {"stringValue": "u"},
                                          "movieId": {"stringValue": "i"}}},
        {"user_id": "fields.userId.stringValue", "item_id": "fields.movieId.stringValue"},
    ),
    "a length of the track": (
        {"user": "u", "track_metadata": {"track_name": "T", "additional_info": {"duration_ms": 5}}},
        {"item_id": "track_metadata.track_name", "value": None},
    ),
    "a date in parts": (
        {"user": "u", "movie": "m", "completed": {"year": 2024, "month": 1, "day": 5}},
        {"user_id": "user", "event_at": "ts"},
    ),
    "types of another store": (
        {"Item": {"user_id": {"S": "u"}, "movie_id": {"S": "i"}, "rating": {"N": "4"}}},
        {"user_id": "Item.user_id.S", "item_id": "Item.movie_id.S", "value": "Item.rating.N"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", NESTED)
def test_what_belongs_to_something_else_is_no_item(tmp_path: Path, case: str) -> None:
    record, wanted = NESTED[case]
    rows = []
    for seconds in SECONDS:
        own = record.get("Item", {}) | {"ts": {"N": str(seconds)}}
        rows.append({**record, **({"Item": own} if "Item" in record else {"ts": seconds})})
    found = sniff(tmp_path, "\n".join(map(json.dumps, rows)))
    assert {role: found.settings.get(role) for role in wanted} == wanted
    assert found.settings["timestamp_unit"] == "seconds"
