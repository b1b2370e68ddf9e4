"""Names of months and days in the languages of users, as the English ones that the engine knows.

A name stands here when it means one month (or day) in every language that has it; short names that
are the beginning of the English ones need not.
"""

from collections.abc import Sequence

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# German, French, Spanish, Italian, Portuguese, Dutch; in the order of the year, and of the week
MONTHS_ABROAD = (
    "januar jänner janvier janv enero ene gennaio gen janeiro januari",
    "februar feber février févr fév febrero febbraio fevereiro fev februari",
    "märz mär mrz mars marzo março maart mrt",
    "avril avr abril abr aprile",
    "mai mayo maggio mag maio mei",
    "juni juin junio giugno giu junho",
    "juli juillet juil julio luglio lug julho",
    "août agosto ago augustus",
    "septembre sept septiembre settembre set setembro",
    "oktober okt octobre octubre ottobre ott outubro out",
    "novembre noviembre novembro",
    "dezember dez décembre déc diciembre dic dicembre dezembro",
)
WEEKDAYS_ABROAD = (
    "montag lundi lunes lunedì maandag",
    "dienstag mardi martes martedì dinsdag",
    "mittwoch mercredi miércoles mercoledì woensdag",
    "donnerstag jeudi jueves giovedì donderdag",
    "freitag vendredi viernes venerdì vrijdag",
    "samstag sonnabend samedi sábado sabato zaterdag",
    "sonntag dimanche domingo domenica zondag",
)


def _in_english(names: Sequence[str], abroad: Sequence[str]) -> dict[str, str]:
    return {
        word: english
        for english, words in zip(names, abroad, strict=True)
        for word in words.split()
    }


ENGLISH_MONTHS = _in_english(MONTHS, MONTHS_ABROAD)
ENGLISH_WEEKDAYS = _in_english(WEEKDAYS, WEEKDAYS_ABROAD)
SHORT = 3  # letters of an abbreviated name


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
        f"list_transform([{foreign}], lambda w: replace(t, w, map {{{written}}}[lower(w)]))[1]"
    )
    return f"list_transform([{text}], lambda t: {replaced})[1]"
