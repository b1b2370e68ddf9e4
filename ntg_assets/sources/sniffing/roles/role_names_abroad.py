"""Names that people give to columns in languages other than English, and the encodings in which
spreadsheets there write text: a header that holds such names says of which language it is.

A name stands here when it means one role in every language whose names are here.
"""
# ruff: noqa: RUF001  # other scripts have signs that look like those of ours

import re
import unicodedata
from typing import NamedTuple

VOICED = "\u3099\u309a"  # marks that make another sound of a Japanese sign
WESTERN = ("cp1252",)
CENTRAL = ("cp1250", "iso8859-2", "cp852")
CYRILLIC = ("cp1251", "koi8-r", "cp866")


class Names(NamedTuple):
    """Names of one language, by role; a bar between them."""

    encodings: tuple[str, ...]
    user_id: str
    item_id: str
    event_at: str
    value: str


NAMES = {
    "German": Names(
        WESTERN,
        "kunden-id|kundennummer|kunden-nr|kundennr|kd-nr|kunde|mitgliedsnummer|mitglied|nutzer-id"
        "|nutzername|nutzer|benutzer-id|benutzername|benutzer|teilnehmer|abonnent|käufer|konto"
        "|profilname|profil",
        "artikelnummer|artikel-nr|artikelnr|artikel-id|artikel|produktnummer|produkt-id|produkt"
        "|sendung|film|folge|titel|artikelbezeichnung|bezeichnung|produktname",
        "zeitstempel|bestelldatum|kaufdatum|buchungsdatum|rechnungsdatum|abrufdatum|startzeit"
        "|datum|zeitpunkt|zeit|datum/uhrzeit|datum und uhrzeit",
        "bewertung|betrag|preis|umsatz|gesamtbetrag|bruttobetrag|brutto|wert|dauer|minuten"
        "|spieldauer|wiedergabedauer",
    ),
    "French": Names(
        WESTERN,
        "id client|numéro client|n° client|code client|client|id utilisateur|utilisateur"
        "|identifiant client|abonné|adhérent|acheteur",
        "id produit|référence produit|référence article|code article|code produit|article|produit"
        "|référence|titre|nom du produit|émission|désignation",
        "horodatage|date de commande|date commande|date d'achat|date de visionnage|date et heure"
        "|date de la commande|date/heure",
        "note|montant|montant ttc|prix|total ttc|valeur|durée|chiffre d'affaires",
    ),
    "Spanish": Names(
        WESTERN,
        "id de cliente|id cliente|código de cliente|cliente|id de usuario|id usuario|usuario"
        "|suscriptor|abonado|comprador|socio",
        "id de producto|id producto|código de producto|código producto|producto|artículo|título"
        "|película|nombre del producto",
        "marca de tiempo|fecha y hora|fecha de compra|fecha de pedido|fecha del pedido|fecha pedido"
        "|fecha|fecha/hora",
        "calificación|puntuación|valoración|importe|importe total|precio|monto|duración|ingresos",
    ),
    "Portuguese": Names(
        WESTERN,
        "id do cliente|id cliente|código do cliente|cliente|id do usuário|usuário|utilizador"
        "|assinante|comprador",
        "id do produto|código do produto|produto|item do pedido|artigo|título|filme"
        "|nome do produto",
        "data e hora|data/hora|data da compra|data do pedido|data da venda|data pedido|data",
        "avaliação|nota|valor total|valor pago|valor|preço|montante|duração|receita",
    ),
    "Italian": Names(
        WESTERN,
        "id cliente|codice cliente|cliente|id utente|utente|abbonato|acquirente",
        "id prodotto|codice prodotto|codice articolo|prodotto|articolo|titolo|nome prodotto",
        "data e ora|data ordine|data acquisto|data dell'ordine|data/ora|data",
        "valutazione|voto|importo|importo totale|prezzo|totale|durata|ricavo",
    ),
    "Dutch": Names(
        WESTERN,
        "klant-id|klantnummer|klantnr|klant|gebruiker-id|gebruikersnaam|gebruiker|abonnee|koper",
        "artikelnummer|artikelcode|productcode|productnummer|product-id|artikel|product|titel"
        "|productnaam|aflevering",
        "tijdstip|tijdstempel|besteldatum|aankoopdatum|orderdatum|datum en tijd|datum",
        "beoordeling|bedrag|totaalbedrag|prijs|waarde|duur|omzet",
    ),
    "Danish, Norwegian": Names(
        WESTERN,
        "kunde-id|kundenummer|kundenr|kunde|bruker-id|brukernavn|bruker|bruger-id|brugernavn"
        "|bruger|abonnent|medlem|kjøper|køber",
        "varenummer|varenr|vare-id|vare|produktnummer|produkt|tittel|titel|produktnavn|varenavn",
        "tidspunkt|tidsstempel|ordredato|bestillingsdato|kjøpsdato|købsdato|dato|dato og tid"
        "|dato/tid",
        "vurdering|beløp|beløb|pris|verdi|værdi|varighed|varighet|omsetning",
    ),
    "Swedish": Names(
        WESTERN,
        "kund-id|kundnummer|kundnr|kund|användar-id|användarnamn|användare|prenumerant|medlem"
        "|köpare",
        "artikelnummer|artikelnr|artikel|produktnummer|produkt|titel|vara|varunummer|produktnamn",
        "tidpunkt|tidsstämpel|orderdatum|beställningsdatum|köpdatum|datum|datum och tid",
        "betyg|belopp|summa|pris|värde|längd|varaktighet",
    ),
    "Finnish": Names(
        WESTERN,
        "asiakasnumero|asiakastunnus|asiakas-id|asiakas|käyttäjätunnus|käyttäjänimi|käyttäjä"
        "|tilaaja|jäsen|ostaja",
        "tuotenumero|tuotekoodi|tuotetunnus|tuote|artikkeli|nimike|elokuva|tuotteen nimi|tuotenimi",
        "aikaleima|tilauspäivä|ostopäivä|päivämäärä|pvm|päiväys|ajankohta",
        "arvosana|arvio|summa|hinta|arvo|kesto",
    ),
    "Polish": Names(
        CENTRAL,
        "id klienta|numer klienta|nr klienta|kod klienta|klient|id użytkownika|użytkownik"
        "|abonent|subskrybent|kupujący|nabywca",
        "id produktu|kod produktu|numer produktu|produkt|towar|tytuł|nazwa produktu|nazwa towaru"
        "|artykuł",
        "znacznik czasu|data zakupu|data zamówienia|data sprzedaży|data i godzina|data i czas|data",
        "ocena|kwota|kwota brutto|cena|wartość|czas trwania|suma",
    ),
    "Czech, Slovak": Names(
        CENTRAL,
        "id zákazníka|číslo zákazníka|kód zákazníka|zákazník|id uživatele|uživatel|používateľ"
        "|odběratel|předplatitel|kupující|klient",
        "id produktu|kód produktu|kód zboží|kód výrobku|produkt|výrobek|výrobok|zboží|tovar|položka"
        "|název produktu|název|názov|titul",
        "časové razítko|datum nákupu|datum objednávky|dátum objednávky|datum a čas|datum|dátum",
        "hodnocení|hodnotenie|částka|suma|cena|hodnota|trvání|délka",
    ),
    "Hungarian": Names(
        CENTRAL,
        "ügyfélazonosító|ügyfélszám|ügyfélkód|ügyfél|vevőkód|vevő|felhasználónév"
        "|felhasználó azonosító|felhasználó|előfizető|vásárló",
        "termékazonosító|termékkód|cikkszám|termék|cikk|megnevezés|terméknév|termék neve|cím|film",
        "időbélyeg|rendelés dátuma|vásárlás dátuma|dátum|időpont|kelt",
        "értékelés|összeg|bruttó összeg|ár|érték|időtartam",
    ),
    "Romanian": Names(
        (*CENTRAL, "iso8859-16"),
        "id client|cod client|client|id utilizator|utilizator|abonat|cumpărător",
        "id produs|cod produs|produs|articol|titlu|denumire produs|nume produs|denumire",
        "data comenzii|data achiziției|data și ora|data",
        "evaluare|suma|sumă|preț|valoare|durată",
    ),
    "Croatian, Serbian, Slovene": Names(
        CENTRAL,
        "id kupca|šifra kupca|kupac|korisnik|korisničko ime|id korisnika|pretplatnik|stranka"
        "|uporabnik|kupec|naročnik",
        "šifra proizvoda|šifra artikla|proizvod|artikl|artikel|izdelek|šifra izdelka|naziv"
        " proizvoda|naslov|naziv",
        "datum narudžbe|datum kupnje|datum i vrijeme|datum naročila|vrijeme|datum",
        "ocjena|ocena|iznos|znesek|cijena|cena|vrijednost|trajanje",
    ),
    "Russian": Names(
        CYRILLIC,
        "id клиента|номер клиента|код клиента|клиент|id пользователя|пользователь|покупатель"
        "|логин|абонент|подписчик|зритель",
        "id товара|артикул|код товара|номер товара|товар|продукт|наименование|название|фильм"
        "|название товара|наименование товара",
        "дата и время|дата заказа|дата покупки|дата просмотра|дата продажи|время|дата",
        "оценка|рейтинг|сумма|цена|стоимость|значение|длительность|продолжительность",
    ),
    "Ukrainian": Names(
        CYRILLIC,
        "id клієнта|номер клієнта|код клієнта|клієнт|користувач|id користувача|покупець|абонент",
        "id товару|артикул|код товару|товар|продукт|назва товару|найменування|назва|фільм",
        "дата та час|дата і час|дата замовлення|дата покупки|час|дата",
        "оцінка|рейтинг|сума|ціна|вартість|значення|тривалість",
    ),
    "Bulgarian": Names(
        CYRILLIC,
        "клиентски номер|клиент|потребител|абонат|купувач",
        "код на продукт|продукт|артикул|стока|заглавие|наименование|филм",
        "дата и час|дата на поръчка|дата",
        "оценка|сума|цена|стойност|продължителност",
    ),
    "Greek": Names(
        ("cp1253", "iso8859-7"),
        "κωδικός πελάτη|αριθμός πελάτη|πελάτης|χρήστης|όνομα χρήστη|συνδρομητής|αγοραστής",
        "κωδικός προϊόντος|κωδικός είδους|προϊόν|είδος|τίτλος|ταινία|όνομα προϊόντος|περιγραφή",
        "ημερομηνία παραγγελίας|ημερομηνία αγοράς|ημερομηνία και ώρα|ημερομηνία|ημ/νία|ώρα",
        "βαθμολογία|ποσό|τιμή|αξία|διάρκεια|σύνολο",
    ),
    "Turkish": Names(
        ("cp1254", "iso8859-9"),
        "müşteri no|müşteri numarası|müşteri kodu|müşteri id|müşteri|kullanıcı id|kullanıcı adı"
        "|kullanıcı|abone no|abone|üye no|üye|alıcı",
        "ürün kodu|ürün no|ürün id|stok kodu|ürün|ürün adı|başlık|içerik|film",
        "sipariş tarihi|satın alma tarihi|izlenme tarihi|tarih saat|tarih|zaman",
        "puan|tutar|toplam tutar|fiyat|değer|süre",
    ),
    "Arabic": Names(
        ("cp1256", "iso8859-6"),
        "رقم العميل|معرف العميل|رمز العميل|العميل|رقم المستخدم|معرف المستخدم|اسم المستخدم|المستخدم"
        "|المشترك|الزبون",
        "رقم المنتج|رمز المنتج|معرف المنتج|المنتج|اسم المنتج|الصنف|العنوان|الفيلم",
        "تاريخ الطلب|تاريخ الشراء|التاريخ والوقت|التاريخ|الوقت|وقت المشاهدة",
        "التقييم|المبلغ|السعر|القيمة|المدة",
    ),
    "Hebrew": Names(
        ("cp1255", "iso8859-8"),
        "מספר לקוח|מזהה לקוח|קוד לקוח|לקוח|מזהה משתמש|שם משתמש|משתמש|מנוי",
        "מקט|מק״ט|קוד מוצר|מזהה מוצר|מוצר|פריט|שם מוצר|כותרת|סרט",
        "תאריך הזמנה|תאריך רכישה|תאריך ושעה|תאריך|זמן",
        "דירוג|סכום|מחיר|ערך|משך",
    ),
    "Persian": Names(
        ("cp1256",),
        "شماره مشتری|کد مشتری|شناسه مشتری|مشتری|شناسه کاربر|نام کاربری|کاربر|مشترک",
        "کد محصول|کد کالا|شناسه محصول|محصول|کالا|نام محصول|عنوان|فیلم",
        "تاریخ سفارش|تاریخ خرید|تاریخ و ساعت|تاریخ|زمان",
        "امتیاز|مبلغ|قیمت|مقدار|مدت",
    ),
    "Hindi": Names(
        (),
        "ग्राहक आईडी|ग्राहक संख्या|ग्राहक|उपयोगकर्ता आईडी|उपयोगकर्ता|सदस्य",
        "उत्पाद आईडी|उत्पाद कोड|उत्पाद|शीर्षक|फ़िल्म",
        "दिनांक|तारीख|तिथि|समय|ऑर्डर दिनांक",
        "रेटिंग|राशि|मूल्य|कीमत|अवधि",
    ),
    "Thai": Names(
        ("cp874",),
        "รหัสลูกค้า|หมายเลขลูกค้า|ลูกค้า|รหัสผู้ใช้|ชื่อผู้ใช้|ผู้ใช้|สมาชิก|รหัสสมาชิก",
        "รหัสสินค้า|สินค้า|ชื่อสินค้า|รายการสินค้า|ชื่อเรื่อง",
        "วันที่สั่งซื้อ|วันที่และเวลา|วันที่|วันเวลา|เวลา",
        "คะแนน|จำนวนเงิน|ราคา|ยอดเงิน|มูลค่า|ระยะเวลา",
    ),
    "Vietnamese": Names(
        ("cp1258",),
        "mã khách hàng|khách hàng|mã người dùng|tên người dùng|người dùng|thành viên|người mua",
        "mã sản phẩm|sản phẩm|tên sản phẩm|mã hàng|mặt hàng|tiêu đề|phim",
        "ngày đặt hàng|ngày mua|ngày giờ|thời gian|ngày",
        "đánh giá|số tiền|giá|thành tiền|giá trị|thời lượng",
    ),
    "Indonesian, Malay": Names(
        WESTERN,
        "id pelanggan|kode pelanggan|nomor pelanggan|pelanggan|id pengguna|nama pengguna|pengguna"
        "|pembeli|anggota",
        "id produk|kode produk|kode barang|produk|barang|judul|nama produk|nama barang",
        "tanggal pesanan|tanggal pembelian|tanggal transaksi|tanggal|waktu|tarikh",
        "penilaian|jumlah|harga|nilai|durasi|total harga",
    ),
    "Japanese": Names(
        ("cp932", "euc_jp"),
        "ユーザーid|ユーザid|ユーザー|会員id|会員番号|顧客id|顧客番号|お客様番号|顧客コード"
        "|利用者id|会員|顧客|購入者",
        "作品id|商品id|商品番号|商品コード|品番|コンテンツid|番組id|曲id|作品|商品|番組|曲名"
        "|商品名|作品名|番組名|タイトル",
        "日時|視聴日時|再生日時|購入日時|購入日|注文日|注文日時|視聴日|日付|タイムスタンプ",
        "金額|価格|評価|視聴時間|再生時間|合計金額|税込金額|売上|点数",
    ),
    "Korean": Names(
        ("euc_kr", "cp949"),
        "고객번호|고객 번호|고객id|고객 id|고객코드|고객명|고객|회원번호|회원 번호|회원id|회원 id"
        "|회원|사용자id|사용자 id|사용자|아이디|구매자|이용자",
        "상품번호|상품 번호|상품코드|상품 코드|상품id|콘텐츠id|작품id|상품|콘텐츠|작품|상품명"
        "|상품 명|작품명|제목|곡명",
        "주문일시|주문일자|주문일|구매일시|구매일|결제일시|시청일시|시청일|재생일시|날짜|일시|일자"
        "|시간",
        "금액|결제금액|주문금액|가격|평점|별점|시청시간|재생시간|매출",
    ),
    "Chinese, simplified": Names(
        ("gb18030",),
        "用户id|用户编号|用户名|用户|会员id|会员编号|会员号|会员|客户id|客户编号|客户代码|客户名称|客户"
        "|顾客|买家",
        "商品id|商品编号|商品编码|产品编号|产品id|内容id|视频id|影片id|商品|产品|商品名称|产品名称|视频"
        "|影片|片名|标题|名称",
        "时间|日期|下单时间|订单时间|购买时间|交易时间|支付时间|观看时间|播放时间|订单日期|购买日期"
        "|交易日期",
        "金额|价格|总价|实付金额|支付金额|评分|时长|观看时长|播放时长",
    ),
    "Chinese, traditional": Names(
        ("big5", "cp950"),
        "用戶id|使用者id|使用者|用戶|會員編號|會員id|會員|客戶編號|客戶代號|客戶名稱|客戶|顧客|買家",
        "商品id|商品編號|產品編號|影片id|商品|產品|商品名稱|產品名稱|影片|片名|標題|名稱",
        "時間|日期|訂購日期|訂單日期|下單時間|購買日期|購買時間|交易時間|觀看時間|播放時間",
        "金額|價格|總價|評分|時長|觀看時長|播放時長",
    ),
}  # fmt: skip


def folded(name: str) -> str:
    """Write a name in lower case without accents, its words divided by `_`."""
    apart = unicodedata.normalize("NFKD", name)
    plain = "".join(sign for sign in apart if not unicodedata.combining(sign) or sign in VOICED)
    return re.sub(r"\W+|_+", "_", unicodedata.normalize("NFKC", plain)).strip("_").lower()


def names_abroad(role: str) -> tuple[str, ...]:
    """All names of a role, folded: those of each language in order."""
    texts = [getattr(names, role) for names in NAMES.values()]
    return tuple(dict.fromkeys(folded(name) for text in texts for name in text.split("|")))
