"""A page as a tree of elements, from the standard library's parser: strict about what is opened and closed."""

from collections.abc import Iterator
from html.parser import HTMLParser

import attrs

_VOID = {"meta", "link", "br", "img", "input", "hr"}


@attrs.define
class Element:
    tag: str
    attributes: dict[str, str]
    children: "list[Element | str]" = attrs.Factory(list)

    def all(self, tag: str = "") -> "Iterator[Element]":
        """Elements of that name below this one, in the order of the page; all where none is given."""
        for child in self.children:
            if isinstance(child, Element):
                if tag in {"", child.tag}:
                    yield child
                yield from child.all(tag)

    def one(self, tag: str, **attributes: str) -> "Element":
        (found,) = (each for each in self.all(tag) if attributes.items() <= each.attributes.items())
        return found

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("", {})]

    def handle_starttag(self, tag, attributes):
        names = [name for name, _ in attributes]
        assert sorted(set(names)) == sorted(names), f"<{tag}> has an attribute twice"
        element = Element(tag, {name: value or "" for name, value in attributes})
        self.open[-1].children.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data):
        self.open[-1].children.append(data)


def parse(page: str) -> Element:
    builder = _Builder()
    builder.feed(page)
    builder.close()
    (root,) = builder.open
    return root
