"""A made-up vocabulary of the size, layout and kinds of pieces of Gemma's (262,145 tokens, for 262,208 scores).

For what costs time by the size of a vocabulary, never for text: the real one is only to be had with the weights, so its
pieces are stood in for by English and medical words, their beginnings and endings, runs of punctuation, and strings of
letters in other scripts; and its merge table by taking as few pieces as a text can be made of.
"""

from __future__ import annotations

import random
import string
from collections.abc import Iterator
from importlib.resources import files
from itertools import chain, product
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

TOKENS: Final = 262_145
LOGITS: Final = 262_208
_IMAGES: Final = 255_999
_SPACE: Final = "▁"
_SPECIAL: Final = ("<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "[multimodal]")
_TURN: Final = ("<start_of_turn>", "<end_of_turn>")
_TAGS: Final = ("table", "tr", "td", "th", "ul", "ol", "li", "p", "b", "i", "h1", "h2", "code", "span", "sub", "sup")
#: First and last letter of a script, how many letters its pieces have at most, and how many pieces there are.
_SCRIPTS: Final = (
    ("а", "я", 9, 30_000),
    ("α", "ω", 8, 4_000),
    ("ا", "ي", 6, 14_000),
    ("अ", "ह", 6, 10_000),
    ("ก", "ฮ", 6, 5_000),
    ("가", "힣", 3, 12_000),
    ("あ", "ん", 4, 5_000),
    ("一", "鿿", 3, 40_000),
    ("à", "ÿ", 4, 6_000),
)


def gemma_like_tokenizer(seed: int = 0) -> PreTrainedTokenizerFast:
    """The tokenizer; equal seeds give equal ones. Takes a few seconds."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers
    from transformers import PreTrainedTokenizerFast

    unused = (f"<unused{number}>" for number in range(10_000))
    runs = [*("\n" * length for length in range(1, 32)), *(_SPACE * length for length in range(2, 32))]
    tags = [f"<{slash}{tag}>" for slash in ("", "/") for tag in _TAGS]
    first = [*_SPECIAL, *(next(unused) for _ in range(99)), *_TURN, *runs, *tags]
    plain = [*first, *(f"<0x{byte:02X}>" for byte in range(256))]
    known = set(plain)
    for piece in _pieces(random.Random(seed)):
        if len(plain) == _IMAGES:
            break
        if piece not in known:
            known.add(piece)
            plain.append(piece)
    last = ["<start_of_image>", "<end_of_image>"]
    last += [next(unused) for _ in range(TOKENS - len(plain) - len(last) - 1)]
    last += ["<image_soft_token>"]
    vocabulary = [*plain, *last]
    if len(set(vocabulary)) != TOKENS:
        raise ValueError(f"{len(set(vocabulary))} tokens came about")
    # Equally likely pieces: a text comes apart into as few of them as it can.
    tokenizer = Tokenizer(models.Unigram([(piece, -10.0) for piece in vocabulary], unk_id=3, byte_fallback=True))
    tokenizer.normalizer = normalizers.Replace(" ", _SPACE)
    tokenizer.decoder = decoders.Sequence([decoders.Replace(_SPACE, " "), decoders.ByteFallback(), decoders.Fuse()])
    special = {*_SPECIAL, *_TURN, "<start_of_image>", "<end_of_image>", "<image_soft_token>"}
    added = [AddedToken(token, special=token in special, normalized=False) for token in (*first, *last)]
    tokenizer.add_special_tokens([token for token in added if token.special])
    tokenizer.add_tokens([token for token in added if not token.special])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>", bos_token="<bos>", unk_token="<unk>"
    )


def _pieces(draw: random.Random) -> Iterator[str]:
    """More pieces than there is room for, the most likely ones first."""
    punctuation = string.punctuation
    yield from string.printable.strip()
    yield _SPACE
    yield from "µ°±≤≥²³–—…’“”•→αβγ"
    yield from ("".join(pair) for pair in product(punctuation, repeat=2))
    yield from (_SPACE + sign for sign in punctuation)
    yield from (f'{sign}{_SPACE}"' for sign in ",:{[")
    words = _words()
    for word in words[:20_000]:
        yield from (_SPACE + word, word, _SPACE + word.capitalize())
    for low, high, longest, count in _SCRIPTS:
        for _ in range(count):
            letters = (chr(draw.randint(ord(low), ord(high))) for _ in range(draw.randint(1, longest)))
            yield (_SPACE if draw.random() < 0.4 else "") + "".join(letters)
    for word in words:
        yield from chain((word[:cut] for cut in range(2, len(word))), (word[cut:] for cut in range(1, len(word) - 1)))
        yield _SPACE + word


def _words() -> list[str]:
    lists = files("pipelines.text") / "lexicon_builtin"
    medical = [
        word.strip().lower()
        for listed in sorted(lists.iterdir(), key=lambda file: file.name)
        if listed.name.endswith(".txt")
        for line in listed.read_text(encoding="utf-8").splitlines()
        for word in line.split("\t")[0].split()
    ]
    english = (files("symspellpy") / "frequency_dictionary_en_82_765.txt").read_text(encoding="utf-8-sig")
    return list(dict.fromkeys([*medical, *(line.split()[0] for line in english.splitlines() if line)]))
