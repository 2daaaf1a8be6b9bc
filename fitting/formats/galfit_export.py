"""GALFIT's feedme from a request at its best values, to restart from, with the files that it names.

The tables of `fitting.formats.galfit_slots` say which line a parameter is, as they do for the import. Names of
components stand in the comments behind their types, by which the import knows them again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fitting.formats.export_source import (
    ExportBook,
    ExportedParameter,
    ExportInvalid,
    ExportSource,
    LineOfOne,
    ModelExport,
    line_of_one,
    plain_number,
)
from fitting.formats.galfit_constraints_export import ExportedObject, write_constraints
from fitting.formats.galfit_slots import (
    GALFIT_PROFILES,
    MODES,
    SKY_LINES,
    SKY_WORDS,
    WORDS,
    GalfitProfile,
    Slot,
    rotation_lines,
    shape_at,
)
from fitting.spec import ComponentSpec, ConstantNoise, DatumNoise, ImagePsf
from fitting.spec.counts import counted
from fitting.spec.images.mask_shapes import MaskShape

MOST_LISTED = 4_000_000
"""Pixels that a list of bad ones may have; more are a mask image's. Some 40 MB of text."""
_TYPES = {item.profile: kind for kind, item in GALFIT_PROFILES.items()}
_COMMENTS = {"3": "magnitude, or surface brightness (mag/arcsec^2)", "4": "size [pix]", "5": "shape", "6": "shape"}
_COMMENTS |= {"7": "shape", "9": "axis ratio (b/a)", "10": "position angle (PA) [deg: Up=0, Left=90]"}


@dataclass(frozen=True)
class GalfitModel:
    """A request as GALFIT has it: its objects, and how magnitudes become data units.

    Attributes:
        zero_point: J of the feedme.
        area: of a pixel, arcsec².
        text: of the feedme.
        files: texts of those beside it.
        held: parameters whose links it has not, and which it holds at their values.
    """

    objects: tuple[ExportedObject, ...]
    zero_point: float
    pixel_scale: float
    text: str
    files: Mapping[str, str]
    held: frozenset[str]


def export_galfit(source: ExportSource) -> ModelExport:
    """The feedme, with ``galfit.constraints`` and ``galfit.mask`` where it needs them.

    Raises ExportInvalid where nothing of the request can be GALFIT's.
    """
    book = ExportBook()
    model = galfit_model(source, book)
    files = {"galfit.feedme": model.text, **model.files}
    return ModelExport(
        "galfit", "galfit.feedme", {name: text.encode() for name, text in files.items()}, tuple(book.rows)
    )


def galfit_model(source: ExportSource, book: ExportBook) -> GalfitModel:
    """The objects and the text of a feedme. Raises ExportInvalid as `export_galfit` does."""
    return _Writer(source, book).run()


