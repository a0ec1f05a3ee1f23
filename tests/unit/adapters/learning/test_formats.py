"""Text and structure of files."""

from __future__ import annotations

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
