"""Articles as people really write them; what stands in reference/blog-format.md, on own texts."""

import pytest

from index.articles import markdown
from index.articles.article import opening, parse, passages
from index.model import Article, Skip

TEXT = "The statistics collector wakes up every minute and writes what it has counted."


def article(text: str, path: str = "notes/first.md") -> Article:
    parsed = parse(path, text)
    assert isinstance(parsed, Article)
    return parsed


def test_the_title_is_the_first_heading_even_of_level_two() -> None:
    parsed = article(
        f'## `pg_stat` & [draft] "quoted" | more   \n\n{TEXT}\n\n# Comment-like heading\n\n{TEXT}'
    )
    assert parsed.title == 'pg_stat & [draft] "quoted" | more'
    assert "# Comment-like heading" in parsed.body


def test_the_header_block_gives_date_and_tags_and_leaves_the_body() -> None:
    header = (
        "### 作者   \nHan   \n\n### 日期\n2019-07-06      \n\n"
        "### 标签   \nPostgreSQL , gin , rum   \n\n----   \n\n"
    )
    parsed = article(f"## A title\n##### [TAG 15](../class/15.md)\n\n{header}## 背景\n{TEXT}")
    assert (parsed.date, parsed.tags) == ("2019-07-06", ("PostgreSQL", "gin", "rum"))
    assert parsed.body == f"## 背景\n\n{TEXT}"


def test_a_header_without_a_rule_ends_at_the_first_other_heading() -> None:
    parsed = article(f"# A title\n\n### Date\n2021-02-03\n\n## Why\n\n{TEXT}")
    assert (parsed.date, parsed.body) == ("2021-02-03", f"## Why\n\n{TEXT}")


def test_the_footer_goes_from_its_first_marked_heading_to_the_last_marked_link() -> None:
    mark = "0123456789abcdef0123456789abcdef"
    footer = (
        f'#### [Everything about search](https://a.example "{mark}")\n'
        f'- [1 inverted index](https://b.example "{mark}")\n'
        f'\n\n![wechat](../pic/us.jpg "{mark}")\n'
    )
    parsed = article(f"# A title\n\n{TEXT}" + "\n  " * 40 + f"\n{footer}\nStill the article.")
    assert parsed.body == f"{TEXT}\n\nStill the article."


def test_a_link_with_an_ordinary_title_is_no_footer() -> None:
    parsed = article(f'# A title\n\n#### [Docs](https://a.example "the manual")\n\n{TEXT}')
    assert "Docs" in parsed.body


@pytest.mark.parametrize(
    "front",
    [
        '---\ntitle: "Postgres: a tour"\ndate: 2020-03-04\ntags: [db, search]\n---\n',
        "---\r\ntitle: 'Postgres: a tour'\r\ndate: 2020-03-04T10:00:00Z\r\ntags: [db, search]\r\n---\r\n",
        '+++\ntitle = "Postgres: a tour"\ndate = 2020-03-04\ntags = ["db", "search"]\n+++\n',
        "---\ntitle: Postgres: a tour\ndate: 2020-03-04\ntags: db, search\n---\n",
        "\ufeff---\ntitle: 'Postgres: a tour'\ndate: '2020-03-04'\ntags: db, search\n...\n",
    ],
    ids=["yaml", "crlf", "toml", "not-quite-yaml", "bom"],
)
def test_front_matter_gives_title_date_and_tags(front: str) -> None:
    parsed = article(f"{front}\n{TEXT}\n")
    assert (parsed.title, parsed.date, parsed.tags) == ("Postgres: a tour", "2020-03-04", ("db", "search"))
    assert parsed.body == TEXT


def test_a_description_in_front_matter_is_for_the_search() -> None:
    assert "second name" in article(f"---\ntitle: One\ndescription: its second name\n---\n{TEXT}").also


def test_a_rule_on_the_first_line_is_no_front_matter() -> None:
    parsed = article(f"---\n\n{TEXT}\n\n---\n\nThe end.")
    assert TEXT in parsed.body
    assert "The end." in parsed.body


@pytest.mark.parametrize(
    "front", ["---\na: [&a x, *a, *b\n---\n", "+++\nnot toml\n+++\n", "---\n" + "[" * 5000 + "\n---\n"]
)
def test_broken_front_matter_does_not_lose_the_article(front: str) -> None:
    assert TEXT in article(f"{front}\n# A title\n\n{TEXT}").body


def test_setext_headings_are_headings() -> None:
    parsed = article(f"A title\n=======\n\n{TEXT}\n\nA section\n---------\n\n{TEXT}")
    assert parsed.title == "A title"
    assert passages(parsed)[0].text == f"{TEXT}\n\n## A section\n\n{TEXT}"


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    text = f"# A title\n\n```sh\nls\n```\n\n## Next\n\n{TEXT}\n"
    assert article("\ufeff" + text.replace("\n", "\r\n")) == article(text)


def test_html_leaves_its_words_and_code_keeps_its_tags() -> None:
    text = (
        "# A title\n\n<!-- not\n\n# shown\n-->\n"
        "<div align=\"center\"><b>Bold</b> &amp; <a href='x'>linked</a></div>\n\n"
        "Call `List<String>` or List<String>.\n\n<script>\nalert(1)\n</script>\n\n<h2 id=x>Inside</h2>\n\n"
        "<pre><code>a &lt; b\n\n# c</code></pre>"
    )
    (passage,) = passages(article(text))
    assert passage.text == (
        "Bold & linked\n\nCall `List<String>` or List<String>.\n\n## Inside\n\n```\na < b\n\n# c\n```"
    )


