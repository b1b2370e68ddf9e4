"""In which encoding of Japanese, Chinese or Korean a text is written, where it is one of those."""

import re

from ntg_assets.sources.sniffing.word_letters import script_of

SEVERAL_BYTES = ("cp932", "euc_jp", "gb18030", "big5", "euc_kr")
EAST_ASIAN = 0.9  # of the signs, where it is one of those
KANA_SHARE, HANGUL_SHARE, TOUCHING_SHARE = 0.05, 0.9, 0.2
SECOND_LEVEL, RARE_SHARE = 0xD0, 0.1  # first byte in EUC; share of the signs of a text


def east_asian_encodings(head: bytes) -> list[str]:
    """Encodings of Japanese, Chinese or Korean, where the text is one of those."""
    texts = _as_east_asian(head[: head.rfind(b"\n") + 1] or head)
    for encoding in ("cp932", "euc_jp"):
        if _share(texts.get(encoding, ""), "HIRAGANA", "KATAKANA") >= KANA_SHARE:
            return [encoding]
    korean = _share(texts.get("euc_kr", ""), "HANGUL") >= HANGUL_SHARE
    chinese = texts.get("gb18030", "")
    n_usual = sum(len(sign.encode("gb2312", "ignore")) > 0 for sign in chinese)
    if korean or (chinese and n_usual >= EAST_ASIAN * len(chinese)):
        if korean:
            return ["euc_kr", "gb18030"]  # whose bytes are the same
        may_be_japanese = _share_of_rare(texts.get("euc_jp", "")) < RARE_SHARE
        return ["euc_jp", "gb18030"] if may_be_japanese else ["gb18030"]
    return [text for text in texts if text in {"big5", "cp932", "euc_jp"}][:1]


def _share_of_rare(signs: str) -> float:
    """Share of signs that Japanese hardly uses: those behind the first level of JIS X 0208, in
    whose place Chinese has a quarter of its usual ones; 1 where there is none to look at.
    """
    kanji = [sign for sign in signs if script_of(sign) == "CJK"]
    n_rare = sum(sign.encode("euc_jp", "replace")[0] >= SECOND_LEVEL for sign in kanji)
    return n_rare / len(kanji) if kanji else 1.0


def _as_east_asian(head: bytes) -> dict[str, str]:
    """The signs beyond ASCII of a text in each encoding in which they are such of East Asia, and
    stand apart from Latin letters.
    """
    texts: dict[str, str] = {}
    for encoding in SEVERAL_BYTES:
        try:
            text = head.decode(encoding)
        except UnicodeDecodeError:
            continue
        runs = re.findall(r"([A-Za-z]?)([^\x00-\x7f]+)([A-Za-z]?)", text)
        signs = "".join(run for _, run, _ in runs)
        n_touching = sum(bool(before or after) for before, _, after in runs)
        is_of_words = n_touching <= TOUCHING_SHARE * len(runs)
        if signs and is_of_words and sum(map(_is_east_asian, signs)) >= EAST_ASIAN * len(signs):
            texts[encoding] = signs
    return texts


def _is_east_asian(sign: str) -> bool:
    return (
        "\u3000" <= sign <= "\u9fff" or "\uac00" <= sign <= "\ud7a3" or "\uff01" <= sign <= "\uff5e"
    )


def _share(signs: str, *scripts: str) -> float:
    return sum(script_of(sign) in scripts for sign in signs) / max(len(signs), 1)
