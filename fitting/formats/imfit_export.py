"""imfit's best-fit file from a request at its best values, which imfit and the import read as a configuration.

The table of functions is the import's. The command line, which has the image and its noise, stands in a comment.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Mapping, Sequence

from fitting.formats.export_source import (
    NO_LIMIT,
    ExportBook,
    ExportedParameter,
    ExportInvalid,
    ExportSource,
    LineOfOne,
    ModelExport,
    line_of_one,
    plain_number,
)
from fitting.formats.galfit_slots import total_of_unit
from fitting.formats.imfit_model import FUNCTIONS, ImfitFunction, ImfitValue
from fitting.spec import ComponentSpec, ConstantNoise, DatumNoise, GainNoise, ImagePsf

_FunctionSet = list[tuple[ComponentSpec, str, ImfitFunction]]
"""Functions with one centre."""
MAIN = "bestfit_parameters_imfit.dat"
"""What imfit calls its best-fit file."""
_NOT_WRITTEN = frozenset({"ModifiedKing2"})
"""Functions that are another's in other parameters."""


def export_imfit(source: ExportSource) -> ModelExport:
    """``bestfit_parameters_imfit.dat``. Raises ExportInvalid where nothing of the request can be imfit's."""
    book = ExportBook()
    text = "\n".join(_Writer(source, book).lines()) + "\n"
    return ModelExport("imfit", MAIN, {MAIN: text.encode()}, tuple(book.rows))


