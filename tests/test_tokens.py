"""Counting tokens: estimates that err by being long, and learn from what the server counts."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answers.calibrations import Calibrations
from bot.answers.tokens import Calibration, Size, size, sizes
from bot.model import Message

ZH = "倒排索引把每个词映射到包含它的行号，查询时只要合并这些列表就能得到结果。" * 20
EN = "The inverted index maps every word to the rows that contain it; a query merges these lists. " * 20
MIXED = "用 `CREATE INDEX idx ON docs USING gin (body)` 建索引，大约 3 分钟。\n" * 20


def counted(text: str, wide: float, narrow: float) -> int:
    """What a server with a vocabulary of these rates counts."""
    measured = size(text)
    return round(wide * measured.wide + narrow * measured.narrow)


def test_a_script_counts_by_its_own_measure() -> None:
    assert size(ZH).wide == len(ZH)
    assert size(ZH).narrow == 0
    assert size(EN).wide == 0
    assert size("a1_b2").narrow > size("aabb").narrow


def test_rare_scripts_and_emoji_count_more_than_letters() -> None:
    assert size("🚀🚀🚀").narrow >= 9
    assert size("привет").narrow >= 6


def test_each_turn_costs_its_template() -> None:
    one = sizes((Message("user", EN),))
    assert one.narrow > size(EN).narrow + 6
    assert sizes((Message("user", EN), Message("assistant", ""))).narrow > one.narrow + 6


@pytest.mark.parametrize("rates", [(0.57, 0.9), (0.76, 0.88), (0.93, 0.96), (1.07, 1.15)])
@pytest.mark.parametrize("text", [ZH, EN, MIXED])
def test_before_anything_was_learnt_no_known_vocabulary_is_underestimated(
    rates: tuple[float, float], text: str
) -> None:
    assert Calibration().tokens(size(text)) >= counted(text, *rates)


@pytest.mark.parametrize("rates", [(0.49, 0.9), (1.02, 0.8), (1.4, 1.3)])
def test_a_model_is_known_well_enough_after_a_few_prompts(rates: tuple[float, float]) -> None:
    calibration = Calibration()
    noise = random.Random(1)
    for text in (ZH, MIXED, EN, ZH + EN, MIXED, EN + MIXED, ZH) * 4:
        true = counted(text, *rates) * noise.uniform(0.97, 1.03)
        calibration = calibration.learned(size(text), round(true))
    for text in (ZH, EN, MIXED):
        true = counted(text, *rates)
        assert 0.98 * true <= calibration.tokens(size(text)) <= 1.3 * true


def test_chinese_prompts_teach_nothing_wrong_about_english() -> None:
    calibration = Calibration()
    for _ in range(10):
        calibration = calibration.learned(size(ZH), counted(ZH, 0.49, 0.9))
    assert calibration.tokens(size(ZH)) < 0.6 * len(ZH)
    assert calibration.tokens(size(EN)) >= counted(EN, 0.49, 0.9)


def test_a_count_out_of_proportion_means_a_cut_prompt_and_teaches_nothing() -> None:
    calibration = Calibration().learned(size(EN), counted(EN, 1, 1))
    half = counted(EN, 1, 1) // 2
    assert calibration.cut(size(EN), half)
    assert not calibration.cut(size(EN), counted(EN, 1, 0.9))
    assert not calibration.cut(size(EN), 0)
    assert calibration.learned(size(EN), half // 2) == calibration


def test_a_refused_prompt_makes_the_count_stricter() -> None:
    assert Calibration().stricter().tokens(size(ZH)) > 1.2 * Calibration().tokens(size(ZH))


@given(st.text(max_size=300), st.text(max_size=300))
@settings(deadline=None)
def test_more_text_never_costs_less(first: str, second: str) -> None:
    both, one = size(first + second), size(first)
    assert Calibration().tokens(both) >= Calibration().tokens(one) - 2


@given(st.lists(st.tuples(st.floats(0, 1e4), st.floats(0, 1e4), st.integers(0, 10**6)), max_size=20))
@settings(deadline=None)
def test_no_counts_can_bring_the_rates_out_of_bounds(counts: list[tuple[float, float, int]]) -> None:
    calibration = Calibration()
    for wide, narrow, tokens in counts:
        calibration = calibration.learned(Size(wide, narrow), tokens)
    assert calibration == calibration.bounded()


def test_what_was_learnt_is_kept_between_runs_for_each_model(tmp_path: Path) -> None:
    path = tmp_path / "data" / "calibration.json"
    for model, wide in (("qwen3:8b", 0.6), ("mistral:7b", 1.1)):
        ledger = Calibrations(path, model)
        for _ in range(15):
            ledger.counted(size(ZH), counted(ZH, wide, 1))
    assert Calibrations(path, "qwen3:8b").current().wide == pytest.approx(0.6, rel=0.05)
    assert Calibrations(path, "mistral:7b").current().wide == pytest.approx(1.1, rel=0.05)
    assert Calibrations(path, "gemma3:4b").current() == Calibration()


@pytest.mark.parametrize(
    "broken", ["", "{", "[1]", '{"m": 3}', '{"m": {"wide": "NaN", "narrow": 1, "samples": 2}}', '{"m": {}}']
)
def test_a_file_that_makes_no_sense_costs_accuracy_only(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "calibration.json"
    path.write_text(broken)
    ledger = Calibrations(path, "m")
    assert ledger.current() == Calibration()
    ledger.counted(size(ZH), counted(ZH, 0.6, 1))
    assert json.loads(path.read_text())["m"]["samples"] == 1


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    ledger = Calibrations(tmp_path / "data" / "calibration.json", "m")
    ledger.counted(size(ZH), counted(ZH, 0.6, 1))
    assert ledger.current().samples == 1


def test_a_prompt_the_server_cut_is_reported_and_not_learnt_from(tmp_path: Path) -> None:
    cuts: list[str] = []
    ledger = Calibrations(tmp_path / "calibration.json", "m", cut=lambda: cuts.append("cut"))
    ledger.counted(size(EN), counted(EN, 1, 1))
    before = ledger.current()
    ledger.counted(size(EN), counted(EN, 1, 0.3))
    ledger.counted(size(EN), 0)
    assert cuts == ["cut"]
    assert ledger.current() == before
