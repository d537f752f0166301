"""trafilatura's lists find the same elements with less work."""

from __future__ import annotations

import gzip
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from lxml.etree import XPath
from lxml.html import HtmlElement, document_fromstring
from trafilatura import xpaths

from monitor.extract import lighter

MARKUP = """<html><body>
<div class="cookie-banner">a</div><div id="nav-main" class="plain">b</div><div class="plain" id="COOKIE">c</div>
<section class="article related-posts">d<p class="hidden">e</p><p class=" hidden">f</p></section>
<ul id="comments"><li class="comment">g</li></ul><article class="post"><p class="lead">h</p><p>i</p></article>
<div class="article-body" itemprop="articleBody"><p style="display:none">j</p><span class="share-buttons">k</span></div>
<div class="%s">l</div><div id="">m</div>
</body></html>""" % ("long " * 100 + "newsletter")


def as_published() -> ModuleType:
    """The library's own lists, of a module that nobody has changed."""
    spec = importlib.util.spec_from_file_location("trafilatura.xpaths_as_published", xpaths.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def expressions(module: ModuleType) -> dict[str, XPath]:
    lists = {name: value for name, value in vars(module).items() if isinstance(value, list)}
    return {
        f"{name}[{number}]": one
        for name, value in lists.items()
        for number, one in enumerate(value)
        if isinstance(one, XPath)
    }


def same(root: HtmlElement) -> int:
    """How many elements both find; fails where one expression finds others."""
    own, ours = expressions(as_published()), expressions(xpaths)
    assert own.keys() == ours.keys()
    found = {name: one(root) for name, one in own.items()}
    assert {name: one(root) for name, one in ours.items()} == found
    return sum(map(len, found.values()))


def test_each_expression_finds_what_the_librarys_own_finds() -> None:
    assert same(document_fromstring(MARKUP)) >= 12


@pytest.mark.shared
def test_each_expression_finds_the_same_on_real_pages(shared: Path) -> None:
    pages = sorted((shared / "data" / "pages").glob("*.html.gz"))[::20]
    assert sum(same(document_fromstring(gzip.decompress(page.read_bytes()))) for page in pages) > 100


def test_every_expression_that_asks_for_words_is_a_lighter_one() -> None:
    asking = [name for name, one in expressions(xpaths).items() if "re:" in one.path]
    assert len(asking) > 10
    assert not [name for name in asking if type(expressions(xpaths)[name]) is XPath]
    assert lighter.lighten(xpaths) == 0  # done at import; again changes nothing


def test_what_asks_for_more_than_attributes_stays_as_it_is() -> None:
    module = ModuleType("lists")
    namespaces = {"re": "http://exslt.org/regular-expressions"}
    module.LIST = [  # type: ignore[attr-defined]
        XPath(path, namespaces=namespaces)
        for path in (".//p[re:test(text(), 'a')]", ".//p[re:test(@id, 'a', 'i')]", ".//p[re:match(@id, 'a')]", ".//p")
    ]
    assert lighter.lighten(module) == 1
    assert [type(one) is XPath for one in expressions(module).values()] == [True, False, True, True]
    root = document_fromstring("<p id=xA>a</p><p id=b>b</p><p>c</p>")
    assert [element.text for element in expressions(module)["LIST[1]"](root)] == ["a"]
