"""Text and structure of files."""

from __future__ import annotations

import random

import pytest

from airflow_provider_harness.adapters.learning.retrieval.formats import read
from airflow_provider_harness.core.learning.documents import NotText

PAGE = """<html><head><title>no</title><style>p {}</style></head><body><h1>Guide &amp; more</h1><p>one <b>two</b>
 three</p><h2>Below</h2><ul><li>a<li>b</ul><pre>x

 y</pre><script>steal()</script><h1>Last</h1><table><tr><td>1</td><td>2</td></tr></table></body></html>"""


def told(text: str, suffix: str) -> list[tuple[tuple[str, ...], str]]:
    found, blocks = read(text.encode(), suffix)
    return [(block.headings, found[block.start : block.end]) for block in blocks]


def test_a_page_is_read_as_a_reader_sees_it() -> None:
    above, below = ("Guide & more",), ("Guide & more", "Below")
    assert told(PAGE, ".HTML") == [
        (above, "Guide & more"),
        (above, "one two three"),
        (below, "Below"),
        (below, "a"),
        (below, "b"),
        (below, "x\n\n y"),
        (("Last",), "Last"),
        (("Last",), "1 2"),
    ]


def pdf(*pages: str) -> bytes:
    """The smallest file of PDF with a line of text a page."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    parts = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, text in enumerate(pages):
        stream = f"BT /F1 12 Tf 20 100 Td ({text}) Tj ET" if text else ""
        parts.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Resources << /Font << /F1 3 0 R >> >> "
            f"/Contents {5 + 2 * number} 0 R >>"
        )
        parts.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    body, places = "%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{part}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    end = f"trailer\n<< /Size {len(parts) + 1} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return f"{body}xref\n0 {len(parts) + 1}\n0000000000 65535 f \n{table}{end}".encode()


def test_a_pdf_is_read_page_by_page() -> None:
    text, blocks = read(pdf("Restart it.", "Grow the volume."), ".pdf")
    assert [(one.headings, text[one.start : one.end]) for one in blocks] == [
        (("page 1",), "Restart it."),
        (("page 2",), "Grow the volume."),
    ]


def test_a_pdf_without_text_is_named() -> None:
    with pytest.raises(NotText, match="without text; a scan needs its characters recognised first"):
        read(pdf(""), ".pdf")


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<html><head><title>no</title><meta charset=utf-8><body><p>The head has no end.", "The head has no end."),
        ("<head><style>p {}</style><noscript>no<body><p>Seen.</p>", "Seen."),
        ("<p>a</style> b</p><template>no</template><p>c</p>", "a b\n\nc"),
        ("<table><tr><td>1<td>2<tr><th>3</th><th>4</table>", "1 2\n\n3 4"),
        ("<svg><title>no</title></svg><p onclick='no()'>x &#0; y</p>", "x \ufffd y"),
    ],
)
def test_a_page_as_people_write_it_is_read(page: str, text: str) -> None:
    assert read(page.encode(), ".html")[0].strip() == text


@pytest.mark.parametrize("page", ["<script>draw()</script>", "<!-- nothing -->", "<title>only</title>"])
def test_a_page_that_shows_nothing_is_named(page: str) -> None:
    with pytest.raises(NotText, match="is a page without text"):
        read(page.encode(), ".html")
    assert read(b"", ".html") == ("", ())


def test_a_byte_order_mark_is_no_character() -> None:
    text, [block] = read(b"\xef\xbb\xbfone\r\ntwo\r\n", ".txt")
    assert (text[block.start : block.end], block.start) == ("one\r\ntwo", 0)


def locked() -> bytes:
    from io import BytesIO

    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(BytesIO(pdf("Hidden."))))
    writer.encrypt("secret", algorithm="RC4-128")
    held = BytesIO()
    writer.write(held)
    return held.getvalue()


@pytest.mark.attack
def test_a_pdf_that_is_broken_or_locked_is_named_whatever_is_wrong_with_it() -> None:
    whole, dice = pdf("Restart it.", "Grow the volume."), random.Random(5)
    broken = [whole[:size] for size in range(0, len(whole), 40)]
    for _ in range(150):
        changed = bytearray(whole)
        for place in dice.sample(range(len(whole)), 4):
            changed[place] = dice.randrange(256)
        broken.append(bytes(changed))
    named = 0
    for data in [*broken, locked()]:
        try:
            text, _ = read(data, ".pdf")
        except NotText:
            named += 1
        else:
            text.encode()
    assert named > 20
    with pytest.raises(NotText, match="FileNotDecryptedError"):
        read(locked(), ".pdf")
