"""Words for the halves of the day in the languages of users, as AM and PM, which the engine knows.

A word that is not known here would be read as it stands, and an afternoon as a morning; so two
formats that differ in such words only are none (`time_formats`).
"""

import re

# those that touch figures and other letters: Chinese, Japanese, Korean, Thai
TOUCHING = {
    "AM": "午前|上午|오전|ก่อนเที่ยง",
    "PM": "午後|下午|오후|หลังเที่ยง",
}
# English, Spanish, Portuguese; Greek; Turkish; Swedish; German; Czech; Hungarian; Vietnamese;
# Arabic; Persian; Hindi. Spaces inside are those that print has between the letters of one.
APART = {
    "AM": r"a\. ?m\.?|π\. ?μ\.?|πμ|öö|f\. ?m\.?|fm|vorm\.|dop\.|de\.|sa|ص|ق\. ?ظ\.?|पूर्वाह्न",
    "PM": r"p\. ?m\.?|μ\. ?μ\.?|μμ|ös|e\. ?m\.?|em|nachm\.|odp\.|du\.|ch|م|ب\. ?ظ\.?|अपराह्न",
}
HALF = (
    rf"(?i:[ap]\.?m\b\.?|{'|'.join(TOUCHING.values())}"
    rf"|(?:{'|'.join(APART.values())})(?![^\W\d_]))"
)
WORDS = re.compile(r"[^\W\d_]+")


def in_english(text: str) -> str:
    """Write the halves of the day in an SQL text as AM and PM, and the hour 0 of a half as 12."""
    written = "t"
    for half in ("AM", "PM"):
        apart = rf"(?i)(^|[^\pL])(?:{APART[half]})([^\pL]|$)"
        written = f"regexp_replace({written}, '{TOUCHING[half]}', '{half}')"
        written = rf"regexp_replace({written}, '{apart}', '\1{half}\2')"
    zero = "case when regexp_matches(w, '[AP]M *0?0:') then regexp_replace(w, '0?0:', '12:')"
    # lambdas, so that a text is put together once, and only where it is not English
    return (
        f"list_transform([{text}], lambda t: list_transform([{written}],"
        f" lambda w: {zero} else w end)[1])[1]"
    )


def differ_in_words_only(formats: tuple[str, ...]) -> bool:
    """Whether two formats with a clock are the same but for words that stand in them as they are:
    of which nobody knows what they say of the hour.
    """
    with_clock = [given for given in formats if "%H" in given or "%I" in given]
    bare = [_without_words(given) for given in with_clock]
    return len(set(bare)) < len(bare)


def _without_words(given: str) -> str:
    parts = re.split(r"(%[A-Za-z])", given)
    return "".join(part if part.startswith("%") else WORDS.sub("", part) for part in parts)
