"""Commands given as plain words ("new paragraph", "full stop", "scratch that"), for engines that know no others.

They are obeyed only where they cannot be ordinary speech: as a sentence of their own, between commas or pauses, or side
by side with one another. "The period of observation", "sigmoid colon" and "new line inserted" stay what they are.
An obeyed command becomes the brace or bracket form that the formatter understands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from pipelines.text.numbers import is_numeric
from pipelines.text.rewrite import Rewrite
from pipelines.text.spoken_headings import spoken_heading
from pipelines.text.taken_back import SCRATCHED, with_taken_back
from pipelines.text.tokens import Tokens

#: A pause of so many seconds on a side sets words apart.
PAUSE_SECONDS: Final = 0.35

_NAMES: Final[dict[tuple[str, ...], str]] = {
    ("new", "paragraph"): "new paragraph",
    ("next", "paragraph"): "new paragraph",
    ("new", "line"): "new line",
    ("next", "line"): "new line",
    ("full", "stop"): "period",
    ("period",): "period",
    ("comma",): "comma",
    ("semicolon",): "semicolon",
    ("semi", "colon"): "semicolon",
    ("question", "mark"): "question mark",
    ("exclamation", "mark"): "exclamation point",
    ("exclamation", "point"): "exclamation point",
    ("hyphen",): "hyphen",
    ("slash",): "slash",
    **{
        (side, word): f"{side} {mark}"
        for side in ("open", "close")
        for mark, words in (
            ("parenthesis", ("bracket", "brackets", "parenthesis", "parentheses", "paren")),
            ("quote", ("quote", "quotes")),
        )
        for word in words
    },
    ("scratch", "that"): SCRATCHED,
    ("strike", "that"): SCRATCHED,
    ("delete", "that"): SCRATCHED,
}
_STARTS: Final = frozenset(name[0] for name in _NAMES)
_MARKS: Final = {
    ".": "period",
    ",": "comma",
    ";": "semicolon",
    ":": "colon",
    "?": "question mark",
    "!": "exclamation point",
}
#: With nothing before them they are no marks.
_AFTER_WORDS: Final = frozenset(_MARKS.values())
_SENTENCE_ENDS: Final = frozenset(".?!")
# A command is not "the" or "a" command, and these ask for a noun.
_ASKS_FOR_NOUN: Final = frozenset(
    """
    a an the this that these each every another per of my his her their our its in on to into at no any some with for
    complete sudden same whole first second last inverted reverse reversed glasgow
    """.split()
)
_NOT_AFTER: Final = {
    "period": frozenset("of was is for pain between during from to since when and in that which with she he".split()),
    "comma": frozenset("shaped sign like separated scale score".split()),
    "question mark": frozenset("over about on as remains regarding whether is was over".split()),
    "next paragraph": frozenset("of in about that which on break from was is for begins starts".split()),
    "new paragraph": frozenset("of in about that which on break from was is for begins starts".split()),
    "full stop": frozenset("sign signs codon to at in of for after before there".split()),
    "hyphen": frozenset("is was in between".split()),
    "semicolon": frozenset("is was in between".split()),
}
_BEFORE_PERIOD: Final = frozenset(
    """
    menstrual time trial recovery observation postoperative incubation refractory latent washout study treatment
    follow-up neonatal perinatal grace latency waiting long short brief prolonged week day month year hour minute
    irregular heavy painful missed normal late rest
    """.split()
)
#: A text without any of these comes from an engine that sets no marks.
_ENGINE_MARKS: Final = frozenset(".,?!")


class _Said(NamedTuple):
    """The name of a command stands at tokens ``first`` to ``last`` (exclusive)."""

    first: int
    last: int
    name: str
    words: str


def spoken_commands(text: str, pauses: Sequence[tuple[int, float]] = ()) -> list[Rewrite]:
    """The commands in ``text`` as the formatter's own ones; sentences that were taken back as nothing.

    Args:
        text: as an engine wrote it, with or without punctuation.
        pauses: where nobody spoke: a place in the gap before a word, or its first character, and the seconds.
    """
    return with_taken_back(text, _Reader(text, pauses).commands())


class _Reader:
    def __init__(self, text: str, pauses: Sequence[tuple[int, float]]) -> None:
        self._text = text
        self._tokens = Tokens(text)
        self._said = self._names()
        self._begins = {said.first for said in self._said}
        self._ends = {said.last for said in self._said}
        self._quiet = self._after_pauses(pauses)
        keys = {token.key for token in self._tokens}
        self._unmarked = not keys & _ENGINE_MARKS
        # An engine without marks heard sentences that were ended by name, the last one at least.
        periods = [said for said in self._said if said.name == "period"]
        self._periods = len(periods)
        self._ends_with_period = bool(periods) and periods[-1].last == len(self._tokens)

    def commands(self) -> list[Rewrite]:
        obeyed = [said for said in self._said if self._is_command(said)]
        enclosing = self._pairs(obeyed)
        found = [
            self._rewrite(said) for said in obeyed if said in enclosing or not said.name.startswith(("open", "close"))
        ]
        done = 0
        kept: list[Rewrite] = []
        for one in sorted([*found, *self._headings()]):
            if one.end > done:
                # One comma between two commands is taken by the first.
                start = max(one.start, done)
                while start > one.start and self._text[start].isspace():
                    start += 1
                kept.append(one._replace(start=start))
                done = one.end
        return kept

    def _names(self) -> list[_Said]:
        found: list[_Said] = []
        last = 0
        for index in range(len(self._tokens)):
            if index < last or self._tokens[index].key not in _STARTS:
                continue
            for words, name in _NAMES.items():
                if self._tokens[index].key == words[0] and all(
                    self._tokens.joined(index + n) == word for n, word in enumerate(words[1:], start=1)
                ):
                    last = index + len(words)
                    found.append(_Said(index, last, name, " ".join(words)))
                    break
        return found

    def _after_pauses(self, pauses: Sequence[tuple[int, float]]) -> set[int]:
        """The tokens before which there was a pause."""
        places = sorted(place for place, seconds in pauses if seconds >= PAUSE_SECONDS)
        quiet, at, done = set(), 0, -1
        for index, token in enumerate(self._tokens):
            while at < len(places) and places[at] <= done:
                at += 1
            if at < len(places) and places[at] <= token.start and self._text[token.start].isalnum():
                quiet.add(index)
            if self._text[token.start].isalnum():
                done = token.start
        return quiet

    def _is_command(self, said: _Said) -> bool:
        """Whether the words, where they stand, can be nothing but a command."""
        tokens, first, last = self._tokens, said.first, said.last
        if self._is_glued(first, last) or (first == 0 and said.name in _AFTER_WORDS):
            return False
        before, after = tokens.before(first), tokens.key(last)
        if before in _ASKS_FOR_NOUN or after in _NOT_AFTER.get(said.words, ()):
            return False
        opens = self._opens(first)
        begins = opens or tokens[first - 1].key in (",", ";") or first in self._quiet or first in self._ends
        marked = tokens[last].glue == "" and tokens[last].key in _MARKS
        ends = marked or tokens[last].glue == "\n" or last in self._quiet or last in self._begins
        capital = tokens.said(last)[:1].isupper()
        match said.name:
            case "new paragraph" | "semicolon":
                return begins or ends or capital or self._unmarked
            case "period" if said.words == "full stop":
                return begins or ends or capital or self._unmarked
            case "period" if self._unmarked:
                closes = last == len(tokens) and self._periods > 1
                return self._ends_with_period and (closes or before not in _BEFORE_PERIOD)
            case "comma" if self._unmarked:
                return before.isalnum() and self._ends_with_period
            case "new line":
                return begins and (ends or ((opens or first in self._ends) and capital))
            case "question mark" | "exclamation point":
                return ends or capital
            case "hyphen":
                return before.isalnum() == after.isalnum() or opens
            case "slash":
                return self._is_slash(first, last, begins and ends and not opens)
            case "period" | "comma" | "scratched":
                return begins and ends and (first > 0 or said.name != "comma")
        return True

    def _is_glued(self, first: int, last: int) -> bool:
        """Whether the words are parts of longer ones ("comma-shaped")."""
        tokens = self._tokens
        if tokens[first].glue == "-" or tokens[last].glue == "-":
            return True
        letters = first > 0 and tokens[first].glue == "" and tokens[first - 1].key.isalnum()
        return letters or (tokens[last].glue == "" and tokens[last].key.isalnum())

    def _is_slash(self, first: int, last: int, apart: bool) -> bool:
        before, after = self._tokens.before(first), self._tokens.key(last)
        if is_numeric(before) or is_numeric(after):
            # A date or a blood pressure, which are written forms.
            return False
        return (before == "and" and after == "or") or apart

    def _opens(self, index: int) -> bool:
        """Whether a sentence begins there, or what went before was a command in braces."""
        previous = self._tokens[index - 1]
        return index == 0 or self._tokens[index].glue == "\n" or previous.key in (*_SENTENCE_ENDS, ":", "}", "]")

    def _pairs(self, obeyed: Sequence[_Said]) -> set[_Said]:
        """The openings and closings that have their counterpart."""
        paired: set[_Said] = set()
        opened: dict[str, _Said] = {}
        for said in obeyed:
            side, _, mark = said.name.partition(" ")
            if side == "open":
                opened[mark] = said
            elif side == "close" and mark in opened:
                paired |= {opened.pop(mark), said}
        return paired

    def _rewrite(self, said: _Said) -> Rewrite:
        tokens = self._tokens
        start, end = tokens[said.first].start, tokens[said.last - 1].end
        previous, following = tokens[said.first - 1], tokens[said.last]
        if said.first > 0 and tokens[said.first].glue != "\n":
            replaced = previous.key in (",", ";") or (
                previous.key in _SENTENCE_ENDS
                and said.name in ("comma", "semicolon", "question mark", "exclamation point")
            )
            # The engine's own mark for the pause before a command says nothing.
            if replaced and not said.name.startswith("open"):
                start = previous.start
        if said.name == SCRATCHED:
            return Rewrite(
                start, following.end if following.glue == "" and following.key in _MARKS else end, "", SCRATCHED
            )
        text = f"{{{said.name}}}"
        if following.glue == "" and following.key in _MARKS:
            end = following.end
            if said.name.startswith("close"):
                text += f"{{{_MARKS[following.key]}}}"
        return Rewrite(start, end, text, "command")

    def _headings(self) -> list[Rewrite]:
        found = []
        for index in range(len(self._tokens)):
            if not self._opens(index) and index not in self._ends:
                continue
            if heading := spoken_heading(self._tokens, index):
                start, end = self._tokens[index].start, self._tokens[heading.end - 1].end
                found.append(Rewrite(start, end, heading.text, "command"))
        return found
