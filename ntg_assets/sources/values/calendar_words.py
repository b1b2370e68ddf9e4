"""Names of months and days in the languages of users, as the English ones that the engine knows.

A name stands here when it means one month (or day) in every language whose names are here; short
names that are the beginning of the English ones need not. (Croatian has `lipanj` for June, where
Polish has `lipiec` for July: none of its other names are here, so that nothing of it is read.)
"""

from collections.abc import Mapping, Sequence

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# one language a line: the names of each month in the order of the year, of each day in that of the
# week, with the short ones behind a bar
MONTHS_ABROAD = {
    "German": "januar|jänner februar|feber märz|mär|mrz april mai juni juli august september"
    " oktober|okt november dezember|dez",
    "French": "janvier|janv février|févr|fév mars avril|avr mai juin juillet|juil août septembre"
    " octobre novembre décembre|déc",
    "Spanish": "enero|ene febrero marzo abril|abr mayo junio julio agosto|ago septiembre|setiembre"
    " octubre noviembre diciembre|dic",
    "Italian": "gennaio|gen febbraio marzo aprile maggio|mag giugno|giu luglio|lug agosto|ago"
    " settembre|set ottobre|ott novembre dicembre|dic",
    "Portuguese": "janeiro fevereiro|fev março abril|abr maio junho julho agosto|ago setembro|set"
    " outubro|out novembro dezembro|dez",
    "Dutch": "januari februari maart|mrt april mei juni juli augustus september oktober|okt"
    " november december",
    "Danish, Norwegian": "januar februar marts|mars april maj|mai juni juli august september"
    " oktober|okt november december|desember|des",
    "Swedish": "januari februari mars april maj juni juli augusti september oktober|okt november"
    " december",
    "Russian": "января|январь|янв февраля|февраль|февр|фев марта|март|мар апреля|апрель|апр мая|май"
    " июня|июнь|июн июля|июль|июл августа|август|авг сентября|сентябрь|сент|сен"
    " октября|октябрь|окт ноября|ноябрь|нояб|ноя декабря|декабрь|дек",
    "Polish": "stycznia|styczeń|sty lutego|luty|lut marca|marzec kwietnia|kwiecień|kwi maja|maj"
    " czerwca|czerwiec|cze lipca|lipiec|lip sierpnia|sierpień|sie września|wrzesień|wrz"
    " października|październik|paź listopada|lis grudnia|grudzień|gru",
    "Turkish": "ocak|oca şubat|şub mart nisan|nis mayıs haziran|haz temmuz|tem ağustos|ağu"  # noqa: RUF001  # its letters
    " eylül|eyl ekim|eki kasım|kas aralık|ara",  # noqa: RUF001  # as above
    "Czech": "ledna|leden|led února|únor března|březen dubna|duben května|květen června|červen"
    " července|červenec srpna|srpen září října|říjen listopadu prosince|prosinec",
    "Romanian": "ianuarie|ian februarie martie aprilie mai iunie|iun iulie|iul august septembrie"
    " octombrie noiembrie|noi decembrie",
}
WEEKDAYS_ABROAD = {
    "German": "montag dienstag mittwoch donnerstag freitag samstag|sonnabend sonntag",
    "French": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "Spanish": "lunes martes miércoles jueves viernes sábado domingo",
    "Italian": "lunedì martedì mercoledì giovedì venerdì sabato domenica",
    "Dutch": "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
    "Danish, Norwegian": "mandag tirsdag onsdag torsdag fredag lørdag søndag",
    "Swedish": "måndag tisdag onsdag torsdag fredag lördag söndag",
    "Russian": "понедельник вторник среда четверг пятница суббота воскресенье",
    "Polish": "poniedziałek wtorek środa czwartek piątek sobota niedziela",
    "Turkish": "pazartesi salı çarşamba perşembe cuma cumartesi pazar",  # noqa: RUF001  # as above
    "Czech": "pondělí úterý středa čtvrtek pátek sobota neděle",
    "Romanian": "luni marți miercuri joi vineri sâmbătă duminică",
}


def _in_english(names: Sequence[str], abroad: Mapping[str, str]) -> dict[str, str]:
    """Each foreign name with the English one, but for those that are that one or begin it."""
    return {
        word: english
        for words in abroad.values()
        for english, alike in zip(names, words.split(), strict=True)
        for word in alike.split("|")
        if word not in {english, english[:SHORT]}
    }


SHORT = 3  # letters of an abbreviated name
ENGLISH_MONTHS = _in_english(MONTHS, MONTHS_ABROAD)
ENGLISH_WEEKDAYS = _in_english(WEEKDAYS, WEEKDAYS_ABROAD)


def in_english(text: str, mark: str) -> str:
    """Write the first foreign name of a month or a day in an SQL text in English.

    Args:
        text: SQL expression.
        mark: What stands for the name in a format: `%B`, `%b`, `%A`, `%a`.
    """
    english = ENGLISH_MONTHS if mark.lower() == "%b" else ENGLISH_WEEKDAYS
    names = "|".join(sorted(english, key=lambda word: (-len(word), word)))
    written = ", ".join(
        f"'{word}': '{name.title() if mark.isupper() else name[:SHORT].title()}'"
        for word, name in english.items()
    )
    foreign = rf"regexp_extract(t, '(?i)(?:^|[^\pL])({names})(?:[^\pL]|$)', 1)"
    # lambdas, so that a text is put together once however often it is used
    replaced = (
        f"list_transform([{foreign}], lambda w: coalesce(replace(t, w, map"
        f" {{{written}}}[lower(w)]), t))[1]"
    )
    return f"list_transform([{text}], lambda t: {replaced})[1]"
