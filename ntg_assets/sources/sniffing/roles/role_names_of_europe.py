"""Names that people give to columns in languages of Europe."""
# ruff: noqa: RUF001  # other scripts have signs that look like those of ours

from ntg_assets.sources.sniffing.roles.language_names import CENTRAL, CYRILLIC, WESTERN, Names

EUROPEAN = {
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
}  # fmt: skip
