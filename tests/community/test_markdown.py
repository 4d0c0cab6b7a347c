import re
from collections.abc import Callable
from html.parser import HTMLParser
from importlib import import_module
from itertools import count
from time import process_time
from typing import Any

import nh3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from lyo.community import markdown
from lyo.community.markdown import escaped, plain, rewritten, sanitised, words_alone
from lyo.core.characters import says_something, visible

RAW = MarkdownIt("commonmark").enable(["table", "strikethrough"])
"""It passes raw HTML on, as the most careless renderer would."""
RAW.validateLink = lambda _: True  # type: ignore[method-assign, assignment] # and it passes every address on
GFM: Any = import_module("cmarkgfm.cmark")  # it has no types
BLOCKS = {"ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td"}
TAGS = BLOCKS | {
    *("p", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "br", "em", "strong", "s", "a", "code", "pre", "blockquote")
}
ATTRIBUTES = {"a": {"href"}, "code": {"class"}, "ol": {"start"}, "th": {"style"}, "td": {"style"}}
SCHEMES = ("http://", "https://", "mailto:")

FRAGMENTS = st.sampled_from(
    [
        *"[]()<>*_`~#-+=|!&;:\\\"' \n\t",
        *("\n\n", "    ", "> ", "- ", "1. ", "# ", "---", "```", "~~~", "~~", "**", "***", "`` ", "a", "b c", "&amp;"),
        *("<b>", "</b>", "<div>", "</div>", "<br>", "<!--", "-->", "<?", "?>", "<![CDATA[", "]]>", "<!X", "<script>"),
        *("</script>", "<style>", "</style>", "<img src=x onerror=alert(1)>", '<a href="', "<pre>", "<textarea>"),
        *("](", "![", "][", "]: ", "](https://x.org)", "](javascript:alert(1))", "<https://x.org>", "<javascript:x>"),
        *("https://x.org/", "mailto:", "a@b.org", "//x.org", "javascript:", "data:text/html,", "&#106;", "&colon;"),
        *("&#10;", "&#x202e;", "&nbsp;", "&lt;b&gt;", "&#0;", "%6A", "\u202e", "\u200b", "\u00a0", "\u0301", "\u0338"),
        *(
            "| a | b |\n",
            "|---|--:|\n",
            "\\",
            "\\\n",
            "  \n",
            "\x00",
            "\r",
            "\u2028",
            "\u0641",
            "\U0001f600",
            "[x]: y\n",
        ),
    ]
)
MARKDOWN = st.lists(FRAGMENTS, max_size=40).map("".join)


class Strict(HTMLParser):
    """Sees every tag, attribute and address of HTML, and refuses those that no post may have."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        for name, value in attrs:
            assert name in ATTRIBUTES.get(tag, set())
            assert name != "href" or (value or "").lower().startswith(SCHEMES)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)


class Harmless(Strict):
    """As `Strict`, where plain addresses of any scheme but those that run something are links too."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS | {"del"}
        for name, value in attrs:
            assert name in ATTRIBUTES.get(tag, set()) | {"align", "lang"}
            assert name != "href" or not (value or "").lower().startswith(("javascript:", "vbscript:", "data:"))


def assert_safe(stored: str) -> None:
    html = RAW.render(stored)
    strict = Strict()
    strict.feed(html)
    strict.close()
    cleaned = nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
        strip_comments=True,
    )
    assert parts(cleaned) == parts(html)


def parts(html: str) -> list[object]:
    """What HTML consists of, however it is serialised."""
    found: list[object] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: found.append((tag, attrs))  # type: ignore[method-assign]
    parser.handle_startendtag = parser.handle_starttag  # type: ignore[method-assign]
    parser.handle_endtag = lambda tag: found.append(f"/{tag}")  # type: ignore[method-assign]
    parser.handle_data = found.append  # type: ignore[method-assign, assignment]
    parser.feed(html)
    parser.close()
    return [part for part in found if not isinstance(part, str) or part.strip()]


