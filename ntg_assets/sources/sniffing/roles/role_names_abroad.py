"""Names that people give to columns in languages other than English, and the encodings in which
spreadsheets there write text: a header that holds such names says of which language it is.

A name stands here when it means one role in every language whose names are here.
"""

import re
import unicodedata

from ntg_assets.sources.sniffing.roles.role_names_of_asia import ASIAN
from ntg_assets.sources.sniffing.roles.role_names_of_europe import EUROPEAN

VOICED = "\u3099\u309a"  # marks that make another sound of a Japanese sign
NAMES = {**EUROPEAN, **ASIAN}


def folded(name: str) -> str:
    """Write a name in lower case without accents, its words divided by `_`."""
    apart = unicodedata.normalize("NFKD", name)
    plain = "".join(sign for sign in apart if not unicodedata.combining(sign) or sign in VOICED)
    return re.sub(r"\W+|_+", "_", unicodedata.normalize("NFKC", plain)).strip("_").lower()


def names_abroad(role: str) -> tuple[str, ...]:
    """All names of a role, folded: those of each language in order."""
    texts = [getattr(names, role) for names in NAMES.values()]
    return tuple(dict.fromkeys(folded(name) for text in texts for name in text.split("|")))
