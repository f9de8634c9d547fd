"""How words sound, roughly: enough to tell that "met for men" may have been "metformin".

A word's sound is a short string, its *code*, made by rules for English spelling as it is used in drug names and
clinical terms. Every consonant takes two characters in it, its kind (capital) and itself; every vowel takes one. So an
edit distance between two codes counts a lost consonant twice as much as a vowel that was heard differently, and half of
it when the consonant only changed within its kind (p and b, s and sh, l and r).

Spaces are no part of a code: recognisers cut words they do not know where they like.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

#: Kinds of consonants that are taken for one another. ``c`` stands for ch, ``j`` for j and dge, ``x`` for sh, ``0`` for
#: th; the vowel ``@`` is the one before an r.
_KIND_OF: Final = {
    sound: kind
    for kind, sounds in {"P": "pbfv", "T": "td0", "K": "kg", "S": "szcjx", "N": "mn", "L": "lr"}.items()
    for sound in sounds
}
_DIGITS: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_LETTERS: Final = {
    **{"a": "ay", "b": "bee", "c": "see", "d": "dee", "e": "ee", "f": "eff", "g": "jee", "h": "aitch", "i": "igh"},
    **{"j": "jay", "k": "kay", "l": "ell", "m": "em", "n": "en", "o": "oh", "p": "pee", "q": "cue", "r": "ar"},
    **{"s": "ess", "t": "tee", "u": "you", "v": "vee", "w": "dubbelyou", "x": "ecks", "y": "wigh", "z": "zee"},
}
_LONGEST_SPELT: Final = 5

_SOFT_I: Final = r"i(?=on|an|ous|al|ent|ence)"
_HARD_CH: Final = (
    r"ch(?=[lr]|o[lr]|em[io]|y|asm)|(?<=psy)ch|(?<=bron)ch|(?<=tra)ch(?=[ei])|(?<=or)ch(?=i)|(?<=is)ch(?=em)"
    r"|(?<=stoma)ch|(?<=a)che?s?$"
)
_DOUBLED: Final = {letter: ((f"{letter}+", letter),) for letter in "bfklmnrvz"}
#: By the letter that stands there: spellings (regular expressions, the first that fits) and what they sound like.
_SPELLINGS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    **_DOUBLED,
    "a": (("^ate$", "et"), ("ai|ay|ae", "e"), ("au|aw|ao", "o"), ("a+", "a")),
    "b": ((r"(?<=m)b$", ""), ("b+", "b")),
    "c": (
        ("c" + _SOFT_I, "x"),
        (_HARD_CH, "k"),
        ("ch", "c"),
        ("cc(?=[eiy])", "ks"),
        ("c(?=[eiy]|ae|oe)", "s"),
        ("cqu", "kw"),
        ("c?ck|c+", "k"),
    ),
    "d": (("dg(?=[ei])", "j"), ("d+", "d")),
    "e": (
        ("^eight$", "et"),
        ("^eye$", "i"),
        ("(?<=[^aeiouy])e(?=s?$)", ""),
        ("(?<=[aeiouy][^aeiouytd])e(?=d$)", ""),
        ("eau", "o"),
        ("ee|ea|ey|ei", "i"),
        ("eu|ew", "u"),
        ("e(?=r(?:[^aeiouy]|$))", "@"),
        ("e", "e"),
    ),
    "g": (
        ("^gn", "n"),
        ("^gh", "g"),
        (r"(?<=[ao]u)gh$", "f"),
        ("gh", ""),
        ("gg+|^g(?=et|iv|irl|ear)", "g"),
        ("g(?=[eiy])", "j"),
        ("g", "g"),
    ),
    "h": (("h(?=[aeiouy])", "h"), ("h", "")),
    "i": (("igh|ie(?!n)", "i"), ("i(?=r(?:[^aeiouy]|$))", "@"), ("i+", "i")),
    "j": (("j", "j"),),
    "k": (("^kn", "n"), ("k+", "k")),
    "m": (("^mn", "n"), ("m+", "m")),
    "n": (("(?<=m)n$", ""), ("n+", "n")),
    "o": (("^one(?=s?$)", "wun"), ("oa|ough|ow|ou", "o"), ("oe(?=[dst])", "e"), ("oo", "u"), ("o", "o")),
    "p": (("^p(?=[snt])", ""), ("ph", "f"), ("p+", "p")),
    "q": (("qu", "kw"), ("q", "k")),
    "r": (("r+h?", "r"),),
    "s": (
        ("s?s" + _SOFT_I, "x"),
        ("sch(?=[eio])", "sk"),
        ("sc(?=[eiy])", "s"),
        ("sh", "x"),
        ("(?<=[aeiou])s(?=[aeiou])", "z"),
        ("s+", "s"),
    ),
    "t": (("^two$", "tu"), ("t" + _SOFT_I, "x"), ("t(?=ure)", "c"), ("tch", "c"), ("th", "0"), ("t+", "t")),
    "u": (("ue|ui", "u"), ("u(?=r(?:[^aeiouy]|$))", "@"), ("u+", "u")),
    "w": (("^wr", "r"), ("wh?(?=[aeiouy])", "w"), ("w", "")),
    "x": (("^x", "z"), ("x", "ks")),
    "y": (("y(?=[aeou])", "y"), ("y(?=r(?:[^aeiouy]|$))", "@"), ("y", "i")),
}
_PARTS: Final = re.compile(r"[A-Za-zÀ-ɏ]+|\d")
_REMEMBERED: Final = 1 << 16


def code(text: str) -> str:
    """How a word or several words sound together; "" where there is nothing to say.

    Digits are said one by one. A single letter, and a short word all in capitals, is spelt: ``A1c`` sounds like
    ``a one see``.
    """
    return joined(word_code(part) for part in parts(text))


def parts(text: str) -> list[str]:
    """What is said one after the other: lower-case words, digits and letters by their names."""
    found: list[str] = []
    for part in _PARTS.findall(text.replace("'", "").replace("’", "")):
        if part.isdigit():
            found.append(_DIGITS[int(part)])
        elif len(part) == 1 or (part.isupper() and len(part) <= _LONGEST_SPELT):
            found += [_LETTERS.get(letter, letter) for letter in part.lower()]
        else:
            found.append(part.lower())
    return found


def joined(codes: Iterable[str]) -> str:
    """The code of words said together: a sound that ends one word and begins the next is said once."""
    whole = ""
    for one in codes:
        again = len(one) > 1 and one[0].isupper() and whole.endswith(one[:2])
        whole += one[2:] if again else one
    return whole


@lru_cache(maxsize=_REMEMBERED)
def word_code(word: str) -> str:
    """The code of one word in lower case."""
    word, spellings = _plain(word), _compiled()
    sounds, at = "", 0
    while at < len(word):
        for pattern, sound in spellings.get(word[at], ()):
            if found := pattern.match(word, at):
                sounds += sound
                at = found.end()
                break
        else:
            at += 1
    return "".join(_KIND_OF.get(sound, "") + sound for sound in sounds)


@lru_cache(maxsize=1)
def _compiled() -> dict[str, tuple[tuple[re.Pattern[str], str], ...]]:
    return {
        letter: tuple((re.compile(spelling), sound) for spelling, sound in rules)
        for letter, rules in _SPELLINGS.items()
    }


def _plain(word: str) -> str:
    """Without accents."""
    if word.isascii():
        return word
    import unicodedata

    return "".join(letter for letter in unicodedata.normalize("NFKD", word) if not unicodedata.combining(letter))


def likeness(one: str, other: str) -> float:
    """How alike two codes are, from 0 to 1."""
    from rapidfuzz.distance import Levenshtein

    return Levenshtein.normalized_similarity(one, other)