@settings(max_examples=400, deadline=None)
@given(MARKDOWN | st.text())
def test_what_is_stored_is_safe_and_stays_as_it_is(text: str) -> None:
    stored = sanitised(text)
    assert sanitised(stored) == stored
    assert_safe(stored)


@settings(max_examples=200, deadline=None)
@given(MARKDOWN | st.text(), st.sampled_from([escaped, words_alone]))
def test_plain_text_is_as_safe(text: str, attempt: Callable[[str], str]) -> None:
    stored = rewritten(attempt(visible(text)))
    assert stored is not None
    assert sanitised(stored) == stored
    assert_safe(stored)
    assert re.sub(r"[\W_]", "", plain(stored)) == re.sub(r"[\W_]", "", visible(text))


@given(MARKDOWN)
def test_words_alone_settle_at_once(text: str) -> None:
    bare = words_alone(visible(text))
    assert sanitised(bare) == bare


@pytest.mark.parametrize(
    "text",
    [
        "a < b && c > d",
        "1 * 2 * 3",
        "snake_case_name and 5 ~ 6",
        "`<script>alert(1)</script>`",
        "`` a ` b ``",
        "```html\n<script>alert(1)</script>\n\n<!-- said, not done -->\n```",
        "- one\n- two\n  - three",
        "1. one\n\n   more of it\n\n1. two",
        "> said\n>\n> and said",
        "# Title\n\ntext **strong *both* strong** ~~wrong~~\\\nnext",
        "| a | b |\n| --- | :-: |\n| `x\\|y` | [z](https://x.org) |",
        "[a](https://x.org/?a=1&b=2#c) <https://x.org> <a@b.org> [c](mailto:a@b.org)",
        "[long](<https://en.wikipedia.org/wiki/Cell_(biology)>)",
        "\u05e9\u05dc\u05d5\u05dd\u200f! \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \u0915\u094d\u200d\u0937",
        "\U0001f469\u200d\U0001f52c \u2764\ufe0f",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "q\u0323\u0307",
        "[^1] [ ] [x] ",
    ],
)
def test_what_does_no_harm_stays_as_it_was_written(text: str) -> None:
    assert sanitised(text) == text.strip()


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "[",
            "![",
            "[a](",
            "[(",
            ">",
            "> ",
            "*",
            "*a ",
            "_a*",
            "**a**b",
            "`",
            "a`` ",
            "<",
            "<a ",
            "<!--",
            "x<?",
            "&",
            "\\",
        ),
        *(
            "- ",
            "- * ",
            "1. ",
            "- \n* \n",
            "- a\n\n* b\n\n",
            "|",
            "~~a ",
            "# ",
            "a<b>",
            "*a<b> </b>*",
            "<script>",
            "&#10;",
        ),
        *("[a]: /u\n", "> a\n", "|a|b\n|-|-\n", "![](https://a.b)", "\u0301", "\n", "\U0001f600"),
    ],
)
def test_nasty_nesting_takes_about_a_second_at_most(piece: str) -> None:
    text = (piece * 20_000)[:20_000]
    started = process_time()
    stored = sanitised(text)
    # Half a second on a quiet machine; tests run beside each other, and under coverage.
    assert process_time() - started < 6
    assert sanitised(stored) == stored


@pytest.mark.parametrize(
    "text",
    [
        "|a" * 150 + "|\n" + "|-" * 150 + "|\n" + "a\n" * 9000,
        "*a _b " * 1500 + "c_ d* " * 1500,
        "".join("  " * depth + "- a\n" for depth in range(60)),
        ">" * 60 + " a",
    ],
)
def test_what_is_too_intricate_becomes_plain_text(text: str) -> None:
    assert rewritten(visible(text)) is None
    stored = sanitised(text)
    assert sanitised(stored) == stored
    assert "a" in plain(stored)


