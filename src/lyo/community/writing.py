"""How mdformat writes the tokens of a post: as it writes all Markdown, with tables and strikethrough besides."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from markdown_it.token import Token
from mdformat.renderer import MDRenderer, RenderContext, RenderTreeNode
from mdformat.renderer.typing import Postprocess, Render

_ALIGNED: Final = {"text-align:left": ":--", "text-align:center": ":-:", "text-align:right": "--:"}
_DELIMITER_ROW: Final = re.compile(r"^(?=[|:-][|: \t-]*$)", re.MULTILINE)
"""Below a line with a `|` such a line would make a table of the two."""
_TILDES: Final = re.compile("^~|~$|~~+")
_LESS_THAN: Final = re.compile(r"\\?<(?=\S|$)")


class _Node(RenderTreeNode):
    """A node that knows its place: mdformat asks each for its neighbours, and looking it up takes quadratic time."""

    place: int = 0

    @property
    def next_sibling(self) -> "_Node | None":
        return self._beside(1)

    @property
    def previous_sibling(self) -> "_Node | None":
        return self._beside(-1)

    def _beside(self, step: int) -> "_Node | None":
        place = self.place + step
        return self.siblings[place] if 0 <= place < len(self.siblings) else None

    def count(self) -> None:
        """Tell all nodes below their places."""
        for place, child in enumerate(self.children):
            child.place = place
            child.count()


def _rule(_node: RenderTreeNode, _context: RenderContext) -> str:
    return "___"  # mdformat's is 70 long


def _struck(node: RenderTreeNode, context: RenderContext) -> str:
    return "~~" + "".join(child.render(context) for child in node.children) + "~~"


def _table(node: RenderTreeNode, context: RenderContext) -> str:
    rows = [row for section in node.children for row in section.children]
    lines = [_row([_cell(cell, context) for cell in row.children]) for row in rows]
    delimiters = [_ALIGNED.get(str(cell.attrs.get("style")), "---") for cell in rows[0].children]
    return "\n".join([lines[0], _row(delimiters), *lines[1:]])


def _cell(cell: RenderTreeNode, context: RenderContext) -> str:
    # A table takes these backslashes away before it reads what is between, be it code.
    return "".join(child.render(context) for child in cell.children).replace("|", "\\|")


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escape_more(text: str, _node: RenderTreeNode, _context: RenderContext) -> str:
    # Not by a backslash, which could become a part of an address before it.
    text = _LESS_THAN.sub("&lt;", text)
    return _TILDES.sub(lambda run: "\\~" * len(run.group()), text)


def _escape_delimiter_rows(text: str, _node: RenderTreeNode, _context: RenderContext) -> str:
    first, newline, rest = text.partition("\n")
    return first + newline + _DELIMITER_ROW.sub(r"\\", rest) if "|" in text else text


class _Extension:
    """What mdformat takes from a plugin."""

    RENDERERS: Final[Mapping[str, Render]] = {"hr": _rule, "s": _struck, "table": _table}
    POSTPROCESSORS: Final[Mapping[str, Postprocess]] = {"text": _escape_more, "paragraph": _escape_delimiter_rows}


_OPTIONS: Final[Mapping[str, Any]] = {"parser_extension": [_Extension]}


def written(tokens: Sequence[Token]) -> str:
    """The Markdown of `tokens`; recursive, so whoever calls has seen that they are not nested too deep."""
    root = _Node(tokens)
    root.count()
    render: Callable[[RenderTreeNode, Mapping[str, Any], dict[str, Any]], str] = MDRenderer().render_tree  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return render(root, _OPTIONS, {}).rstrip("\n")
