"""Models that print their thoughts: text within <think>…</think> before the answer is left out."""

import re

OPENING = re.compile(r"<(think|thinking)>", re.IGNORECASE)
TAGS = ("<think>", "<thinking>")


class Thoughts:
    """Takes an answer piece by piece and gives back what may be shown.

    Thoughts stand before the answer, so only a tag at its very start counts: further on it is the answer's
    own, as in an article about models. Thoughts without an end hide everything. White space before the answer
    goes too.
    """

    def __init__(self) -> None:
        self.thinking = False
        self._held = ""
        self._answering = False

    def show(self, text: str) -> str:
        """The part of the answer that is known to be no thought, given *text* as its next piece."""
        if self._answering:
            return text
        self._held = (self._held + text).lstrip()
        while opening := OPENING.match(self._held):
            closing = re.compile(f"</{opening[1]}>", re.IGNORECASE).search(self._held, opening.end())
            self.thinking = closing is None
            if closing is None:
                return ""
            self._held = self._held[closing.end() :].lstrip()
        if any(tag.startswith(self._held.lower()) for tag in TAGS):
            return ""
        self._answering = True
        return self.rest()

    def rest(self) -> str:
        """What is still held back and turned out to be no thought; asked for at the end."""
        held, self._held = ("" if self.thinking else self._held), ""
        return held