def test_what_never_settles_becomes_words_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = count()

    def unsteady(tokens: object) -> str:
        return f"version {next(versions)}"

    monkeypatch.setattr(markdown, "written", unsteady)
    assert sanitised("*a* <b>c</b>") == "a b c b"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "<!-- a -->",
        "<script>a</script>",
        "---",
        "...",
        "\u200d\u200f",
        "&nbsp;",
        "> -",
        "[](https://x.org)",
        "\u2800",
    ],
)
def test_of_some_posts_nothing_is_left(text: str) -> None:
    assert not says_something(plain(sanitised(text)))


@pytest.mark.parametrize(
    "text", ["a", "`x`", "```\ny\n```", "- 1", "\U0001f44d", "![](https://x.org/a.png)", "# \u4e2d"]
)
def test_of_others_something_is(text: str) -> None:
    assert says_something(plain(sanitised(text)))


def test_the_words_are_what_one_reads() -> None:
    text = "# A *b*\n\nc<i>d</i> [e](https://x.org)\\\nf\n\n| g | h |\n|---|---|\n\n```\ni\n```"
    assert plain(text).split() == ["A", "b", "cd", "e", "f", "g", "h", "i"]
    assert plain(">" * 60 + " *a*") == "a"


@pytest.mark.parametrize(
    "text",
    [
        "[a]: https://x.org/" + "\U0001f600" * 1200 + "\n\n" + "[a] " * 930,
        "[a]: https://x.org/" + "b" * 2480 + "\n\n" + "[a] " * 620,
        "> " * 18 + "a\n" * 2400,
    ],
)
def test_nothing_grows_out_of_hand(text: str) -> None:
    assert len(sanitised(text)) <= 2 * len(text) + 1000


def test_an_address_that_is_used_again_and_again_stays_a_link() -> None:
    stored = sanitised("[leaf]: https://x.org/leaf\n\n" + "see [leaf], " * 20)
    assert stored.count("[leaf](https://x.org/leaf)") == 20


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("https://x.org`<img src=x>`", "https://x.org `<img src=x>`"),
        ("www.x.org/*`<b>`*", "www.x.org/ *`<b>`*"),
        ("ftp://x.org/`a [b](javascript:x)`", "ftp://x.org/ `a [b](javascript:x)`"),
        ("https://x.org[a](https://y.org)`<b>`", "https://x.org [a](https://y.org)`<b>`"),
        ("https://x.org\\<javascript:alert(1)>", "https://x.org&lt;javascript:alert(1)>"),
        ("www.x.org&lt;img src=x onerror=alert(1)&gt;", "www.x.org&lt;img src=x onerror=alert(1)>"),
        ("see https://x.org and `<b>`, `a`: `b`", "see https://x.org and `<b>`, `a`: `b`"),
        ("1 < 2", "1 < 2"),
    ],
)
def test_nothing_hangs_on_a_sign_that_a_plain_address_could_swallow(text: str, stored: str) -> None:
    """Renderers of GitHub's Markdown make links of them, as far as the next space or `<`."""
    assert sanitised(text) == stored


ADDRESSES = st.sampled_from(["https://x.org", "www.x.org/", "ftp://x.org", "http://a.b/c", "mailto:a@b.org", "a@b.org"])
HOSTILE = st.sampled_from(["`<img src=x>`", "`a [b](javascript:x)`", "\\<b>", "[a](https://y.org)", "&lt;b&gt;"])


@settings(max_examples=500)
@given(st.lists(st.one_of(FRAGMENTS, ADDRESSES, HOSTILE), max_size=30).map("".join))
def test_it_is_as_safe_where_plain_addresses_become_links(text: str) -> None:
    """By GitHub's own renderer, which passes on raw HTML and every address here."""
    html = GFM.github_flavored_markdown_to_html(sanitised(text), options=GFM.Options.CMARK_OPT_UNSAFE)
    gfm = Harmless()
    gfm.feed(html)
    gfm.close()