class _Writer:
    def __init__(self, source: ExportSource, book: ExportBook) -> None:
        if source.request.frame_in_use != "pixel":
            raise ExportInvalid("the request is on the sky, and GALFIT's numbers are of pixels: fit it in frame pixel")
        self.source = source
        self.book = book
        self.image = source.image
        self.area = self.image.pixel_scale**2 if self.image.pixel_scale else 1.0
        self.scale = 0.0 if self.image.zero_point is None else self.image.zero_point
        self.zero_point = self.scale - 2.5 * math.log10(source.exposure)
        self.parameters = source.parameters()
        self.held: frozenset[str] = frozenset()
        self.files: dict[str, str] = {}

    def run(self) -> GalfitModel:
        self._request()
        objects: list[ExportedObject] = []
        for component in self.source.components:
            made = self._object(component, len(objects) + 1)
            if made is not None:
                objects.append(made)
        if not objects:
            raise ExportInvalid("GALFIT has none of the request's profiles")
        cuts = list(self._truncations(objects))
        constraints, self.held = write_constraints(objects, self.source.request.constraints, self.book)
        if constraints:
            self.files["galfit.constraints"] = "\n".join(constraints) + "\n"
        parts = [*self._header(), ""]
        for made in objects:
            parts += [f"# Component number: {made.number}", *self._lines(made), *made.lines, " Z) 0", ""]
        parts += cuts
        return GalfitModel(
            tuple(objects),
            self.zero_point,
            self.image.pixel_scale or 1.0,
            "\n".join(parts) + "\n",
            self.files,
            self.held,
        )

    def _request(self) -> None:
        """What of the request as a whole GALFIT has not."""
        request = self.source.request
        others = [image.name for image in request.images if image.name != self.source.name]
        if others:
            self.book.leave("images", f"{', '.join(others)} beside {self.source.name}: a feedme has one image")
        unseen = [item.name for item in request.components if item not in self.source.components]
        for name in unseen:
            self.book.leave(name, f"is not seen in {self.source.name}")
        if request.noise.name != "gaussian":
            self.book.leave("noise", f"{request.noise.name}: GALFIT minimizes chi-squared")
        methods = [stage.method for stage in request.stages]
        if methods not in ([], ["lm"]):
            self.book.leave("stages", f"{', '.join(methods)}: GALFIT has its Levenberg-Marquardt alone")
        if self.image.zero_point is None:
            self.book.write("images.zero_point", "J) of 0 for one data unit, since the request has none")
        if self.image.pixel_scale is None:
            self.book.write("images.pixel_scale", "K) 1 1, since the request has none")

    # The header.

    def _header(self) -> Iterator[str]:
        names = self._noise(), *self._psf(), self._mask()
        region = self.source.region()
        if region is None:
            self.book.leave("images.window", "the image's size is not known: complete line H)")
        (x0, x1), (y0, y1) = region or ((0, 1), (0, 1))
        sides = f"{x0 + 1} {x1} {y0 + 1} {y1}"
        scale = plain_number(self.image.pixel_scale or 1.0)
        found = self.source.found
        if found:
            yield (
                f"#  Chi^2/nu = {found['chi2_reduced']:.6g},  Chi^2 = {found['chi2']:.10g},  "
                f"Ndof = {found['degrees_of_freedom']}"
            )
        yield "# IMAGE and GALFIT CONTROL PARAMETERS"
        constraints = "galfit.constraints" if "galfit.constraints" in self.files else "none"
        rows = (
            ("A", str(self.image.data), "Input data image (FITS file)"),
            ("B", "imgblock.fits", "Output data image block"),
            ("C", names[0], 'Sigma image name (made from data if blank or "none")'),
            ("D", names[1], "Input PSF image and (optional) diffusion kernel"),
            ("E", names[2], "PSF fine sampling factor relative to data"),
            ("F", names[3], "Bad pixel mask (FITS image or ASCII coord list)"),
            ("G", constraints, "File with parameter constraints (ASCII file)"),
            ("H", sides, "Image region to fit (xmin xmax ymin ymax)"),
            ("I", f"{x1 - x0} {y1 - y0}", "Size of the convolution box (x y)"),
            ("J", plain_number(self.zero_point), "Magnitude photometric zeropoint"),
            ("K", f"{scale} {scale}", "Plate scale (dx dy) [arcsec per pixel]"),
            ("O", "regular", "Display type (regular, curses, both)"),
            ("P", "0" if self.source.request.stages else "1", "0=optimize, 1=model, 2=imgblock, 3=subcomps"),
        )
        for key, value, comment in rows:
            yield f"{key}) {value:<25} # {comment}"

    def _noise(self) -> str:
        image = self.image
        sigma = image.sigma
        if sigma is not None and not isinstance(sigma, ConstantNoise):
            self.book.write("images.sigma", f"C) {sigma}")
            return str(sigma)
        if isinstance(image.variance, DatumNoise):
            shape = image.variance.datum
            self.book.write(
                "images.variance",
                f"C) none: GALFIT makes it of the image, with GAIN and NCOMBINE of its header, here {shape.gain:g} "
                "electrons a data unit",
            )
            return "none"
        for key in ("variance", "weight", "sigma"):
            if getattr(image, key) is not None:
                self.book.leave(f"images.{key}", "GALFIT takes a sigma image: it makes its own; give one as C)")
                return "none"
        self.book.leave("images.variance", "estimated by photfit: GALFIT makes its own of the image and its header")
        return "none"

    def _psf(self) -> tuple[str, str]:
        psf = self.image.psf
        blurred = [item.name for item in self.source.components if item.role == "psf"]
        if blurred:
            self.book.leave(blurred[0], "GALFIT fits no point-spread function")
        if psf is None:
            return "none", "1"
        if not isinstance(psf, ImagePsf):
            self.book.leave("images.psf", "GALFIT takes a PSF as an image: draw this one, and name it as D)")
            return "none", "1"
        if psf.convention == "effective":
            self.book.leave("images.psf.convention", "effective: GALFIT blurs pixel values by a PSF, as discrete")
        if psf.recentre:
            self.book.leave("images.psf.recentre", "GALFIT takes a PSF where it is")
        self.book.write("images.psf", f"D) {psf.image}")
        return str(psf.image), str(psf.oversampling)

    def _mask(self) -> str:
        mask, shapes = self.image.mask, self.image.mask_shapes or ()
        if mask is not None:
            if mask.bits != "any":
                self.book.leave("images.mask.bits", "GALFIT leaves out every pixel that is not 0")
            if shapes:
                self.book.leave("images.mask_shapes", "GALFIT has one mask: put these pixels into its image")
            self.book.write("images.mask", f"F) {_plane(mask)}")
            return _plane(mask)
        if not shapes:
            return "none"
        pixels = self._listed(shapes)
        if not pixels:
            self.book.leave("images.mask_shapes", "only boxes of whole pixels can be listed: make a mask image of them")
            return "none"
        self.files["galfit.mask"] = "".join(f"{x + 1} {y + 1}\n" for x, y in sorted(pixels, key=lambda at: at[::-1]))
        self.book.write("images.mask_shapes", f"F) galfit.mask, a list of {counted(len(pixels), 'pixel')}")
        return "galfit.mask"

    def _listed(self, shapes: Sequence[MaskShape]) -> set[tuple[int, int]]:
        """Pixels of boxes; none where other shapes are among them, or they are too many."""
        boxes = [getattr(shape, "box", None) for shape in shapes]
        if any(box is None for box in boxes):
            return set()
        sizes = [(box.x[1] - box.x[0]) * (box.y[1] - box.y[0]) for box in boxes if box is not None]
        if sum(sizes) > MOST_LISTED:
            return set()
        return {(x, y) for box in boxes if box is not None for x in range(*box.x) for y in range(*box.y)}

    # The objects.

    def _object(self, component: ComponentSpec, number: int) -> ExportedObject | None:
        values = self.parameters[component.name]
        made = ExportedObject(number, "sky", component, values)
        if component.profile in ("flat_sky", "plane_sky"):
            for key, name in SKY_LINES.items():
                made.place(key, Slot(name))
            made.words = SKY_WORDS
            self.book.write(component.name, f"object {number}, sky")
            return made
        profile = GALFIT_PROFILES.get(_TYPES.get(component.profile, ""))
        why = self._why_not(component, values, profile)
        if profile is None or why:
            self.book.leave(component.name, why or "")
            return None
        for name in ("convolve", "options"):
            if getattr(component, name) not in (True, None):
                self.book.leave(f"{component.name}.{name}", f"GALFIT has nothing for it in a {made.kind}")
        made.kind = _TYPES[component.profile]
        made.words = {**WORDS, **profile.words}
        for axis in ("x", "y"):
            made.place(axis, Slot(axis, offset=-1.0))
        for key, (name, scale) in profile.lines.items():
            made.place(key, Slot(name, scale=scale))
        for key, name in (("9", "q"), ("10", "pa")):
            made.place(key, Slot(name))
        self._brightness(made, profile)
        self._geometry(made)
        own = ", which GALFIT-CORSAIR and GALFITM have, and GALFIT has not" if made.kind == "corser" else ""
        self.book.write(component.name, f"object {number}, {made.kind}{own}")
        return made

    def _why_not(
        self, component: ComponentSpec, values: Mapping[str, ExportedParameter], profile: GalfitProfile | None
    ) -> str:
        if profile is None:
            return f"GALFIT has no {component.profile}"
        if component.role == "psf":
            return "GALFIT fits no point-spread function"
        if component.profile == "edge_on_disk" and not (values["n"].fixed and values["n"].value == 1.0):
            return "GALFIT's edge-on disc has n of 1, fixed"
        beyond = [item.name for item in component.geometry if item.name not in _GEOMETRY]
        if beyond:
            return f"GALFIT has no {', '.join(beyond)}"
        if any(item.name == "truncation" for item in component.geometry) and profile.amplitude not in values:
            return f"what GALFIT truncates has a surface brightness: give {profile.amplitude}"
        return ""

    def _brightness(self, made: ExportedObject, profile: GalfitProfile) -> None:
        values = made.values
        sides = _sides(made.component)
        zero = self.scale + 2.5 * math.log10(self.area)
        if "magnitude" in values:
            made.place("3", Slot("magnitude"))
            return
        if "flux" in values:
            made.place("3", Slot("flux", zero=self.scale))
            return
        if profile.amplitude is None:
            return
        here = {name: item.value for name, item in values.items()}
        scale = 1.0
        if "inner" in sides:
            scale = 1.0 / shape_at(made.kind, here, here["inner_truncation"])
        elif profile.total and not sides:
            made.kind += "2" if profile.amplitude in ("i_e", "i_b") else "1"
        made.place("3", Slot(profile.amplitude, scale=scale, zero=zero))

    def _geometry(self, made: ExportedObject) -> None:
        for item in made.component.geometry:
            if item.name == "superellipse":
                made.place("C0", Slot("c0"))
            elif item.name in ("bending", "fourier"):
                letter = next(key for key, mode in MODES.items() if mode[0] == item.name)
                for mode in item.setting:
                    name = f"{item.name}_{mode}"
                    if letter == "B":
                        made.place(f"B{mode}", Slot(name))
                        continue
                    for suffix, what in (("a", "_amplitude"), ("p", "_phase")):
                        made.place(f"F{mode}{suffix}", Slot(name + what))
            elif item.name == "rotation":
                for key, name in rotation_lines(item.setting).items():
                    made.place(key, Slot(name))

    def _lines(self, made: ExportedObject) -> Iterator[str]:
        yield f" 0) {made.kind:<23} # object type; component {made.component.name}"
        if made.kind == "sky":
            for key in SKY_LINES:
                yield self._line(made, key) if key in made.slots else f" {key}) 0.0 0"
            return
        if {"x", "y"} <= made.slots.keys():
            (x, x_free), (y, y_free) = (self._number(made, axis) for axis in ("x", "y"))
            yield f" 1) {x} {y} {x_free} {y_free}   # position x, y"
        for key in ("3", "4", "5", "6", "7", "8", "9", "10"):
            if key in made.slots:
                yield self._line(made, key)
        yield from self._modifier_lines(made)

    def _modifier_lines(self, made: ExportedObject) -> Iterator[str]:
        for item in made.component.geometry:
            if item.name == "superellipse":
                yield self._line(made, "C0")
            elif item.name == "bending":
                yield from (self._line(made, f"B{mode}") for mode in item.setting)
            elif item.name == "fourier":
                for mode in item.setting:
                    (size, free), (phase, turns) = (self._number(made, f"F{mode}{part}") for part in "ap")
                    yield f"F{mode}) {size} {phase} {free} {turns}   # azimuthal Fourier mode"
            elif item.name == "rotation":
                yield f"R0) {item.setting}"
                yield from (self._line(made, key) for key in rotation_lines(item.setting) if key in made.slots)

    def _number(self, made: ExportedObject, key: str) -> tuple[str, int]:
        """A line's number, and its toggle; what GALFIT cannot say of the parameter is told."""
        slot = made.slots[key]
        parameter = made.values[slot.parameter]
        if slot.zero is not None and parameter.value / slot.scale <= 0.0:
            self.book.leave(parameter.name, f"{parameter.value:g} has no magnitude: 99 was written, fixed")
            return "99.0", 0
        if parameter.prior:
            self.book.leave(f"{parameter.name} prior", "GALFIT has no priors")
        if parameter.varies:
            self.book.leave(f"{parameter.name} in other images", f"a feedme has {self.source.name} alone")
        free = not parameter.fixed and parameter.name not in self.held
        return plain_number(slot.number(parameter.value)), int(free)

    def _line(self, made: ExportedObject, key: str) -> str:
        number, free = self._number(made, key)
        comment = made.slots[key].parameter if made.kind == "sky" else _COMMENTS.get(key, made.slots[key].parameter)
        return f"{key:>2}) {number:<16} {free}      # {comment}"

    # Truncations.

    def _truncations(self, objects: Sequence[ExportedObject]) -> Iterator[str]:
        """Truncations after all objects, one for those that links make the same."""
        cuts: list[_Cut] = []
        for made in objects:
            for side in _sides(made.component):
                edge = made.values[f"{side}_truncation"]
                width = made.values[f"{side}_truncation_width"]
                found = next((cut for cut in cuts if cut.holds(side, edge, width)), None)
                if found is None:
                    found = _Cut(len(objects) + len(cuts) + 1, side, edge, width)
                    cuts.append(found)
                found.both = found.both or side != found.side
                made.lines.append(f"T{side[0]}) {found.number}")
        for cut in cuts:
            # Where one function divides two objects, its break is where the outer light has 1 %.
            radius = cut.edge.value - (cut.width.value if cut.both and cut.side == "inner" else 0.0)
            yield from (f"# Component number: {cut.number}", "T0) radial")
            for key, value, parameter in (("T4", radius, cut.edge), ("T5", cut.width.value, cut.width)):
                if parameter.link is not None:
                    self.book.leave(f"{parameter.name} link", "GALFIT's truncations have none: held at its value")
                if parameter.low is not None or parameter.high is not None:
                    self.book.leave(f"{parameter.name} limits", "GALFIT's truncations have none")
                yield f"{key}) {plain_number(value)} {int(parameter.free)}      # {parameter.name}"
            yield ""


