"""Words across the pages of a PDF."""

import io
import math

from odoo.tools.pdf import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    PdfFileReader,
    PdfFileWriter,
)

GRAY = 0.86
FONT = "Helvetica-Bold"


def stamped(stream, words):
    """Write words across each page of a PDF.

    :param stream: the PDF, to be read
    :param str words: a few
    :rtype: bytes
    """
    reader, writer = PdfFileReader(stream, strict=False), PdfFileWriter()
    for number in range(reader.getNumPages()):
        writer.addPage(reader.getPage(number))
        _stamp(writer, writer.getPage(number), words, f"/AegisWatermark{number}")
    result = io.BytesIO()
    writer.write(result)
    return result.getvalue()


def _stamp(writer, page, words, name):
    """Add the words to what a page draws. That is not read: drawn letters may take seconds a page."""
    drawing = _stream(_draw([float(edge) for edge in page.mediaBox], words))
    drawing.update(_names(Type="XObject", Subtype="Form"))
    drawing[NameObject("/BBox")] = page.mediaBox
    drawing[NameObject("/Resources")] = _resources(writer)
    resources = page["/Resources"]
    if "/XObject" not in resources:
        resources[NameObject("/XObject")] = DictionaryObject()
    resources["/XObject"][NameObject(name)] = writer._addObject(drawing)
    parts = []
    if "/Contents" in page:
        contents = page["/Contents"].getObject()
        parts = contents if isinstance(contents, ArrayObject) else [page.raw_get("/Contents")]
    around = _stream("q\n"), _stream(f"\nQ q {name} Do Q\n")
    before, after = map(writer._addObject, around)
    page[NameObject("/Contents")] = ArrayObject([before, *parts, after])


def _draw(box, words):
    """Give the drawing of the words along the diagonal of a page."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    left, bottom, right, top = box
    width, height = right - left, top - bottom
    size = min(0.7 * math.hypot(width, height) / stringWidth(words, FONT, 1), height / 8)
    angle, half = math.atan2(height, width), stringWidth(words, FONT, size) / 2
    cos, sin = math.cos(angle), math.sin(angle)
    x, y = left + width / 2 - half * cos, bottom + height / 2 - half * sin
    place = " ".join(f"{number:.4f}" for number in (cos, sin, -sin, cos, x, y))
    text = words.encode("cp1252", "replace").hex()
    return f"/Darken gs {GRAY} g BT /Bold {size:.2f} Tf {place} Tm <{text}> Tj ET"


def _resources(writer):
    """Say what the drawing is done with: a font that each reader has, and a gray that lets text through."""
    bold = _names(Type="Font", Subtype="Type1", BaseFont=FONT, Encoding="WinAnsiEncoding")
    darken = _names(Type="ExtGState", BM="Multiply")
    return _dictionary(Font=_dictionary(Bold=writer._addObject(bold)), ExtGState=_dictionary(Darken=darken))


def _names(**values):
    return _dictionary(**{key: NameObject(f"/{value}") for key, value in values.items()})


def _dictionary(**values):
    return DictionaryObject({NameObject(f"/{key}"): value for key, value in values.items()})


def _stream(text):
    stream = DecodedStreamObject()
    stream.setData(text.encode())
    return stream
