"""Which language a document is written in, as far as its commonest words or its letters tell."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from typing import Final

#: Words that are frequent in one language's letters and laboratory reports and are no words of the others here.
_TELLING: Final = {
    "en": "the and with for from was were this that are not patient result results unit units range test name date "
    "collected received reference blood count by is it has had high low report specimen",
    "de": "und der die das mit für von nicht wurde ist ein eine bei dem den befund ergebnis einheit referenzbereich "
    "normbereich probe entnahme geburtsdatum geboren blutbild auftrag eingang wert werte arzt",
    "fr": "le les des et avec pour dans est une du pas sur au résultat résultats unité valeurs référence prélèvement "
    "prélevé né née analyse examen médecin sang valeur antériorité",
    "es": "el los las y con para en es una por del no resultado resultados unidad unidades valores referencia muestra "
    "fecha nacimiento análisis médico sangre prueba paciente edad",
    "it": "il gli e con per di è una della non risultato risultati unità valori riferimento prelievo esame nascita "
    "medico sangue esito paziente",
    "pt": "o os e com para em é uma do da não resultado resultados unidade valores referência coleta exame data "
    "nascimento médico sangue material paciente método",
    "nl": "de het een en met voor van niet is werd uitslag eenheid referentiewaarden bepaling afname geboortedatum "
    "bloed arts datum waarde patiënt",
    "sv": "och att det som är för med av inte provsvar enhet referensintervall resultat provtagning läkare blod",
    "pl": "i w z na jest nie do się oraz wynik wyniki jednostka zakres norma badanie data urodzenia lekarz krew",
}
_SCRIPTS: Final = {
    "CYRILLIC": "ru",
    "GREEK": "el",
    "ARABIC": "ar",
    "HEBREW": "he",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "HANGUL": "ko",
    "CJK": "zh",
    "THAI": "th",
    "DEVANAGARI": "hi",
}
_NAMES: Final = {
    "en": "English",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "it": "Italian",
    "pt": "Portuguese",
    "nl": "Dutch",
    "sv": "Swedish",
    "pl": "Polish",
    "ru": "Cyrillic letters",
    "el": "Greek",
    "ar": "Arabic letters",
    "he": "Hebrew",
    "ja": "Japanese",
    "ko": "Korean",
    "zh": "Chinese",
    "th": "Thai",
    "hi": "Devanagari letters",
}
_ENOUGH: Final = 4
"""Telling words of one language: fewer are no sign."""
_CLEARLY: Final = 1.5
"""Times as many as of the next language."""


def language_of(words: Iterable[str]) -> str | None:
    """ISO 639-1, or None where too little tells it: a table of names and numbers is written in none."""
    seen = [word.strip(".,:;()[]/").casefold() for word in words]
    script = _script(seen)
    if script is not None:
        return script
    telling = _telling()
    counts: Counter[str] = Counter()
    for word in seen:
        for language in telling.get(word, ()):
            counts[language] += 1
    (best, most), (_, next_most) = (*counts.most_common(2), ("", 0), ("", 0))[:2]
    return best if most >= _ENOUGH and most >= _CLEARLY * next_most else None


def language_name(language: str) -> str:
    """In English, for a warning. Of alphabets that several languages use, the alphabet."""
    return _NAMES.get(language, language)


def _telling() -> dict[str, list[str]]:
    telling: dict[str, list[str]] = {}
    for language, words in _TELLING.items():
        for word in words.split():
            telling.setdefault(word, []).append(language)
    return telling


def _script(words: Iterable[str]) -> str | None:
    """The language whose own letters more than half of all letters are."""
    letters = [letter for word in words for letter in word if letter.isalpha()][:2000]
    scripts = Counter(_SCRIPTS.get(unicodedata.name(letter, "").split(" ", 1)[0].split("-")[0]) for letter in letters)
    foreign = [(count, script) for script, count in scripts.items() if script is not None]
    if not foreign or sum(count for count, _ in foreign) * 2 <= len(letters):
        return None
    # Japanese mixes its own letters with Chinese ones.
    if any(script == "ja" for _, script in foreign):
        return "ja"
    return max(foreign)[1]