@dataclass
class _Cut:
    """A truncation of the feedme: its number, whose it is first, and whether it cuts inside and outside."""

    number: int
    side: str
    edge: ExportedParameter
    width: ExportedParameter
    both: bool = False

    def holds(self, side: str, edge: ExportedParameter, width: ExportedParameter) -> bool:
        """Whether links make another truncation this one."""
        if edge.link is None or width.link is None or line_of_one(width.link) != LineOfOne(self.width.name, 1.0, 0.0):
            return False
        if side == self.side:
            return line_of_one(edge.link) == LineOfOne(self.edge.name, 1.0, 0.0)
        if set(edge.link.names) != {self.edge.name, self.width.name}:
            return False
        sign = 1.0 if side == "inner" else -1.0
        return edge.link.value({self.edge.name: 1.0, self.width.name: 64.0}) == 1.0 + sign * 64.0


_GEOMETRY = frozenset({"superellipse", "bending", "fourier", "rotation", "truncation"})


def _sides(component: ComponentSpec) -> tuple[str, ...]:
    for item in component.geometry:
        if item.name == "truncation":
            return tuple(side for side in ("inner", "outer") if side in item.setting)
    return ()


def _plane(reference: object) -> str:
    """A mask's plane as a file's name with its HDU."""
    hdu = getattr(reference, "hdu", None)
    return f"{getattr(reference, 'file', '')}" + ("" if hdu is None else f"[{hdu}]")
