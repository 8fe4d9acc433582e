"""Answers that articles quote from models: left out of prompt, sources and grounding."""

from bot.answers.prompt import build
from bot.answers.quotations import LEFT_OUT, own_words
from index.model import Hit, Passage

WRONG = "RUM (Rule-Based Optimizer) 是优化器的一部分，负责选择执行计划。"
OWN = (
    "RUM 索引在 posting tree 的每个行号后面多存了附加信息，所以排序时不必回表，这是它与 GIN 的主要区别。" * 2
)


def article(*passages: tuple[str, str], path: str = "a.md") -> Hit:
    """An article whose passages are (heading above, text), best first."""
    found = tuple(Passage(path, n, (heading,), "", text) for n, (heading, text) in enumerate(passages))
    return Hit(path, "Title", f"https://blog.example/{path}", "", 1.0, found)


def texts(*hits: Hit) -> list[str]:
    return [passage.text for hit in own_words(hits) for passage in hit.passages]


def test_a_section_under_a_models_tag_is_left_out_up_to_the_next_heading() -> None:
    text = f"{OWN}\n\n### 1 mistral:7b\n\n{WRONG}\n\n### 二、正文\n\n{OWN}"
    assert texts(article(("测试", text))) == [f"{OWN}\n\n{LEFT_OUT}\n### 二、正文\n\n{OWN}"]


def test_a_passage_that_is_only_a_quotation_goes_and_its_article_with_it() -> None:
    quoted = article(("2 `gemma2:9b` 微调后", WRONG), path="quoted.md")
    assert [hit.path for hit in own_words([quoted, article(("结构", OWN))])] == ["a.md"]


def test_an_announced_answer_ends_at_the_next_heading_even_in_the_next_passage() -> None:
    first, second = f"{OWN}\n模型回答如下\n\n{WRONG}", f"{WRONG}\n\n## 总结\n\n{OWN}"
    assert texts(article(("测试", first), ("测试", second))) == [
        f"{OWN}\n模型回答如下\n{LEFT_OUT}",
        f"{LEFT_OUT}\n## 总结\n\n{OWN}",
    ]
    assert WRONG in texts(article(("测试", first), ("别的", second)))[1]


def test_an_english_announcement_counts_too() -> None:
    assert texts(article(("Test", f"{OWN}\nThe model answered:\n{WRONG}"))) == [
        f"{OWN}\nThe model answered:\n{LEFT_OUT}"
    ]


def test_sections_about_a_model_and_comments_in_code_stay() -> None:
    code = "```\n# mistral:7b\nollama run mistral:7b\n```"
    text = f"## 安装 llama3:8b 的步骤\n\n{OWN}\n\n{code}\n\n模型回答得很慢，因为内存太小。"
    assert texts(article(("部署", text))) == [text]


def test_when_there_is_nothing_but_quotations_they_stay() -> None:
    assert texts(article(("1 mistral:7b", WRONG))) == [WRONG]


def test_the_model_never_reads_the_quoted_answer() -> None:
    hit = article(("测试", f"{OWN}\n\n### mistral:7b\n\n{WRONG}"))
    prompt = build("rum 和 gin 的区别？", [hit, article(("mistral:7b", WRONG), path="b.md")])
    assert WRONG not in "".join(message.content for message in prompt.messages)
    assert [source.path for source in prompt.sources] == ["a.md"]
