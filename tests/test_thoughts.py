"""Thoughts printed into an answer are left out, however the stream is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.llm.thoughts import Thoughts


def shown(pieces: list[str]) -> str:
    thoughts = Thoughts()
    return "".join(thoughts.show(piece) for piece in pieces) + thoughts.rest()


def cut(text: str, places: list[int]) -> list[str]:
    ends = sorted({place % (len(text) + 1) for place in places})
    return [text[a:b] for a, b in zip([0, *ends], [*ends, len(text)], strict=True)]


WORDS = st.text(st.sampled_from("行 a\n<>/think[1]"), max_size=20)


@given(WORDS, WORDS, st.lists(st.integers(0, 200), max_size=8))
def test_the_cuts_of_the_stream_change_nothing(thought: str, answer: str, places: list[int]) -> None:
    text = f"<think>{thought}</think>\n\n{answer}"
    assert shown(cut(text, places)) == shown([text])


@given(st.lists(st.integers(0, 200), max_size=8))
def test_no_letter_of_a_thought_is_ever_shown(places: list[int]) -> None:
    assert shown(cut("\n<Think>\nSECRET</THINK>\n答案 <b>x</b>", places)) == "答案 <b>x</b>"


@pytest.mark.parametrize("text", ["<", "<thi", "Write `<think>` first.", "a < b", "<thinker>"])
def test_what_is_no_thought_is_shown_to_the_last_letter(text: str) -> None:
    assert shown(list(text)) == text


def test_thoughts_without_an_end_hide_everything() -> None:
    assert shown(["<think>on and", " on"]) == ""


def test_two_thoughts_one_after_the_other_are_both_left_out() -> None:
    assert shown(["<think>a</think>\n<thinking>b</thinking> Yes."]) == "Yes."


def test_text_is_shown_as_soon_as_it_can_be_no_tag() -> None:
    thoughts = Thoughts()
    assert thoughts.show("<thi") == ""
    assert thoughts.show("s") == "<this"
    assert thoughts.show("<think>") == "<think>"
