"""MkDocs' hook: puts the pages of the repository's top folder into the site, and lets no link lead out of it.

The pages are written to be read on GitHub, where README.md links docs/ and docs/ links tests/. In the site, README.md is the
first page; a link to a file that is not in the site is shown as the file's path.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]

#: Path in the repository -> page of the site.
TOP = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "RELEASING.md": "releasing.md",
    "CODE_OF_CONDUCT.md": "conduct.md",
    "SECURITY.md": "security.md",
}

_FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?![a-z]+:|#)([^)#\s]+)(#[^)\s]*)?\)")


def on_files(files: Files, *, config: Any) -> Files:
    """Adds the pages of the top folder."""
    from mkdocs.structure.files import File

    for name, page in TOP.items():
        files.append(File.generated(config, page, content=(ROOT / name).read_text()))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: Any) -> str:
    """The page with each link leading to a page of the site, or shown as a path where the site has no such page."""
    source = next((name for name, made in TOP.items() if made == page.file.src_uri), f"docs/{page.file.src_uri}")
    parts = _FENCE.split(markdown)
    parts[::2] = [_LINK.sub(lambda link: _led(link, source, page.file.src_uri), part) for part in parts[::2]]
    return "".join(parts)


def _led(link: re.Match[str], source: str, here: str) -> str:
    """The link as it leads from page `here`, whose text is the file `source`."""
    picture, text, target, fragment = link[1], link[2], link[3], link[4] or ""
    path = posixpath.normpath(PurePosixPath(source).parent / target)
    if path in TOP or path.startswith("docs/"):  # a page that is not there is left to MkDocs, which refuses it
        there = posixpath.relpath(TOP.get(path, path.removeprefix("docs/")), PurePosixPath(here).parent)
        return f"{picture}[{text}]({there}{fragment})"
    return f"{text} (`{path}`)" if (ROOT / path).exists() else link[0]
