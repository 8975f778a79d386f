"""Words across the pages of a PDF."""

import io
import math

from odoo.tools.pdf import PdfFileReader, PdfFileWriter

GRAY = 0.6
OPACITY = 0.35


def stamped(stream, words):
    """Write words across each page of a PDF.

    :param stream: the PDF, to be read
    :param str words: a few
    :rtype: bytes
    """
    reader, writer = PdfFileReader(stream, strict=False), PdfFileWriter()
    for number in range(reader.getNumPages()):
        page = reader.getPage(number)
        page.mergePage(_layer([float(edge) for edge in page.mediaBox], words))
        writer.addPage(page)
    result = io.BytesIO()
    writer.write(result)
    return result.getvalue()


def _layer(box, words):
    """Make a page of the same size, with the words along its diagonal."""
    from reportlab.pdfbase.pdfmetrics import stringWidth
    from reportlab.pdfgen.canvas import Canvas

    left, bottom, right, top = box
    width, height = right - left, top - bottom
    size = 0.7 * math.hypot(width, height) / stringWidth(words, "Helvetica-Bold", 1)
    packet = io.BytesIO()
    canvas = Canvas(packet, pagesize=(right, top))
    canvas.translate(left + width / 2, bottom + height / 2)
    canvas.rotate(math.degrees(math.atan2(height, width)))
    canvas.setFont("Helvetica-Bold", min(size, height / 8))
    canvas.setFillGray(GRAY, OPACITY)
    canvas.drawCentredString(0, 0, words)
    canvas.showPage()
    canvas.save()
    return PdfFileReader(packet).getPage(0)
