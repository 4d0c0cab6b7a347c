import pytest

from lyo.community.markdown import sanitised


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("<b>hello</b> *you*", "hello *you*"),
        ("<div>\n<p>one</p>\n\n<p>two <i>x</i> *y* &amp;</p></div>", "one\n\ntwo x \\*y\\* &"),
        ("a<br>b <!-- c --> <?d?> <![CDATA[e]]> <!F> g", "a\nb g"),
        ("<!-- no end", ""),
        ("a <script>alert(1)</script> b <style>c</style> d", "a b d"),
        ("<script>\nalert(1)</script> after", "after"),
        ("**[a<script>b](https://x.org)</script>c**", "**[a](https://x.org)c**"),
        ("&lt;b&gt;", "&lt;b>"),
        ("&lt;&lt;&lt;b> << c", "&lt;&lt;&lt;b> &lt;< c"),
        ("*a<br></i>*<i>b</i>", "*a*\nb"),
        ("*&nbsp;a&#10;* b", "*a* b"),
        ("*a<i>b </i>*<i>c</i>", "*ab* c"),
        ("x<i></i>*<i> y</i>* z", "x *y* z"),
        ("*a **b**<i> </i>* c", "*a **b*** c"),
        ("~~<i></i>a ~~b~~ c~~", "~~a b c~~"),
        ("a  \n<i>b</i>\\\nc\n===", "# a b c"),
        ("**<i> </i>** *<i>a</i> <i></i>* b", "*a* b"),
    ],
)
def test_raw_html_goes_and_the_words_in_it_stay(text: str, stored: str) -> None:
    assert sanitised(text) == stored


@pytest.mark.parametrize(
    "address",
    [
        *(
            "javascript:alert(1)",
            "JaVa&#115;cript:alert(1)",
            "&#106;avascript&colon;alert(1)",
            "vbscript:x",
            "file:///x",
        ),
        *(
            "data:text/html,x",
            "//evil.org",
            "/relative",
            "relative",
            "#part",
            "?a",
            "https:evil.org",
            "https:///evil.org",
        ),
        *("https://good.org@evil.org", "https://good.org%2eevil.org", "java%73cript:x", "&#1;javascript:x", "mailto:"),
        *("&#x202e;https://x.org", "https&colon;\\\\evil.org", "ftp://x.org", "tel:1", "<java\tscript:x>", "<>"),
    ],
)
def test_a_link_elsewhere_goes_and_its_text_stays(address: str) -> None:
    assert sanitised(f"see [*this*]({address}) now") == "see *this* now"
    assert sanitised(f"see [*this*][x] now\n\n[x]: {address}") == "see *this* now"


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("[a](HTTPS://x.org 'title')", "[a](HTTPS://x.org)"),
        ("[a][b]\n\n[b]: http://x.org 'title'\n[c]: http://y.org", "[a](http://x.org)"),
        ("[a](http://k\u00f6ln.de/\u00e4)", "[a](http://xn--kln-sna.de/%C3%A4)"),
        ("[a](https://x.org/?a&amp;copy;)", "[a](https://x.org/?a&amp;copy;)"),
        ("<javascript:alert(1)> <DATA:x>y <std::vector>", "y std::vector"),
        ("[a <https://x.org> b](https://y.org)", "[a https://x.org b](https://y.org)"),
        ("[](https://x.org)[ ](https://x.org)", ""),
    ],
)
def test_links_to_the_web_and_to_mail_stay(text: str, stored: str) -> None:
    assert sanitised(text) == stored


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("![the *alt*](https://x.org/a.png 'title')", "[the alt](https://x.org/a.png)"),
        ("![a\nb `c`](https://x.org/a.png)", "[a b c](https://x.org/a.png)"),
        ("![](https://x.org/a.png)", "[https://x.org/a.png](https://x.org/a.png)"),
        ("![alt](http://x.org/a.png) ![b](data:image/png;base64,x)", "alt b"),
        ("[![alt](https://x.org/a.png)](https://y.org)", "[alt](https://y.org)"),
        ("![a ![b](https://x.org/b.png)](https://x.org/a.png)", "[a b](https://x.org/a.png)"),
    ],
)
def test_no_image_is_loaded(text: str, stored: str) -> None:
    assert sanitised(text) == stored


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("a\u202eb\u2066c\u200bd\u00ade\ufefff\x07g\u3164h", "abcdefgh"),
        ("a&#x202e;b&#8203;c", "abc"),
        ("e\u0301", "\u00e9"),
        ("a\U000e0061\U000e0062", "a"),
        ("\U0001f600\ufe0f\ufe00\ufe01\U000e0100", "\U0001f600\ufe0f"),
        ("a\r\n\r\n\r\n\r\n\r\nb\u2028c", "a\n\nb\nc"),
        ("```\na\n\n\n\n\n \nb\n```", "```\na\n\n\nb\n```"),
    ],
)
def test_nothing_hides_or_reorders_what_is_read(text: str, stored: str) -> None:
    assert sanitised(text) == stored
