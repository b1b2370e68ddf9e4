"""Which signs of a text are letters of words: of one that is decoded wrongly scripts mix, capitals
stand inside of words, and symbols beside letters.
"""

import re
import unicodedata

WORD = re.compile(r"[^\W\d_]+")
# a letter between figures, or a sign between letters that is no apostrophe, is none of a word
BETWEEN_LETTERS = re.compile(
    r"(?<=[^\W\d_])[^\w\s\x00-\x7f\u2019\u2018\u00b4\u2013\u2014](?=[^\W\d_])"
    r"|(?<=\d)[^\W\d_\x00-\x7f](?=\d)"
)
BESIDE_LETTER = re.compile(r"(?<=[^\W\d_])[^\w\s\x00-\x7f]|[^\w\s\x00-\x7f](?=[^\W\d_])")
SYMBOLS = frozenset({"So", "Sk", "Sm", "Cc", "Co"})
LONG_WORD, MOSTLY_ASCII = 3, 0.7  # letters; the share of them that Latin words have beyond ASCII


def share_in_words(text: str) -> float:
    """Share of the signs beyond ASCII that are those of words, of all that are letters or stand
    between letters; 1 where there is none.
    """
    n_bad = len(BETWEEN_LETTERS.findall(text)) + sum(
        unicodedata.category(sign) in SYMBOLS for sign in BESIDE_LETTER.findall(text)
    )
    n_good = 0
    for word in WORD.findall(text):
        n_here = sum(not sign.isascii() for sign in word)
        if n_here and len(word) > 1:
            is_good = _is_word(word, n_here)
            n_good, n_bad = n_good + n_here * is_good, n_bad + n_here * (not is_good)
    return n_good / (n_good + n_bad) if n_good + n_bad else 1.0


def _is_word(word: str, n_beyond: int) -> bool:
    """Whether letters are of one script, and small, or capital, or with one capital first."""
    scripts = {script_of(sign) for sign in word}
    if len(scripts) > 1 or not (word.islower() or word.isupper() or word[1:].islower()):
        return False
    return scripts != {"LATIN"} or len(word) < LONG_WORD or n_beyond <= MOSTLY_ASCII * len(word)


def script_of(sign: str) -> str:
    """Name the script of a sign by the first word of its Unicode name (`LATIN`, `CJK`)."""
    return unicodedata.name(sign, "none").split(" ")[0]
