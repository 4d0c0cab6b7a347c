"""Beginnings of texts, for titles and previews."""


def excerpt(text: str, length: int) -> str:
    """`text` with at most so many characters, of whole words if it can be; `…` stands for the rest."""
    if len(text) <= length:
        return text
    cut = text[:length]  # the last of these makes room for the mark
    whole = cut.rpartition(" ")[0] if " " in cut[length // 2 :] else cut[:-1]
    return whole.rstrip(" ,;:.-\n") + "…"
