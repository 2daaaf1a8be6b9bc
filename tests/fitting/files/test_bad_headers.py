"""Headers of every badness: from description to results they are read, refused by a sentence, or left out."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from hypothesis import given, settings
from hypothesis import strategies as st

from fitting.files import FileInvalid, describe_file, recognise_planes, sky_map
from fitting.inputs import load_images
from fitting.inputs.astrometry import sky_of
from fitting.inputs.frame_faults import frame_faults
from fitting.results.result import ImageResult
from fitting.results.result_files import write_image
from fitting.spec import RequestInvalid, parse_request
from tests.fitting.files.test_sky_coordinates import header

IMAGE = np.random.default_rng(5).normal(10.0, 1.0, (16, 20)).astype(np.float32)
MASK = np.zeros((16, 20), dtype=np.int32)
MASK[3, 4] = 5
KEYWORDS = (
    "CTYPE1",
    "CTYPE2",
    "CRVAL1",
    "CRVAL2",
    "CRPIX1",
    "CRPIX2",
    "CD1_1",
    "CD1_2",
    "CD2_1",
    "CD2_2",
    "PC1_1",
    "PC2_2",
    "CDELT1",
    "CDELT2",
    "CROTA2",
    "CUNIT1",
    "CUNIT2",
    "RADESYS",
    "RADECSYS",
    "EQUINOX",
    "EPOCH",
    "LONPOLE",
    "LATPOLE",
    "WCSAXES",
    "PV1_1",
    "PV2_1",
    "PV2_3",
    "A_ORDER",
    "B_ORDER",
    "A_2_0",
    "B_0_2",
    "AP_ORDER",
    "CPDIS1",
    "D2IMDIS1",
    "DP1",
    "D2IM1",
    "AXISCORR",
    "CTYPE3",
    "CRPIX3",
    "CD3_3",
    "CTYPE1A",
    "CRPIX1A",
    "CRVAL1A",
    "CD1_1A",
    "WCSNAMEA",
    "LTV1",
    "LTV2",
    "LTM1_1",
    "EXTNAME",
    "EXTVER",
    "EXTTYPE",
    "IMAGETYP",
    "UTYPE",
    "HDUCLAS2",
    "HDUCLAS3",
    "PRODTYPE",
    "INHERIT",
    "TELESCOP",
    "DETECTOR",
    "BUNIT",
    "BSCALE",
    "BZERO",
    "BLANK",
    "MAGZERO",
    "MAGZPT",
    "MAGZP",
    "PHOTZP",
    "ZEROPT",
    "FLUXMAG0",
    "FLUX20",
    "PHOTFLAM",
    "PHOTPLAM",
    "PIXAR_SR",
    "EXPTIME",
    "TEXPTIME",
    "BOFFSET",
    "BSOFTEN",
    "GAIN",
    "RDNOISE",
    "NCOMBINE",
    "SATURATE",
    "MP_BAD",
    "MSKNAM00",
    "MSKVAL00",
    "PIXELSCL",
    "OVERSAMP",
    "DET_SAMP",
    "D001WTSC",
    "DATE-OBS",
    "MJD-OBS",
    "OBJECT",
    "CONTINUE",
    "COMMENT",
    "HISTORY",
    "HIERARCH",
    "SIMPLE",
    "BITPIX",
    "NAXIS",
    "NAXIS1",
    "XTENSION",
    "PCOUNT",
    "GROUPS",
    "CHECKSUM",
)
"""What some part of photfit or astropy reads."""
VALUES = (
    b"NaN",
    b"-Inf",
    b"1e400",
    b"-1.7e308",
    b"5e-324",
    b"0",
    b"0.0",
    b"-1",
    b"3",
    b"99999999999999999999",
    b"1D2",
    b"T",
    b"F",
    b"(1.0, 2.0)",
    b"counts/s",
    b"'open",
    b"''",
    b"'  '",
    b"''''",
    b"'RA---TAN'",
    b"'DEC--TAN'",
    b"'RA---TAB'",
    b"'GLON-CAR'",
    b"'XXXX-YYY'",
    b"'lookup'",
    b"'EXTVER: 1'",
    b"'AXIS.1: nan'",
    b"'icrs'",
    b"'deg'",
    b"'furlong'",
    b"'MJy/sr'",
    b"'VARIANCE'",
    b"'a\tb'",
    b"'a\0b'",
    b"'\xe9\xff'",
    b"\xff\xfe",
    b"'long&'",
    b"'x' / y",
    b"/ only a comment",
    b"",
    b"1 2",
    b"--",
    b"=",
    b"'2001-99-99'",
)
"""Raw values of cards."""
KEYS_OF_NOBODY = st.one_of(
    st.binary(min_size=1, max_size=8), st.sampled_from((b"A*", b"C?TYPE1", b"...", b"*", b"X[1]"))
)
KNOWN = st.sampled_from(KEYWORDS)
CARDS = st.tuples(
    st.one_of(KNOWN.map(str.encode), KNOWN.map(lambda key: key.lower().encode()), KEYS_OF_NOBODY),
    st.one_of(
        st.sampled_from(VALUES),
        st.sampled_from(VALUES),
        st.floats().map(lambda value: repr(value).encode()),
        st.binary(max_size=70),
    ),
    st.sampled_from((b"= ", b"= ", b"= ", b"=", b"  ")),
)
BAD = st.lists(st.tuples(st.integers(0, 2), CARDS), min_size=1, max_size=6)
_SKY = {"name": "sky", "profile": "flat_sky", "parameters": {"i": 10}}
_STAR = {"name": "s", "profile": "point_source", "parameters": {"ra": 150.0, "dec": 2.0, "flux": 3}}


def sound_file() -> list[bytes]:
    """Headers and data of a file with an image and a mask, in turn."""
    with tempfile.NamedTemporaryFile(suffix=".fits") as file:
        head = header(MAGZERO=25.0, EXPTIME=10.0, BUNIT="adu")
        mask = fits.ImageHDU(MASK, name="MASK")
        fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(IMAGE, head, name="SCI"), mask]).writeto(
            file.name, overwrite=True
        )
        content, pieces, start = Path(file.name).read_bytes(), [], 0
        with fits.open(file.name) as hdus:
            for hdu in hdus:
                info = hdu.fileinfo()
                pieces += [content[start : info["datLoc"]], content[info["datLoc"] : info["datLoc"] + info["datSpan"]]]
                start = info["datLoc"] + info["datSpan"]
    return pieces


SOUND = sound_file()


def with_cards(bad: list[tuple[int, tuple[bytes, bytes, bytes]]]) -> bytes:
    """The file with raw cards in the place of those of their keyword, or before the end of a header."""
    pieces = list(SOUND)
    for place, (key, value, sign) in bad:
        head = pieces[2 * place]
        cards = [head[start : start + 80] for start in range(0, len(head), 80)]
        cards = cards[: next(number for number, card in enumerate(cards) if card.startswith(b"END     "))]
        card = (key.ljust(8)[:8] + sign + value).ljust(80)[:80]
        at = next((number for number, other in enumerate(cards) if other[:8] == card[:8]), len(cards))
        cards[at : at + 1] = [card]
        whole = b"".join([*cards, b"END".ljust(80)])
        pieces[2 * place] = whole.ljust(-(-len(whole) // 2880) * 2880)
    return b"".join(pieces)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, derandomize=True)
@given(bad=BAD)
def test_bad_cards_are_read_refused_or_left_out_from_upload_to_result(
    bad: list[tuple[int, tuple[bytes, bytes, bytes]]],
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "image.fits"
        path.write_bytes(with_cards(bad))
        try:
            described = describe_file(path)
        except FileInvalid:
            return
        planes = recognise_planes(described, None)
        described.model_dump_json()
        picture = {key: {"path": "image.fits", "hdu": hdu} for key, hdu in planes.hdus.items()}
        for components in ([_SKY], [_SKY, _STAR]):
            document = {"images": [picture], "components": components}
            if len(components) == 2:
                document |= {"frame": "sky"}
                picture["psf"] = {"gaussian": {"fwhm": 3}}
            try:
                request = parse_request(document)
                (image,) = load_images(request, lambda file: folder / file)
            except RequestInvalid:
                continue
            list(frame_faults(request, [image]))
            sky_of(image)
            sky_map(path, planes.hdus["data"])
            result = ImageResult(
                "i", image.data, image.data, image.variance, image.mask, (3, 2), image.header, {"a": image.data}
            )
            write_image(result, folder / "out", ["made"])
            for file in ("data.fits", "component/a.fits"):
                with fits.open(folder / "out" / file) as hdus, warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    hdus.verify("exception")
                    WCS(hdus[0].header)
                    assert hdus[0].data.shape == image.data.shape