def test_a_comment_in_a_fence_is_no_heading_and_fences_close_only_by_their_own_mark() -> None:
    code = "````md\n# not a heading\n```\nstill code\n```\n~~~\n````"
    parsed = article(f"# A title\n\n{code}\n\n{TEXT}")
    (passage,) = passages(parsed)
    assert passage.headings == ()
    assert passage.text == f"{code}\n\n{TEXT}"


def test_a_fence_nobody_closes_does_not_swallow_the_headings_after_it() -> None:
    parsed = article(
        f"# A title\n\n{TEXT}\n```\n\n## Summary\n\n{TEXT}\n\n```sql\nselect 1\n\n## More\n\n{TEXT}"
    )
    text = "\n\n".join(passage.text for passage in passages(parsed))
    assert "## Summary" in text
    assert "```sql\nselect 1\n```\n\n## More" in text


def test_a_quoted_fence_is_a_fence() -> None:
    parsed = article(f"# A title\n\n> Note:\n> ```sh\n> # list\n> ls\n> ```\n\n{TEXT}")
    assert "```sh\n# list\nls\n```" in parsed.body


def test_labels_above_the_title_are_for_the_search_alone() -> None:
    labels = (
        "> * 原文地址：[Make the Core Bigger](https://a.example/x)\n> * 译者：[someone](https://b.example)\n"
    )
    parsed = article(f"{labels}\n# 让核心更大 #\n\n{TEXT}", "TODO/make-core-bigger.md")
    assert (parsed.title, parsed.body) == ("让核心更大", TEXT)
    assert "Make the Core Bigger" in parsed.also


def test_prose_above_the_title_stays() -> None:
    assert (
        article(f"Read this first, please.\n\n# A title\n\n{TEXT}").body
        == f"Read this first, please.\n\n{TEXT}"
    )


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("a/how-to_index.md", "how to index"),
        ("2024/20240723_01.md", "Just a draft."),
        ("2024/1.md", "Just a draft."),
    ],
)
def test_a_text_without_heading_is_called_by_its_file_or_its_first_line(path: str, title: str) -> None:
    assert article(f"\n\n\nJust a draft.\n{TEXT}", path).title == title


@pytest.mark.parametrize(
    ("path", "header", "date"),
    [
        ("202305/20230513_01.md", "2022-05-13", "2023-05-13"),
        ("_posts/2021-02-03-hello.md", "", "2021-02-03"),
        ("notes/20231399.md", "2022年5月3日", "2022-05-03"),
        ("notes/hello.md", "", ""),
    ],
)
def test_the_date_in_the_files_name_is_surer_than_the_headers(path: str, header: str, date: str) -> None:
    dated = f"### 日期\n{header}\n\n----\n\n" if header else ""
    assert article(f"# A title\n\n{dated}{TEXT}", path).date == date


@pytest.mark.parametrize(
    "page",
    [
        "### 文章列表\n----\n##### 20190202_01.md   [《One》](20190202_01.md)  \n",
        "![counter](http://c.example/x.png)\n\n### 文章列表\n----\n",
        "# Notes\n- [One](one.md)\n- [Two](two.md): more\n- [Three](sub/three.md)\n",
        "# 15 Cases\n##### 1/a.md   [《A》](1/a.md)\n##### 1/b.md   [《B》](1/b.md)\n",
        "### æ–‡ç« åˆ—\n----\n##### 1.md   [ã€Š€‹](1.md)  \n",
    ],
)
def test_a_list_of_links_is_no_article(page: str) -> None:
    assert parse("readme.md", page) == Skip("index page")


def test_index_lines_inside_an_article_do_not_make_it_an_index_page() -> None:
    lines = "##### 1/a.md   [《A》](1/a.md)\n##### 1/b.md   [《B》](1/b.md)\n"
    assert isinstance(parse("a.md", f"# A title\n\n{TEXT}\n{TEXT}\n\n{lines}"), Article)


@pytest.mark.parametrize(
    "text", ["", "\n\n  \n", "# Only a title", "# Hash\n\n## 背景\n\n## 参考\n\nsrc/hash/README\n"]
)
def test_a_stub_is_no_article(text: str) -> None:
    assert parse("stub.md", text) == Skip("no text")


def test_one_chinese_sentence_is_an_article() -> None:
    assert isinstance(parse("a.md", "# 重启\n\n先停掉服务，再清缓存后启动。"), Article)


def test_the_opening_says_what_an_article_is_about_in_few_characters() -> None:
    parsed = article(
        f"---\ndescription: its other name\n---\n# A title\n\n```\ncode\n```\n\n## Part\n\n{TEXT * 9}"
    )
    assert opening(parsed).startswith(f"A title\nits other name\n{TEXT}")
    assert len(opening(parsed)) == 320


def test_a_passage_in_one_line_has_no_marks_of_markdown() -> None:
    text = "Intro **wraps**\nhere, `a_b`.\n\n## Head\n\n- one\n```sql\nSELECT 2 * 3\n```\n> said"
    assert markdown.line(text) == "Intro wraps here, a_b. Head one SELECT 2 * 3 said"
