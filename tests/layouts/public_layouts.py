"""Layouts of public image files, written small: what stands in each, and what a reader has to make of it.

``python -m tests.layouts.public_layouts FOLDER`` writes them all. Pixels are random numbers; cards and HDUs are those
of the observatory, pipeline or program that the layout is named after, as far as they say what the pixels are. What is
right is worked out here by other means than photfit: literal numbers, NumPy, and astropy's own reading of the
coordinates.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asdf
import numpy as np
from astropy import units
from astropy.coordinates import BarycentricMeanEcliptic, Supergalactic
from astropy.io import fits
from astropy.nddata import CCDData, InverseVariance, StdDevUncertainty, VarianceUncertainty
from numpy.typing import NDArray

Array = NDArray[Any]
HEIGHT, WIDTH = 24, 30
SHAPE = (HEIGHT, WIDTH)
RNG = np.random.default_rng(16)
IMAGE = RNG.normal(10.0, 1.0, SHAPE).astype(np.float32)
SIGMA = RNG.uniform(0.5, 2.0, SHAPE).astype(np.float32)
WEIGHT = (1.0 / SIGMA.astype(float) ** 2).astype(np.float32)
VARIANCE = (SIGMA.astype(float) ** 2).astype(np.float32)
OTHER = RNG.normal(0.0, 1.0, SHAPE).astype(np.float32)


def bits(*pixels: tuple[int, int, int]) -> Array:
    """A mask of zeros with a value at each (row, column)."""
    made = np.zeros(SHAPE, dtype=np.int32)
    for row, column, value in pixels:
        made[row, column] = value
    return made


def at(*pixels: tuple[int, int]) -> NDArray[np.bool_]:
    """True at some pixels (row, column)."""
    made = np.zeros(SHAPE, dtype=bool)
    for row, column in pixels:
        made[row, column] = True
    return made


@dataclass(frozen=True)
class Layout:
    """A file, and what is right of it.

    Attributes:
        write: makes the file (and others beside it) in a folder.
        file: its name there.
        pixels: of the image, in proportion to flux.
        planes: HDU of each plane that the file itself says, for the image `hdu`.
        hdu: what a user names, None for the first.
        plane: of a cube.
        beside: planes of other files, or of cubes, as a request names them.
        zero_point: magnitude of one data unit.
        variance: of each pixel, where a plane holds the noise.
        masked: where the mask takes a pixel.
        sky: whether there are coordinates on the sky, or they are refused, or there are none.
        frame: of the coordinates, by astropy's name, where its own reading of a header does not tell it.
        lossy: share of the pixels' scatter by which compression may change them.
    """

    write: Callable[[Path], None]
    pixels: Array = field(default_factory=lambda: IMAGE)
    planes: Mapping[str, int] = field(default_factory=lambda: {"data": 0})
    file: str = "image.fits"
    hdu: int | str | None = None
    plane: int | None = None
    beside: Mapping[str, Any] = field(default_factory=dict)
    zero_point: float | None = None
    variance: Array | None = None
    masked: NDArray[np.bool_] | None = None
    sky: str = "read"
    frame: Any = None
    lossy: float = 0.0


LAYOUTS: dict[str, Layout] = {}


def coordinates(projection: str = "TAN", axes: tuple[str, str] = ("RA--", "DEC-"), **cards: Any) -> fits.Header:
    """Coordinates of 0.2 arcsec a pixel, turned by 30 degrees."""
    turn, step = math.radians(30.0), 0.2 / 3600.0
    head = fits.Header()
    for axis, (name, value) in enumerate(zip(axes, (150.1, 2.2), strict=True), start=1):
        head[f"CTYPE{axis}"], head[f"CRVAL{axis}"], head[f"CUNIT{axis}"] = f"{name}-{projection}", value, "deg"
    head["CRPIX1"], head["CRPIX2"] = 12.5, 9.25
    matrix = {(1, 1): -math.cos(turn), (1, 2): math.sin(turn), (2, 1): math.sin(turn), (2, 2): math.cos(turn)}
    head.update({f"CD{i}_{j}": step * value for (i, j), value in matrix.items()})
    head.update(cards)
    return head


SIP = {"A_ORDER": 3, "B_ORDER": 3, "A_2_0": 3e-5, "A_1_1": -2e-5, "A_0_3": 4e-7, "B_0_2": 2e-5, "B_2_1": -3e-7}


def image(
    data: Array | None, name: str = "", version: int | None = None, head: fits.Header | None = None, **cards: Any
) -> fits.ImageHDU:
    """An extension."""
    made = fits.ImageHDU(data, head.copy() if head is not None else None)
    if name:
        made.header["EXTNAME"] = name
    if version is not None:
        made.header["EXTVER"] = version
    made.header.update(cards)
    return made


def primary(data: Array | None = None, head: fits.Header | None = None, **cards: Any) -> fits.PrimaryHDU:
    """The first HDU."""
    made = fits.PrimaryHDU(data, head.copy() if head is not None else None)
    made.header.update(cards)
    return made


def saved(*hdus: Any) -> Callable[[Path], None]:
    """Writes image.fits of these HDUs."""

    def write(folder: Path) -> None:
        # Copies of compressed ones forget how they are to be compressed.
        made = [hdu if isinstance(hdu, fits.CompImageHDU) else hdu.copy() for hdu in hdus]
        fits.HDUList(made).writeto(folder / "image.fits", output_verify="silentfix")

    return write


def table(name: str = "") -> fits.BinTableHDU:
    """A small table, as many files have beside their images."""
    return fits.BinTableHDU.from_columns([fits.Column("a", "E", array=[1.0, 2.0])], name=name)


def lookup(head: fits.Header, keyword: str, dis: str, axis: int) -> None:
    """Cards that lead to a table of distortion of an axis."""
    head[f"{dis}{axis}"] = "Lookup"
    for key, value in (("EXTVER", float(axis)), ("NAXES", 2.0), ("AXIS.1", 1.0), ("AXIS.2", 2.0)):
        head.append(fits.Card.fromstring(f"{f'{keyword}{axis}':<8}= '{key}: {value}'"))


def hst_tables() -> list[fits.ImageHDU]:
    """D2IMARR and WCSDVARR of both axes."""
    y, x = np.mgrid[:4, :5]
    made = []
    for name, size, step in (("D2IMARR", 0.01, 8.0), ("WCSDVARR", 0.2, 8.0)):
        for axis in (1, 2):
            hdu = image((size * np.sin(0.7 * x + axis + 0.5 * y)).astype(np.float32), name, axis)
            hdu.header.update({"CRPIX1": 0.0, "CRPIX2": 0.0, "CDELT1": step, "CDELT2": step})
            made.append(hdu)
    return made


def hst_header(*, tables: bool, **cards: Any) -> fits.Header:
    """A chip of HST: TAN-SIP, with tables."""
    head = coordinates("TAN-SIP", **SIP, **cards)
    for axis in (1, 2) if tables else ():
        lookup(head, "DP", "CPDIS", axis)
        lookup(head, "D2IM", "D2IMDIS", axis)
    return head


# Hubble ---------------------------------------------------------------------------------------------------------------

PHOT = {"PHOTFLAM": 7.0e-20, "PHOTPLAM": 8045.0}
AB = -2.5 * math.log10(7.0e-20) - 5.0 * math.log10(8045.0) - 2.408
CR, WARM, HOT = 4096, 64, 16
HST_DQ = bits((3, 4, CR), (5, 6, WARM), (7, 8, HOT))

LAYOUTS["hst_acs_flc_second_chip"] = Layout(
    saved(
        primary(TELESCOP="HST", INSTRUME="ACS", DETECTOR="WFC", EXPTIME=500.0),
        image(OTHER, "SCI", 1, hst_header(tables=True), BUNIT="ELECTRONS", **PHOT),
        image(OTHER, "ERR", 1),
        image(bits((1, 1, HOT)), "DQ", 1),
        image(IMAGE, "SCI", 2, hst_header(tables=True, CRVAL2=2.3), BUNIT="ELECTRONS", **PHOT),
        image(SIGMA, "ERR", 2),
        image(HST_DQ, "DQ", 2),
        *hst_tables(),
        table("WCSCORR"),
    ),
    hdu=4,
    planes={"data": 4, "sigma": 5, "mask": 6},
    zero_point=AB + 2.5 * math.log10(500.0),
    variance=SIGMA.astype(float) ** 2,
    masked=at((3, 4), (7, 8)),
)
LAYOUTS["hst_wfc3_ir_flt"] = Layout(
    saved(
        primary(TELESCOP="HST", INSTRUME="WFC3", DETECTOR="IR", EXPTIME=1200.0),
        image(IMAGE, "SCI", 1, hst_header(tables=False), BUNIT="ELECTRONS/S", **PHOT),
        image(SIGMA, "ERR", 1, BUNIT="ELECTRONS/S"),
        image(bits((2, 2, 4), (5, 6, WARM), (9, 9, 8192)), "DQ", 1),
        image(np.full(SHAPE, 12, dtype=np.int16), "SAMP", 1),
        image(np.full(SHAPE, 1200.0, dtype=np.float32), "TIME", 1),
    ),
    planes={"data": 1, "sigma": 2, "mask": 3},
    zero_point=AB,
    variance=SIGMA.astype(float) ** 2,
    masked=at((2, 2)),
)
LAYOUTS["hst_drz_weights_of_exposure_time"] = Layout(
    saved(
        primary(TELESCOP="HST", EXPTIME=2000.0, D001WTSC=500.0, D001DEXP=500.0, D001KERN="square"),
        image(IMAGE, "SCI", 1, coordinates(), BUNIT="ELECTRONS/S", **PHOT),
        image(RNG.uniform(0.5, 1.0, SHAPE).astype(np.float32) * 2000.0, "WHT", 1),
        image(np.ones(SHAPE, dtype=np.int32), "CTX", 1),
    ),
    planes={"data": 1},
    zero_point=AB,
)
LAYOUTS["hst_drz_weights_of_inverse_variance"] = Layout(
    saved(
        primary(TELESCOP="HST", EXPTIME=2000.0, D001WTSC=1.0, D001DEXP=500.0),
        image(IMAGE, "SCI", 1, coordinates(), BUNIT="ELECTRONS/S", **PHOT),
        image(WEIGHT, "WHT", 1),
        image(np.ones(SHAPE, dtype=np.int32), "CTX", 1),
    ),
    planes={"data": 1, "weight": 2},
    zero_point=AB,
    variance=1.0 / WEIGHT.astype(float),
)
WFPC2 = RNG.normal(size=(4, *SHAPE)).astype(np.float32)
LAYOUTS["hst_wfpc2_cube_of_chips"] = Layout(
    saved(primary(WFPC2, TELESCOP="HST", INSTRUME="WFPC2"), table()),
    pixels=WFPC2[2],
    plane=2,
    hdu=0,
    planes={},
    sky="none",
)

# JWST, Roman, Spitzer, WISE, Euclid -----------------------------------------------------------------------------------

STERADIAN = math.radians(0.2 / 3600.0) ** 2
MJY_SR = -2.5 * math.log10(1e6 * 2.0e-12 / 3631.0)
JWST = {"TELESCOP": "JWST", "INSTRUME": "NIRCAM"}
LAYOUTS["jwst_cal"] = Layout(
    saved(
        primary(**JWST, XPOSURE=311.0, EXPTIME=311.0),
        image(IMAGE, "SCI", 1, coordinates("TAN-SIP", **SIP), BUNIT="MJy/sr", PHOTMJSR=1.8, PIXAR_SR=2.0e-12),
        image(SIGMA, "ERR", 1, BUNIT="MJy/sr"),
        image(bits((1, 1, 1), (2, 2, 4), (3, 3, 2 + 4), (4, 4, 1 + 2**20)), "DQ", 1),
        image(np.ones(SHAPE, dtype=np.float32), "AREA", 1),
        image(VARIANCE * 0.1, "VAR_POISSON", 1),
        image(VARIANCE * 0.9, "VAR_RNOISE", 1),
        table("ASDF"),
    ),
    planes={"data": 1, "sigma": 2, "mask": 3},
    zero_point=MJY_SR,
    variance=SIGMA.astype(float) ** 2,
    masked=at((1, 1), (4, 4)),
)
LAYOUTS["jwst_i2d"] = Layout(
    saved(
        primary(**JWST),
        image(IMAGE, "SCI", 1, coordinates(), BUNIT="MJy/sr", PIXAR_SR=2.0e-12),
        image(SIGMA, "ERR", 1),
        image(np.ones((1, *SHAPE), dtype=np.int32), "CON", 1),
        image(WEIGHT * 7.0, "WHT", 1),
        image(VARIANCE, "VAR_POISSON", 1),
        table("HDRTAB"),
    ),
    planes={"data": 1, "sigma": 2},
    zero_point=MJY_SR,
    variance=SIGMA.astype(float) ** 2,
)


def roman(**arrays: Array) -> Callable[[Path], None]:
    """Writes image.asdf with the arrays below ``roman``."""
    tree = {"roman": {"meta": {"telescope": "ROMAN", "pointing_engineering_source": "CALCULATED"}, **arrays}}
    return lambda folder: asdf.AsdfFile(tree).write_to(folder / "image.asdf")


LAYOUTS["roman_level_2"] = Layout(
    roman(
        amp33=np.zeros((4, 5), dtype=np.uint16),
        data=IMAGE,
        dq=bits((1, 1, 1), (2, 2, 4)).astype(np.uint32),
        err=SIGMA,
        var_poisson=VARIANCE,
    ),
    file="image.asdf",
    planes={"data": 1, "mask": 2, "sigma": 3},
    variance=SIGMA.astype(float) ** 2,
    masked=at((1, 1)),
    sky="none",
)
LAYOUTS["roman_level_3"] = Layout(
    roman(context=np.ones((1, *SHAPE), dtype=np.uint32), data=IMAGE, err=SIGMA, weight=WEIGHT),
    file="image.asdf",
    planes={"data": 1, "sigma": 2},
    variance=SIGMA.astype(float) ** 2,
    sky="none",
)
LAYOUTS["spitzer_mosaic"] = Layout(
    lambda folder: (
        saved(primary(IMAGE, coordinates(), BUNIT="MJy/sr", TELESCOP="Spitzer", EXPTIME=96.8))(folder),
        fits.PrimaryHDU(SIGMA).writeto(folder / "unc.fits"),
    )[0],
    beside={"sigma": "unc.fits"},
    zero_point=-2.5 * math.log10(1e6 * STERADIAN / 3631.0),
    variance=SIGMA.astype(float) ** 2,
)
LAYOUTS["wise_level_1b"] = Layout(
    lambda folder: (
        saved(primary(IMAGE, coordinates("TAN-SIP", **SIP), BUNIT="DN", MAGZP=20.752, TELESCOP="WISE"))(folder),
        fits.PrimaryHDU(SIGMA).writeto(folder / "unc.fits"),
        fits.PrimaryHDU(bits((4, 5, 2**21))).writeto(folder / "msk.fits"),
    )[0],
    beside={"sigma": "unc.fits", "mask": "msk.fits"},
    zero_point=20.752,
    variance=SIGMA.astype(float) ** 2,
    masked=at((4, 5)),
)
LAYOUTS["euclid_vis_detectors"] = Layout(
    saved(
        primary(TELESCOP="EUCLID", INSTRUME="VIS", EXPTIME=560.5),
        *(
            image(data, f"{detector}.{kind}", None, coordinates(CRVAL1=150.0 + place) if kind == "SCI" else None)
            for place, detector in enumerate(("1-1", "1-2"))
            for kind, data in (
                ("SCI", (OTHER, IMAGE)[place]),
                ("RMS", (OTHER, SIGMA)[place]),
                ("FLG", bits((place, 3, 1))),
            )
        ),
    ),
    hdu="1-2.SCI",
    planes={"data": 4, "sigma": 5, "mask": 6},
    variance=SIGMA.astype(float) ** 2,
    masked=at((1, 3)),
)
LAYOUTS["euclid_mer_mosaic"] = Layout(
    lambda folder: (
        saved(primary(IMAGE, coordinates(), MAGZERO=23.9, TELESCOP="EUCLID", STMPNAME="EUC_MER"))(folder),
        fits.PrimaryHDU(SIGMA, coordinates()).writeto(folder / "rms.fits"),
        fits.PrimaryHDU(bits((8, 8, 1))).writeto(folder / "flag.fits"),
    )[0],
    beside={"sigma": "rms.fits", "mask": "flag.fits"},
    zero_point=23.9,
    variance=SIGMA.astype(float) ** 2,
    masked=at((8, 8)),
)

# Rubin and its pipelines ----------------------------------------------------------------------------------------------

MASK_PLANES = {"BAD": 0, "SAT": 1, "INTRP": 2, "CR": 3, "EDGE": 4, "DETECTED": 5, "DETECTED_NEGATIVE": 6, "NO_DATA": 8}
RUBIN_MASK = bits((1, 1, 1), (2, 2, 2**5), (3, 3, 2**3 + 2**5), (4, 4, 2**8), (5, 5, 2**2))
RUBIN_MASKED = at((1, 1), (3, 3), (4, 4))
MP = {f"HIERARCH MP_{name}": number for name, number in MASK_PLANES.items()}
LAYOUTS["lsst_calexp"] = Layout(
    saved(
        primary(TELESCOP="Simonyi Survey Telescope"),
        image(IMAGE, "IMAGE", None, coordinates("TAN-SIP", **SIP), BUNIT="nJy"),
        image(RUBIN_MASK, "MASK", None, **MP),
        image(VARIANCE, "VARIANCE", None, BUNIT="nJy**2"),
        table("ARCHIVE_INDEX"),
    ),
    planes={"data": 1, "mask": 2, "variance": 3},
    zero_point=2.5 * math.log10(3631.0) + 22.5,
    variance=VARIANCE,
    masked=RUBIN_MASKED,
)
LAYOUTS["lsst_coadd_of_the_first_pipelines"] = Layout(
    saved(
        primary(FLUXMAG0=63095734448.0194),
        image(IMAGE, "", None, coordinates(), EXTTYPE="IMAGE"),
        image(RUBIN_MASK, "", None, EXTTYPE="MASK", **MP),
        image(VARIANCE, "", None, EXTTYPE="VARIANCE"),
        table(),
    ),
    planes={"data": 1, "mask": 2, "variance": 3},
    zero_point=27.0,
    variance=VARIANCE,
    masked=RUBIN_MASKED,
)


def compressed(data: Array, name: str, head: fits.Header | None = None, **cards: Any) -> fits.CompImageHDU:
    """A tile-compressed extension without loss."""
    lossless = (
        {"compression_type": "GZIP_2", "quantize_level": 0.0}
        if data.dtype.kind == "f"
        else {"compression_type": "RICE_1"}
    )
    made = fits.CompImageHDU(data, head.copy() if head is not None else None, name=name or None, **lossless)
    made.header.update(cards)
    return made


LAYOUTS["hsc_coadd_compressed"] = Layout(
    saved(
        primary(),
        compressed(IMAGE, "IMAGE", coordinates(), BUNIT="nJy"),
        compressed(RUBIN_MASK, "MASK", None, **MP),
        compressed(VARIANCE, "VARIANCE"),
    ),
    planes={"data": 1, "mask": 2, "variance": 3},
    zero_point=31.4,
    variance=VARIANCE,
    masked=RUBIN_MASKED,
)

# DECam, Mosaic-3, DES, Legacy Surveys ---------------------------------------------------------------------------------

TPV = {"PV1_0": 1e-5, "PV1_1": 1.0, "PV1_4": 0.4, "PV2_1": 1.0, "PV2_5": -0.3, "PV1_7": 2.0}
LAYOUTS["decam_community_pipeline"] = Layout(
    lambda folder: [
        fits.HDUList(
            [
                primary(MAGZERO=29.915, MAGZPT=24.842, EXPTIME=107.0, PRODTYPE=kind, TELESCOP="CTIO 4.0-m telescope"),
                compressed(data, "N4", coordinates("TPV", **TPV) if kind == "image" else None, INHERIT=True),
            ]
        ).writeto(folder / file)
        for file, kind, data in (
            ("image.fits", "image", IMAGE),
            ("oow.fits", "wtmap", WEIGHT),
            ("ood.fits", "dqmask", bits((6, 7, 1), (8, 9, 5)).astype(np.int16)),
        )
    ].clear(),
    planes={"data": 1},
    beside={"weight": "oow.fits[N4]", "mask": "ood.fits[N4]"},
    zero_point=29.915,
    variance=1.0 / WEIGHT.astype(float),
    masked=at((6, 7), (8, 9)),
)
LAYOUTS["des_coadd_tile"] = Layout(
    saved(
        primary(),
        compressed(IMAGE, "SCI", coordinates("TPV", **TPV), MAGZERO=30.0),
        compressed(bits((3, 2, 1)), "MSK"),
        compressed(WEIGHT, "WGT"),
    ),
    planes={"data": 1, "mask": 2, "weight": 3},
    zero_point=30.0,
    variance=1.0 / WEIGHT.astype(float),
    masked=at((3, 2)),
)
LAYOUTS["legacy_coadd"] = Layout(
    lambda folder: [
        fits.HDUList([primary(), compressed(data, "", coordinates(), **cards)]).writeto(folder / file)
        for file, data, cards in (
            ("image.fits", IMAGE, {"IMTYPE": "image", "BUNIT": "nanomaggy"}),
            ("invvar.fits", WEIGHT, {"BUNIT": "1/nanomaggy^2"}),
            ("maskbits.fits", bits((7, 7, 2)), {}),
        )
    ].clear(),
    planes={"data": 1},
    beside={"weight": "invvar.fits[1]", "mask": "maskbits.fits[1]"},
    zero_point=22.5,
    variance=1.0 / WEIGHT.astype(float),
    masked=at((7, 7)),
)
LAYOUTS["legacy_cutout_with_invvar"] = Layout(
    saved(
        primary(IMAGE, coordinates(), IMAGETYP="image", SURVEY="LegacySurvey", BUNIT="nanomaggy"),
        image(WEIGHT, "", None, coordinates(), IMAGETYP="invvar"),
    ),
    planes={"data": 0, "weight": 1},
    zero_point=22.5,
    variance=1.0 / WEIGHT.astype(float),
)
BANDS = RNG.normal(size=(3, *SHAPE)).astype(np.float32)
LAYOUTS["legacy_cutout_of_three_bands"] = Layout(
    saved(primary(BANDS, coordinates(), BANDS="grz", BAND0="g", IMAGETYP="image")),
    pixels=BANDS[1],
    plane=1,
    hdu=0,
    planes={},
)

# SDSS, Pan-STARRS, 2MASS, unWISE, ZTF, PTF ----------------------------------------------------------------------------


def packed(pack: Callable[[bytes], bytes], *hdus: Any) -> Callable[[Path], None]:
    """Writes image.fits packed as a whole."""

    def write(folder: Path) -> None:
        fits.HDUList([hdu.copy() for hdu in hdus]).writeto(folder / "plain.fits")
        (folder / "image.fits").write_bytes(pack((folder / "plain.fits").read_bytes()))
        (folder / "plain.fits").unlink()

    return write


LAYOUTS["sdss_frame_bzip2"] = Layout(
    packed(
        bz2.compress,
        primary(IMAGE, coordinates(), BUNIT="nanomaggy", NMGY=0.005, EXPTIME="53.907456"),
        image(np.linspace(1.0, 1.1, WIDTH).astype(np.float32)),
        table(),
        table(),
    ),
    zero_point=22.5,
)
COUNTS = RNG.integers(1000, 60_000, SHAPE).astype(np.uint16)
LAYOUTS["sdss_fpc"] = Layout(
    packed(gzip.compress, primary(COUNTS, coordinates(), FLUX20=1893.24, SOFTBIAS=1000)),
    pixels=COUNTS,
    zero_point=20.0 + 2.5 * math.log10(1893.24),
)
ASINH = {"BOFFSET": 3.0, "BSOFTEN": 40.0}
STRETCHED = (2.5 / math.log(10.0) * np.arcsinh((IMAGE.astype(float) - 3.0) / 80.0)).astype(np.float32)
LAYOUTS["pan_starrs_stack"] = Layout(
    lambda folder: (
        fits.HDUList(
            [primary(), compressed(STRETCHED, "", coordinates(), **{"HIERARCH FPA.ZP": 25.0}, EXPTIME=45.0, **ASINH)]
        ).writeto(folder / "image.fits"),
        fits.HDUList(
            [primary(), compressed(bits((2, 3, 2), (4, 4, 64)), "", None, MSKNAM00="DETECTOR", MSKVAL00=1)]
        ).writeto(folder / "mask.fits"),
        fits.HDUList([primary(), compressed(VARIANCE, "")]).writeto(folder / "wt.fits"),
    )[0],
    planes={"data": 1},
    beside={"variance": "wt.fits[1]", "mask": "mask.fits[1]"},
    pixels=3.0 + 80.0 * np.sinh(STRETCHED.astype(float) * math.log(10.0) / 2.5),
    zero_point=25.0 + 2.5 * math.log10(45.0),
    lossy=1e-12,
    variance=VARIANCE,
    masked=at((2, 3), (4, 4)),
)
CROTA = {"CDELT1": -1.0 / 3600.0, "CDELT2": 1.0 / 3600.0, "CROTA2": 12.3}


def by_rotation(projection: str = "SIN", **cards: Any) -> fits.Header:
    """Coordinates by CDELT and CROTA2, as before there were matrices."""
    head = coordinates(projection)
    for key in ("CD1_1", "CD1_2", "CD2_1", "CD2_2", "CUNIT1", "CUNIT2"):
        del head[key]
    head.update({**CROTA, **cards})
    return head


LAYOUTS["twomass_atlas"] = Layout(
    saved(primary(IMAGE, by_rotation(), MAGZP=19.9757, EQUINOX=2000.0, TELESCOP="2MASS")), zero_point=19.9757
)
LAYOUTS["unwise_coadd"] = Layout(
    lambda folder: (
        saved(primary(IMAGE, coordinates(), MAGZP=22.5))(folder),
        (folder / "invvar.fits.gz").write_bytes(gzip.compress(_bytes(primary(WEIGHT)))),
    )[0],
    beside={"weight": "invvar.fits.gz"},
    zero_point=22.5,
    variance=1.0 / WEIGHT.astype(float),
)
LAYOUTS["ztf_science"] = Layout(
    saved(primary(IMAGE, coordinates("TPV", **TPV), MAGZP=26.275, EXPTIME=30.0)), zero_point=26.275
)
LAYOUTS["ptf_science"] = Layout(
    saved(
        primary(
            IMAGE, coordinates("TAN-SIP", **SIP, PV1_1=1.0, PV2_1=1.0), IMAGEZPT=22.439, MAGZPT=22.737, EXPTIME=60.0
        )
    ),
    zero_point=22.439 + 2.5 * math.log10(60.0),
)


def _bytes(hdu: Any) -> bytes:
    from io import BytesIO

    target = BytesIO()
    hdu.writeto(target)
    return target.getvalue()


# Europe's ground: WFCAM, VISTA, INT, CFHT, ESO ------------------------------------------------------------------------

ZPN = {"PV2_1": 1.0, "PV2_2": 0.0, "PV2_3": 42.0}
LAYOUTS["ukidss_wfcam"] = Layout(
    saved(primary(EXP_TIME=10.0), compressed(IMAGE, "", coordinates("ZPN", **ZPN), MAGZPT=24.053, EXP_TIME=10.0)),
    planes={"data": 1},
    zero_point=26.553,
)
LAYOUTS["vista_pawprint"] = Layout(
    saved(
        primary(EXPTIME=15.0, TELESCOP="VISTA"),
        compressed(OTHER, "DET1.CHIP1", coordinates("ZPN", **ZPN), MAGZPT=23.1),
        compressed(IMAGE, "DET1.CHIP2", coordinates("ZPN", **ZPN, CRVAL1=150.3), MAGZPT=23.2),
    ),
    hdu="DET1.CHIP2",
    planes={"data": 2},
    zero_point=23.2 + 2.5 * math.log10(15.0),
)
LAYOUTS["int_wfc"] = Layout(
    saved(primary(EXPTIME=120.0), image(IMAGE, "im1", None, coordinates("ZPN", **ZPN), MAGZPT=25.1)),
    planes={"data": 1},
    zero_point=25.1 + 2.5 * math.log10(120.0),
)
LAYOUTS["cfht_megapipe"] = Layout(saved(primary(IMAGE, coordinates(), PHOTZP=30.0, EXPTIME=2500.0)), zero_point=30.0)
LAYOUTS["kids_tile_and_weight"] = Layout(
    lambda folder: (
        saved(primary(IMAGE, coordinates(), ZEROPT=0.0, BUNIT=""))(folder),
        fits.PrimaryHDU(WEIGHT).writeto(folder / "weight.fits"),
    )[0],
    beside={"weight": "weight.fits"},
    zero_point=0.0,
    variance=1.0 / WEIGHT.astype(float),
)
ESO = {"HDUCLASS": "ESO", "HDUCLAS1": "IMAGE"}
LAYOUTS["eso_product"] = Layout(
    saved(
        primary(TELESCOP="ESO-VLT-U4"),
        image(IMAGE, "CHIP1", None, coordinates(), **ESO, HDUCLAS2="DATA", ERRDATA="CHIP1E", QUALDATA="CHIP1Q"),
        image(VARIANCE, "CHIP1E", None, **ESO, HDUCLAS2="ERROR", HDUCLAS3="MSE"),
        image(bits((9, 1, 1)), "CHIP1Q", None, **ESO, HDUCLAS2="QUALITY", HDUCLAS3="FLAG32BIT"),
    ),
    planes={"data": 1, "variance": 2, "mask": 3},
    variance=VARIANCE,
    masked=at((9, 1)),
)
MUSE = RNG.normal(size=(5, *SHAPE)).astype(np.float32)
MUSE_VARIANCE = RNG.uniform(0.5, 1.0, size=(5, *SHAPE)).astype(np.float32)
SPECTRAL = {
    "CTYPE3": "AWAV",
    "CRVAL3": 4750.0,
    "CD3_3": 1.25,
    "CRPIX3": 1.0,
    "CUNIT3": "Angstrom",
    "CD1_3": 0.0,
    "CD3_1": 0.0,
}
LAYOUTS["muse_cube"] = Layout(
    saved(
        primary(TELESCOP="ESO-VLT-U4"),
        image(MUSE, "DATA", None, coordinates(**SPECTRAL), **ESO, HDUCLAS2="DATA"),
        image(MUSE_VARIANCE, "STAT", None, coordinates(**SPECTRAL), **ESO, HDUCLAS2="ERROR", HDUCLAS3="MSE"),
    ),
    pixels=MUSE[3],
    hdu="DATA",
    plane=3,
    planes={},
    beside={"variance": {"path": "image.fits", "hdu": "STAT", "plane": 3}},
    variance=MUSE_VARIANCE[3],
)
LAYOUTS["manga_cube"] = Layout(
    saved(
        primary(TELESCOP="SDSS 2.5-M"),
        image(MUSE, "FLUX", None, coordinates(**SPECTRAL)),
        image(1.0 / MUSE_VARIANCE, "IVAR"),
        image(np.zeros((5, *SHAPE), dtype=np.int32), "MASK"),
        table("OBSINFO"),
    ),
    pixels=MUSE[4],
    hdu="FLUX",
    plane=4,
    planes={},
    beside={
        "weight": {"path": "image.fits", "hdu": "IVAR", "plane": 4},
        "mask": {"path": "image.fits", "hdu": "MASK", "plane": 4},
    },
    variance=1.0 / (1.0 / MUSE_VARIANCE[4]).astype(float),
    masked=at(),
)
LAYOUTS["gemini_reduced"] = Layout(
    saved(
        primary(TELESCOP="Gemini-South", EXPTIME=60.0),
        image(OTHER, "SCI", 1, coordinates()),
        image(IMAGE, "SCI", 2, coordinates(CRVAL1=151.0)),
        image(OTHER, "VAR", 1),
        image(VARIANCE, "VAR", 2),
        image(bits((1, 2, 1)), "DQ", 1),
        image(bits((2, 1, 1)), "DQ", 2),
    ),
    hdu="SCI,2",
    planes={"data": 2, "variance": 4, "mask": 6},
    variance=VARIANCE,
    masked=at((2, 1)),
)

# Radio, far infrared, ultraviolet, X-rays -----------------------------------------------------------------------------

RADIO = {
    "CTYPE3": "FREQ",
    "CRVAL3": 1.4e9,
    "CDELT3": 1e6,
    "CRPIX3": 1.0,
    "CTYPE4": "STOKES",
    "CRVAL4": 1.0,
    "CDELT4": 1.0,
    "CRPIX4": 1.0,
}
LAYOUTS["radio_four_axes"] = Layout(
    saved(
        primary(
            IMAGE[None, None], by_rotation("SIN", CROTA2=0.0), **RADIO, RADESYS="FK5", EQUINOX=2000.0, BUNIT="JY/BEAM"
        )
    )
)
LINES = RNG.normal(size=(1, 6, *SHAPE)).astype(np.float32)
LAYOUTS["radio_line_cube"] = Layout(
    saved(primary(LINES, by_rotation("SIN", CROTA2=0.0), **RADIO, SPECSYS="LSRK", RESTFRQ=1.42e9, BUNIT="Jy/beam")),
    pixels=LINES[0, 5],
    hdu=0,
    plane=5,
    planes={},
)
LAYOUTS["herschel_pacs_map"] = Layout(
    saved(
        primary(TELESCOP="Herschel"),
        image(IMAGE.astype(float), "image", None, coordinates(), BUNIT="Jy/pixel"),
        image(np.ones(SHAPE), "coverage", None, coordinates()),
        image(SIGMA.astype(float), "stDev", None, coordinates()),
    ),
    planes={"data": 1, "sigma": 3},
    zero_point=2.5 * math.log10(3631.0),
    variance=SIGMA.astype(float) ** 2,
)
LAYOUTS["planck_or_iras_galactic"] = Layout(
    saved(primary(IMAGE, coordinates("CAR", ("GLON", "GLAT"), CRVAL2=0.0, CRPIX2=-20.0), BUNIT="K_CMB"))
)
# With EQUINOX astropy takes ecliptic axes for equatorial ones, and of supergalactic ones it makes nothing.
LAYOUTS["ecliptic_zodiacal"] = Layout(
    saved(primary(IMAGE, coordinates("TAN", ("ELON", "ELAT"), EQUINOX=2000.0))), frame=BarycentricMeanEcliptic()
)
LAYOUTS["supergalactic"] = Layout(saved(primary(IMAGE, coordinates("TAN", ("SLON", "SLAT")))), frame=Supergalactic())
LAYOUTS["photographic_fk4"] = Layout(saved(primary(IMAGE, by_rotation("TAN", EQUINOX=1950.0, RADECSYS="FK4"))))
LAYOUTS["epoch_1950_of_old_files"] = Layout(saved(primary(IMAGE, by_rotation("TAN", EPOCH=1950.0))))
LAYOUTS["fk5_of_date"] = Layout(saved(primary(IMAGE, coordinates(RADESYS="FK5", EQUINOX=2015.5))))
LAYOUTS["solar"] = Layout(
    saved(primary(IMAGE, coordinates("TAN", ("HPLN", "HPLT"), CRVAL1=0.1, CRVAL2=0.1))), sky="refused"
)
LAYOUTS["galex_intensity"] = Layout(saved(primary(IMAGE, by_rotation("TAN", CROTA2=0.0), MPSTYPE="AIS", EXPTIME=205.0)))
PHOTONS = RNG.poisson(3.0, SHAPE).astype(np.int16)
PHYSICAL = {
    "CTYPE1P": "x",
    "CRVAL1P": 100.5,
    "CRPIX1P": 0.5,
    "CDELT1P": 2.0,
    "CTYPE2P": "y",
    "CRVAL2P": 50.5,
    "CRPIX2P": 0.5,
    "CDELT2P": 2.0,
}
LAYOUTS["chandra_counts"] = Layout(
    saved(
        primary(
            PHOTONS,
            by_rotation("TAN", CROTA2=0.0),
            HDUNAME="EVENTS_IMAGE",
            **PHYSICAL,
            LTV1=-50.0,
            LTV2=-25.0,
            LTM1_1=0.5,
        ),
        table("GTI"),
    ),
    pixels=PHOTONS,
)

# Programs: IRAF, SAOImage, GALFIT, SExtractor, SWarp, astropy, photutils ----------------------------------------------

IRAF = {"LTV1": -40.0, "LTV2": -60.0, "LTM1_1": 1.0, "LTM2_2": 1.0, "WAT0_001": "system=image", "WCSDIM": 2}
LAYOUTS["iraf_imcopy"] = Layout(saved(primary(IMAGE, coordinates("TAN"), **IRAF)))
LAYOUTS["saoimage_crop"] = Layout(
    saved(
        primary(
            IMAGE, coordinates(RADECSYS="FK5"), LTM1_1=0.5, LTM2_2=0.5, LTV1=0.25, LTV2=0.25, ATM1_1=1.0, DTM1_1=1.0
        )
    )
)
LAYOUTS["galfit_imgblock"] = Layout(
    saved(
        primary(),
        image(IMAGE, "", None, coordinates(), OBJECT="gal.fits[1:30,1:24]"),
        image(OTHER, "", None, OBJECT="model", COMP_1="sersic"),
        image(IMAGE - OTHER, "", None, OBJECT="residual map"),
    ),
    planes={"data": 1},
)
SEGMENTS = bits((3, 3, 1), (4, 4, 2))
LAYOUTS["sextractor_segmentation"] = Layout(saved(primary(SEGMENTS, coordinates())), pixels=SEGMENTS)
LAYOUTS["swarp_scamp_pv"] = Layout(
    saved(primary(IMAGE, coordinates("TAN", **TPV), EXPTIME=300.0, MAGZERO=25.5)), zero_point=25.5
)
NEGATIVE = RNG.integers(-3000, 3000, SHAPE).astype(np.int16)


def scaled(folder: Path) -> None:
    """Whole numbers with BSCALE, BZERO and BLANK, written byte by byte."""
    head = primary(NEGATIVE, coordinates()).header
    head.update({"BSCALE": 0.25, "BZERO": 700.5, "BLANK": -3001})
    stored = NEGATIVE.copy()
    stored[5, 5] = -3001
    content = head.tostring().encode() + stored.astype(">i2").tobytes()
    (folder / "image.fits").write_bytes(content + bytes(-len(content) % 2880))


BLANKED = NEGATIVE * 0.25 + 700.5
BLANKED[5, 5] = np.nan
LAYOUTS["scaled_integers_with_blank"] = Layout(scaled, pixels=BLANKED)
LONG = RNG.integers(0, 2**31, SHAPE).astype(np.uint32)
LAYOUTS["unsigned_long_integers"] = Layout(saved(primary(LONG, coordinates())), pixels=LONG)
LAYOUTS["bytes"] = Layout(saved(primary((PHOTONS * 3).astype(np.uint8), coordinates())), pixels=PHOTONS * 3)
LAYOUTS["xz_of_doubles"] = Layout(packed(lzma.compress, primary(IMAGE.astype(float), coordinates())))
LAYOUTS["fpack_quantised"] = Layout(
    saved(primary(), fits.CompImageHDU(IMAGE, coordinates(), compression_type="RICE_1", quantize_level=16.0)),
    planes={"data": 1},
    lossy=0.1,
)
LAYOUTS["fpack_dithered_of_zeros"] = Layout(
    saved(
        primary(),
        fits.CompImageHDU(
            np.where(IMAGE > 10.0, IMAGE, 0.0).astype(np.float32), coordinates(), quantize_level=16.0, quantize_method=2
        ),
    ),
    planes={"data": 1},
    pixels=np.where(IMAGE > 10.0, IMAGE, 0.0),
    lossy=0.1,
)


def nddata(kind: type, values: Array) -> Callable[[Path], None]:
    """Writes what CCDData writes."""

    def write(folder: Path) -> None:
        mask = at((2, 9))
        CCDData(IMAGE, unit=units.adu, uncertainty=kind(values), mask=mask, header=coordinates(EXPTIME=10.0)).write(
            folder / "image.fits"
        )

    return write


for label, kind, values, key in (
    ("sigma", StdDevUncertainty, SIGMA, "sigma"),
    ("variance", VarianceUncertainty, VARIANCE, "variance"),
    ("inverse_variance", InverseVariance, WEIGHT, "weight"),
):
    LAYOUTS[f"ccddata_{label}"] = Layout(
        nddata(kind, values),
        planes={"data": 0, "mask": 1, key: 2},
        variance={"sigma": SIGMA.astype(float) ** 2, "variance": VARIANCE, "weight": 1.0 / WEIGHT.astype(float)}[key],
        masked=at((2, 9)),
    )
ALTERNATE = coordinates(CRVAL1=150.3)
LAYOUTS["two_coordinate_systems"] = Layout(
    saved(primary(IMAGE, coordinates(), **{f"{key}A": value for key, value in ALTERNATE.items()}))
)
LAYOUTS["declination_first"] = Layout(
    saved(primary(IMAGE, coordinates("TAN", ("DEC-", "RA--"), CRVAL1=2.2, CRVAL2=150.1)))
)
LAYOUTS["no_coordinates"] = Layout(saved(primary(IMAGE, GAIN=1.5)), sky="none")

# What says by other means than names and scales what a plane is -------------------------------------------------------

LAYOUTS["gemini_dragons_units_of_variance"] = Layout(
    saved(
        primary(TELESCOP="Gemini-North", INSTRUME="GMOS-N", EXPTIME=60.0),
        image(IMAGE, "SCI", 1, coordinates(), BUNIT="electron"),
        image(VARIANCE, "VAR", 1, BUNIT="electron*electron"),
        image(bits((1, 2, 4)).astype(np.uint16), "DQ", 1),
        image(bits((1, 2, 1), (9, 9, 1)).astype(np.uint8), "OBJMASK", 1),
        table("OBJCAT"),
    ),
    planes={"data": 1, "variance": 2, "mask": 3},
    variance=VARIANCE,
    masked=at((1, 2)),
)
LAYOUTS["error_plane_of_squares"] = Layout(
    saved(
        primary(EXPTIME=10.0),
        image(IMAGE, "SCI", 1, coordinates(), BUNIT="electron"),
        image(VARIANCE, "ERR", 1, BUNIT="electron2"),
    ),
    planes={"data": 1, "variance": 2},
    variance=VARIANCE,
)
LAYOUTS["nameless_inverse_variance"] = Layout(
    saved(
        primary(IMAGE, coordinates(), BUNIT="nanomaggy"),
        image(WEIGHT, "", None, BUNIT="nanomaggy^-2"),
        image(OTHER, "", None, BUNIT="nanomaggy"),
    ),
    planes={"data": 0, "weight": 1},
    zero_point=22.5,
    variance=1.0 / WEIGHT.astype(float),
)
LAYOUTS["rubin_cutout_without_names"] = Layout(
    saved(primary(FLUXMAG0=63095734448.0194), image(IMAGE, "", None, coordinates()), image(RUBIN_MASK, "", None, **MP)),
    planes={"data": 1, "mask": 2},
    zero_point=27.0,
    masked=RUBIN_MASKED,
)
LAYOUTS["hst_wfpc2_chips_in_st_magnitudes"] = Layout(
    saved(
        primary(TELESCOP="HST", INSTRUME="WFPC2", EXPTIME=400.0),
        *(
            image(
                IMAGE if chip == 3 else OTHER, "SCI", chip, coordinates(CRVAL1=150.0 + chip), BUNIT="COUNTS",
                PHOTFLAM=3.4e-18, PHOTZPT=-21.1,
            )
            for chip in (1, 2, 3, 4)
        ),
    ),
    hdu="SCI,3",
    planes={"data": 3},
    zero_point=-2.5 * math.log10(3.4e-18) - 21.1 + 2.5 * math.log10(400.0),
)  # fmt: skip
LAYOUTS["hst_nicmos_cal"] = Layout(
    saved(
        primary(TELESCOP="HST", INSTRUME="NICMOS", EXPTIME=256.0),
        image(IMAGE, "SCI", 1, coordinates(), BUNIT="COUNTS/S", **PHOT),
        image(SIGMA, "ERR", 1),
        image(HST_DQ.astype(np.int16), "DQ", 1),
        image(np.full(SHAPE, 9, dtype=np.int16), "SAMP", 1),
        image(np.full(SHAPE, 256.0, dtype=np.float32), "TIME", 1),
    ),
    planes={"data": 1, "sigma": 2, "mask": 3},
    zero_point=AB,
    variance=SIGMA.astype(float) ** 2,
    masked=at((3, 4), (7, 8)),
)
LAYOUTS["jwst_mosaic_of_the_dawn_archive"] = Layout(
    saved(primary(IMAGE, coordinates(), BUNIT="10.0*nanoJansky", TELESCOP="JWST")),
    zero_point=-2.5 * math.log10(1e-8 / 3631.0),
)
LAYOUTS["jwst_background_subtracted_first"] = Layout(
    saved(
        primary(**JWST),
        image(OTHER, "SCI_BKSUB", 1, coordinates(), BUNIT="MJy/sr", PIXAR_SR=2.0e-12),
        image(IMAGE, "SCI", 1, coordinates(), BUNIT="MJy/sr", PIXAR_SR=2.0e-12),
        image(SIGMA, "ERR", 1),
        image(VARIANCE, "VAR_POISSON", 1, BUNIT="MJy2 / sr2"),
        image(OTHER, "BKGD", 1),
    ),
    planes={"data": 2, "sigma": 3},
    zero_point=MJY_SR,
    variance=SIGMA.astype(float) ** 2,
)
BEAM = math.pi / (4.0 * math.log(2.0)) * math.radians(14.0 / 3600.0) ** 2
LAYOUTS["submillimetre_map_of_one_channel"] = Layout(
    saved(
        primary(IMAGE[None], coordinates(**SPECTRAL), BUNIT="mJy/beam", BMAJ=14.0 / 3600.0, BMIN=14.0 / 3600.0),
        image(VARIANCE[None], "VARIANCE"),
    ),
    planes={"data": 0, "variance": 1},
    zero_point=-2.5 * math.log10(1e-3 * STERADIAN / BEAM / 3631.0),
    variance=VARIANCE,
)
LAYOUTS["unwise_in_vega_nanomaggies"] = Layout(
    saved(primary(IMAGE, coordinates(), BUNIT="Vega nanomaggies", MAGZP=22.5)), zero_point=22.5
)
LAYOUTS["cube_corners_of_a_sphere"] = Layout(
    saved(primary(IMAGE, coordinates("TSC", CRVAL1=0.0, CRVAL2=0.0), BUNIT="erg/s/cm2/Hz")),
    zero_point=-2.5 * math.log10(1e23 / 3631.0),
)
LAYOUTS["healpix_projection"] = Layout(
    saved(primary(IMAGE, coordinates("HPX", CRVAL1=0.0, CRVAL2=0.0, PV2_1=4.0, PV2_2=3.0)))
)


def write_all(folder: Path) -> None:
    """Write every layout into a folder of its own."""
    for name, layout in LAYOUTS.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        layout.write(folder / name)


if __name__ == "__main__":
    write_all(Path(sys.argv[1]))
