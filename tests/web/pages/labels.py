"""A photo of a label, as a phone takes it: the QR code askew, on grey paper, with noise and a shadow."""

from __future__ import annotations

import io
from random import Random

import segno
from PIL import Image, ImageFilter

SIZE = (1500, 1100)


def photo(text: str) -> bytes:
    """Return a JPEG with the QR code of ``text`` somewhere in it."""
    code = io.BytesIO()
    segno.make(text, error="m").save(code, kind="png", scale=9, border=4)
    paper = Image.open(code).convert("RGB").rotate(14, expand=True, fillcolor=(235, 233, 226))
    whole = Image.new("RGB", SIZE, (96, 104, 110))
    whole.paste(paper, (520, 240))
    shadow = Image.linear_gradient("L").resize(SIZE).point(lambda light: 120 + light // 2)
    dark = Image.composite(whole, Image.new("RGB", SIZE), shadow)
    noise = Image.frombytes("L", SIZE, Random(7).randbytes(SIZE[0] * SIZE[1])).convert("RGB")
    taken = Image.blend(dark, noise, 0.08).filter(ImageFilter.GaussianBlur(1.2))
    file = io.BytesIO()
    taken.save(file, "JPEG", quality=80)
    return file.getvalue()


def nothing() -> bytes:
    """Return a JPEG without any code."""
    file = io.BytesIO()
    Image.linear_gradient("L").resize((640, 480)).convert("RGB").save(file, "JPEG")
    return file.getvalue()
