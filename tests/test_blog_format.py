"""Every row of the data's blog-format page, on the real files it speaks of."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.articles.article import parse, passages
from index.model import Article, Skip
from index.search import Search
from tests.fakes.shelves import BLOG, publish

SAMPLE = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "blog-sample"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SAMPLE.is_dir(), reason=f"the blog sample is not at {SAMPLE}"),
]


def parsed(path: str) -> Article | Skip:
    return parse(path, (SAMPLE / path).read_bytes().decode("utf-8", "replace"))


def article(path: str) -> Article:
    found = parsed(path)
    assert isinstance(found, Article)
    return found


def articles() -> Iterator[Article]:
    for file in sorted(SAMPLE.rglob("*.md")):
        found = parsed(file.relative_to(SAMPLE).as_posix())
        if isinstance(found, Article):
            yield found


def text_of(found: Article) -> str:
    return "\n\n".join(passage.text for passage in passages(found))


def test_titles_are_those_of_the_list() -> None:
    rows = [
        line.split("\t") for line in (SAMPLE.parent / "blog-sample.tsv").read_text("utf-8").splitlines()[1:]
    ]
    listed = {path: title.removeprefix("## ").replace("`", "") for path, title, *_ in rows}
    found = {one.path: one.title for one in articles()}
    assert len(found) == 22
    del found["202407/20240723_01.md"]
    assert all(title == listed[path] for path, title in found.items())


def test_a_draft_without_title_is_called_by_its_file() -> None:
    assert article("202407/20240723_01.md").title == "20240723_01"


def test_a_title_keeps_its_quotes_bars_and_ampersands_and_loses_its_code_marks() -> None:
    titles = {found.path: found.title for found in articles()}
    assert "() & pg_" in titles["201404/20140409_01.md"]
    assert "posting list|tree" in titles["201907/20190706_01.md"]
    assert '"社区扩展插件市场"' in titles["202407/20240717_02.md"]
    assert "大模型LLama3:8b, " in titles["202407/20240718_01.md"]


def test_no_header_line_is_left_in_any_body_and_dates_and_tags_are_read() -> None:
    for found in articles():
        assert not re.search(r"^### (作者|日期|标签)|^digoal\s*$", found.body, re.MULTILINE)
        if found.path != "202407/20240723_01.md":
            assert found.tags[0] == "PostgreSQL"
            assert found.date.replace("-", "") == Path(found.path).stem.split("_")[0]


def test_a_tag_link_shifts_the_header_and_does_no_harm() -> None:
    found = article("201612/20161206_01.md")
    assert found.date == "2016-12-06"
    assert found.tags == ("PostgreSQL", "Hunspell", "分词", "复数还原", "字典")
    assert found.body.startswith("## 背景\n\n在英语中")


def test_the_files_name_knows_the_year_better_than_a_mistaken_header() -> None:
    assert article("202305/20230513_01.md").date == "2023-05-13"


def test_no_footer_is_left_in_any_body() -> None:
    for found in articles():
        assert "digoal_weixin" not in found.body
        assert not re.search(r'"[0-9a-f]{32}"', found.body)
        assert "RDS PostgreSQL实例" not in found.body


@pytest.mark.parametrize(
    "path",
    ["197001/readme.md", "201005/readme.md", "202309/readme.md", "202407/readme.md", "class/15.md"],
)
def test_index_pages_are_no_articles(path: str) -> None:
    assert parsed(path) == Skip("index page")


def test_an_article_with_index_lines_in_it_is_one() -> None:
    assert "任意字段" in text_of(article("202106/20210605_07.md"))


@pytest.mark.parametrize("path", ["201803/20180316_02.md", "202407/20240701_01.md"])
def test_stub_and_placeholder_are_no_articles(path: str) -> None:
    assert parsed(path) == Skip("no text")


def test_an_odd_fence_does_not_swallow_the_headings_after_it() -> None:
    found = passages(article("202407/20240718_01.md"))
    assert found[-1].headings[-1] in {"小结", "参考"}
    assert any("## 小结" in passage.text or "小结" in passage.headings for passage in found)


def test_a_comment_in_code_is_no_heading() -> None:
    comment = "Get the file path from the command line argument"
    found = passages(article("202407/20240722_01.md"))
    assert any(f"\n# {comment}" in passage.text for passage in found)
    assert not any(comment in passage.headings for passage in found)


def test_every_passage_is_bounded_closed_and_on_its_own_article() -> None:
    for found in articles():
        for passage in passages(found):
            assert passage.path == found.path
            assert 0 < len(passage.text) <= 800
            assert len(re.findall(r"^```", passage.text, re.MULTILINE)) % 2 == 0


def test_an_empty_link_keeps_its_words() -> None:
    assert "视频回放" in text_of(article("202403/20240312_02.md"))


def test_links_images_and_bare_addresses_stay_beside_the_words_they_stand_with() -> None:
    text = text_of(article("201907/20190706_01.md"))
    for kept in (
        "![pic](20190706_01_pic_002.jpg)",
        "[RUM index and its applications](20190706_01_doc_001.pdf)",
        "\nhttps://github.com/postgrespro/rum",
    ):
        assert kept in text
    assert "](https://yq.aliyun.com/live/1906)" in text_of(article("202001/20200116_01.md"))


def test_code_keeps_its_marks_tabs_boxes_and_emoji() -> None:
    assert "<<<<<" in text_of(article("202407/20240723_01.md"))
    assert "😊" in text_of(article("202407/20240718_01.md"))
    assert "│ varchar │ varchar │" in text_of(article("202211/20221124_03.md"))
    assert "NAME     \tID" in text_of(article("202407/20240718_01.md"))


def test_tables_without_outer_pipes_and_escaped_lists_stay_as_they_are() -> None:
    text = text_of(article("201612/20161206_01.md"))
    assert "   alias   |   description   |  token  |" in text
    text = text_of(article("201005/20100511_02.md"))
    assert re.search(r"^1、", text, re.MULTILINE)
    assert "1\\. 级别，" in text


def test_trailing_blanks_are_gone() -> None:
    assert not any(
        re.search(r"[ \t]$", passage.text, re.MULTILINE) for a in articles() for passage in passages(a)
    )


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Search]:
    """A search in the sample as it is indexed."""
    publish(tmp_path, articles())
    search = Search(tmp_path, BLOG)
    yield search
    search.close()


def test_the_article_on_an_index_stands_above_those_that_quote_wrong_answers_about_it(found: Search) -> None:
    for question in ("RUM 索引", "rum索引和gin索引有什么区别"):
        paths = [hit.path for hit in found(question).hits]
        assert paths[0] == "201907/20190706_01.md"
        assert {"202407/20240719_01.md", "202407/20240722_01.md"} <= set(paths)


def test_a_footer_in_every_old_article_makes_none_of_them_match_its_words(found: Search) -> None:
    assert {hit.path for hit in found("全文检索").hits} == {
        path
        for path, text in ((one.path, f"{one.title}\n{text_of(one)}") for one in articles())
        if "全文检索" in text
    }


def test_a_tag_that_every_recent_article_carries_does_not_decide(found: Search) -> None:
    assert found("PolarDB 64-bit XID").hits[0].path == "202407/20240701_06.md"
    assert found("DuckDB 并行创建索引").hits[0].path == "202211/20221124_03.md"