class _Writer:
    def __init__(self, source: ExportSource, book: ExportBook) -> None:
        if source.request.frame_in_use != "pixel":
            raise ExportInvalid("the request is on the sky, and imfit's numbers are of pixels: fit it in frame pixel")
        self.source = source
        self.book = book
        self.image = source.image
        self.parameters = source.parameters()

    def lines(self) -> Iterator[str]:
        """The lines of the file."""
        sets = self._sets()
        if not sets:
            raise ExportInvalid("imfit has none of the request's profiles")
        self._request()
        yield "# Best-fit model results for imfit, written by photfit"
        yield f"# imfit {' '.join(self._command())}"
        found = self.source.found
        if found:
            yield f"#   CHI-SQUARE {found['chi2']:.10g} ({found['degrees_of_freedom']} DOF)"
            yield f"#   Reduced Chi^2 = {found['chi2_reduced']:.10g}"
        for part in sets:
            yield ""
            yield from self._centre(part)
            for component, name, function in part:
                yield f"FUNCTION {name}   # LABEL {component.name}"
                yield from self._function(component, function)

    # What is beside the model.

    def _request(self) -> None:
        request = self.source.request
        others = [image.name for image in request.images if image.name != self.source.name]
        if others:
            self.book.leave("images", f"{', '.join(others)} beside {self.source.name}: imfit fits one image")
        if [stage.method for stage in request.stages] != ["lm"]:
            self.book.leave("stages", "choose imfit's method on its command line")
        for constraint in request.constraints:
            self.book.leave(f"constraint {constraint.expression}", "imfit has limits of single parameters alone")
        if self.image.mask_shapes:
            self.book.leave("images.mask_shapes", "imfit takes a mask image: put these pixels into one")

    def _command(self) -> Iterator[str]:
        data = str(self.image.data)
        if self.image.window is not None:
            region = self.source.region()
            if region is None:
                self.book.leave("images.window", "the image's size is not known")
            else:
                (x0, x1), (y0, y1) = region
                data += f"[{x0 + 1}:{x1},{y0 + 1}:{y1}]"
        yield shlex.quote(data)
        yield from ("-c", MAIN)
        yield from self._psf()
        mask = self.image.mask
        if mask is not None:
            if mask.bits != "any":
                self.book.leave("images.mask.bits", "imfit leaves out every pixel that is not 0")
            place = "" if mask.hdu is None else f"[{mask.hdu}]"
            yield from ("--mask", shlex.quote(f"{mask.file}{place}"))
        yield from self._noise()

    def _psf(self) -> Iterator[str]:
        psf = self.image.psf
        if psf is None:
            return
        if not isinstance(psf, ImagePsf):
            self.book.leave("images.psf", "imfit takes a PSF as an image: draw this one, and name it by --psf")
            return
        if psf.convention == "effective" or psf.recentre:
            self.book.leave("images.psf", "imfit takes a PSF where it is, and blurs pixel values by it")
        name = shlex.quote(str(psf.image))
        yield from ("--psf", name) if psf.oversampling == 1 else (
            "--overpsf", name, "--overpsf_scale", str(psf.oversampling),
        )  # fmt: skip

    def _noise(self) -> Iterator[str]:
        image, noise = self.image, self.source.request.noise.name
        if noise not in ("gaussian", "poisson"):
            self.book.leave("noise", f"{noise}: imfit has chi-squared and counts alone")
        for key, flags in (
            ("sigma", ()),
            ("variance", ("--errors-are-variances",)),
            ("weight", ("--errors-are-weights",)),
        ):
            given = getattr(image, key)
            if given is None:
                continue
            if isinstance(given, DatumNoise):
                shape = given.datum
                yield from (
                    f"--gain={shape.gain!r}",
                    f"--readnoise={shape.scatter * shape.gain!r}",
                    f"--sky={-shape.sky!r}",
                )
            elif isinstance(given, GainNoise):
                yield from (
                    f"--gain={given.gain!r}",
                    f"--readnoise={given.read_noise!r}",
                    f"--sky={given.subtracted_sky!r}",
                )
                yield "--poisson-mlr" if noise == "poisson" else "--model-errors"
            elif isinstance(given, ConstantNoise) or not hasattr(given, "file"):
                self.book.leave(f"images.{key}", "imfit takes a noise image, or a gain")
            else:
                yield from ("--noise", shlex.quote(str(given)), *flags)
            return
        self.book.leave("images.variance", "estimated by photfit: imfit takes an electron a data unit")

    # The functions.

    def _sets(self) -> list[_FunctionSet]:
        """Functions that share a centre are a set; skies go along, or with what follows them."""
        sets: list[_FunctionSet] = []
        for component in self.source.components:
            chosen = self._chosen(component)
            if chosen is None:
                continue
            shared = self._set_of(component, sets)
            if shared is None:
                shared = []
                sets.append(shared)
            shared.append((component, *chosen))
        return sets

    def _set_of(self, component: ComponentSpec, sets: list[_FunctionSet]) -> _FunctionSet | None:
        """The set whose centre the component shares; a tilted sky has one of its own, and may stand between."""
        last = sets[-1] if sets else None
        if component.profile in ("flat_sky", "plane_sky"):
            return last if component.profile == "flat_sky" else None
        values = self.parameters[component.name]
        links = [values[axis].link for axis in ("x", "y")]
        for part in reversed(sets):
            for placed, _, _ in part:
                one_place = [LineOfOne(f"{placed.name}.{axis}", 1.0, 0.0) for axis in ("x", "y")]
                if [None if link is None else line_of_one(link) for link in links] == one_place:
                    return part
        skies_alone = last is not None and all(item.profile == "flat_sky" for item, _, _ in last)
        return last if skies_alone else None

    def _chosen(self, component: ComponentSpec) -> tuple[str, ImfitFunction] | None:
        beyond = [item.name for item in component.geometry if item.name != "superellipse"]
        why = f"imfit has no {', '.join(beyond)}" if beyond else ""
        why = "imfit fits no point-spread function" if component.role == "psf" else why
        values = self.parameters[component.name]
        if not why:
            boxy = "c0" in values
            for name, function in FUNCTIONS.items():
                held = all(
                    key in values and values[key].fixed and values[key].value == at for key, at in function.held.items()
                )
                has = {value.name for value in function.parameters}
                if name in _NOT_WRITTEN or function.profile != component.profile or not held:
                    continue
                if boxy and "c0" not in has:
                    continue
                if not boxy and "c0" in has and component.profile != "ferrers":
                    continue
                if "convolve" in component.model_fields_set and not component.convolve:
                    self.book.leave(f"{component.name}.convolve", "imfit blurs all functions")
                self.book.write(component.name, f"FUNCTION {name}")
                return name, function
            why = f"imfit has no {component.profile}" + (" with superellipses" if boxy else "")
        self.book.leave(component.name, why)
        return None

    def _centre(self, part: Sequence[tuple[ComponentSpec, str, ImfitFunction]]) -> Iterator[str]:
        first = next((item for item, _, _ in part if "x" in self.parameters[item.name]), None)
        region = self.source.region()
        for place, axis in enumerate(("x", "y")):
            if first is None:
                # A sky's centre says where its level is that of the window's middle.
                middle = 1.0 if region is None else 0.5 * (region[place][0] + region[place][1] + 1)
                yield f"{axis.upper()}0   {plain_number(middle)}   fixed"
            else:
                parameter = self.parameters[first.name][axis]
                yield self._line(f"{axis.upper()}0", parameter, ImfitValue(axis, offset=-1.0))
        if first is None and region is None and part[0][0].profile == "plane_sky":
            self.book.leave(part[0][0].name, "the image's size is not known: its level is that at the first pixel")

    def _function(self, component: ComponentSpec, function: ImfitFunction) -> Iterator[str]:
        values = dict(self.parameters[component.name])
        for each in self._intensity(component, values, function):
            values[each.name.rpartition(".")[2]] = each
        for value in function.parameters:
            label = _LABELS.get(value.name, value.name)
            if value.name == "fwhm" and value.scale != 1.0:
                label = "sigma"
            parameter = values.get(value.name)
            if parameter is None and value.name == "c0":
                parameter = ExportedParameter(f"{component.name}.c0", 0.0, fixed=True)
            if parameter is None:
                self.book.leave(
                    f"{component.name}.{value.name}", "cannot be known from what the request has: 1 was written"
                )
                yield f"{label}   1.0   fixed"
                continue
            yield self._line(label, parameter, value)

    def _intensity(
        self, component: ComponentSpec, values: Mapping[str, ExportedParameter], function: ImfitFunction
    ) -> Iterator[ExportedParameter]:
        """The amplitude that imfit has, of one that the request has otherwise: a total, or that at the centre."""
        wanted = {value.name for value in function.parameters}
        if "l_0" in wanted and "i_0" in values:
            i_0, h = values["i_0"], values["h"]
            yield self._amplitude(component, i_0, "l_0", i_0.value / (2.0 * h.value))
            return
        given = next((values[key] for key in ("flux", "magnitude") if key in values and key not in wanted), None)
        if given is None:
            return
        flux = given.value
        if given.name.endswith(".magnitude"):
            if self.image.zero_point is None:
                self.book.leave(given.name, "has no zero point to be data units by")
                return
            flux = 10.0 ** (-0.4 * (given.value - self.image.zero_point))
        if component.profile == "point_source":
            yield self._amplitude(component, given, "flux", flux)
            return
        unit = total_of_unit(component.profile, {key: item.value for key, item in values.items()})
        name = next((key for key in ("i_e", "i_0") if key in wanted), None)
        if unit is not None and name is not None:
            yield self._amplitude(component, given, name, flux / unit)

    def _amplitude(
        self, component: ComponentSpec, given: ExportedParameter, name: str, value: float
    ) -> ExportedParameter:
        if given.low is not None or given.high is not None:
            self.book.leave(f"{given.name} limits", f"imfit has {name} in its place")
        self.book.write(given.name, f"{name} {value:.7g}, which imfit has in its place")
        return ExportedParameter(f"{component.name}.{name}", value, given.fixed, link=given.link)

    def _line(self, label: str, parameter: ExportedParameter, value: ImfitValue) -> str:
        number = plain_number((parameter.value - value.offset) / value.scale)
        if parameter.prior:
            self.book.leave(f"{parameter.name} prior", "imfit has no priors")
        if parameter.varies:
            self.book.leave(f"{parameter.name} in other images", f"imfit fits {self.source.name} alone")
        behind = ""
        if parameter.link is not None:
            self.book.leave(f"{parameter.name} link", "imfit has no links: it is held at its value")
        if not parameter.free:
            behind = "   fixed"
        elif (limits := parameter.range()) is not None:
            ends = []
            for end, sign in zip(limits, (-1.0, 1.0), strict=True):
                open_end = math.copysign(NO_LIMIT, sign * value.scale)
                ends.append(open_end if end is None else (end - value.offset) / value.scale)
            behind = "   " + ",".join(f"{end:g}" if abs(end) >= NO_LIMIT else plain_number(end) for end in sorted(ends))
        error = "" if parameter.error is None else f"   # +/- {parameter.error / abs(value.scale):.6g}"
        return f"{label}   {number}{behind}{error}"


_LABELS = {
    "pa": "PA", "q": "ell", "i_e": "I_e", "i_0": "I_0", "i_b": "I_b", "r_b": "r_break", "i": "I_sky", "l_0": "L_0",
    "i_r": "A", "r_ring": "R_ring", "flux": "I_tot", "h_1": "h1", "h_2": "h2", "di_dx": "m_x", "di_dy": "m_y",
    "r_out": "a_bar",
}  # fmt: skip
"""imfit's names where they are not photfit's; imfit goes by their order, and readers by these."""
