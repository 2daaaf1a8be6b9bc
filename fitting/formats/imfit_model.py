"""imfit's models, configurations and best-fit files, as a request (Erwin 2015, ApJ 799, 226).

Pixels count from 1 there and from 0 here; PA is the same, q = 1 − ell, intensities are of a pixel. What a configuration
does not hold, the image, its noise, mask and PSF, stands on imfit's command line, which best-fit files repeat.
"""

from __future__ import annotations

import math
import re
import shlex
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from fitting.formats.component_draft import ComponentDraft, ParameterDraft, stand_on_end
from fitting.formats.export_source import NO_LIMIT
from fitting.formats.import_rows import ImportInvalid, Line, ModelImport, RowBook, lines_of
from fitting.formats.import_source import ImageFacts, ImportSource
from fitting.spec.counts import counted
from fitting.spec.documents import excerpt

_SIGMA = 2.0 * math.sqrt(2.0 * math.log(2.0))
"""FWHM of a Gaussian over its standard deviation."""
_MOST_FUNCTIONS = 2000
"""Functions that are read of a file, as many as a request has components, at most."""


@dataclass(frozen=True)
class ImfitValue:
    """How a parameter of imfit becomes one of photfit's: scale · v + offset."""

    name: str
    scale: float = 1.0
    offset: float = 0.0


def _plain(*names: str) -> tuple[ImfitValue, ...]:
    return tuple(ImfitValue(name) for name in names)


_PA, _ELL = ImfitValue("pa"), ImfitValue("q", -1.0, 1.0)
_SHAPE = (_PA, _ELL)


@dataclass(frozen=True)
class ImfitFunction:
    """One of imfit's functions.

    Attributes:
        profile: photfit's.
        parameters: in their order.
        lengths: those along the major axis.
        held: what photfit has beside them, at fixed values.
        said: what is not the same.
        inverse_lengths: those of one over a length along the major axis.
    """

    profile: str
    parameters: tuple[ImfitValue, ...]
    lengths: tuple[str, ...] = ()
    held: Mapping[str, float] = field(default_factory=dict)
    said: str = ""
    inverse_lengths: tuple[str, ...] = ()


_RING = "where its two Gaussians overlap photfit adds them, and imfit takes the nearer"
FUNCTIONS: Mapping[str, ImfitFunction] = MappingProxyType(
    {
        "Sersic": ImfitFunction("sersic", (*_SHAPE, *_plain("n", "i_e", "r_e")), ("r_e",)),
        "Sersic_GenEllipse": ImfitFunction("sersic", (*_SHAPE, *_plain("c0", "n", "i_e", "r_e")), ("r_e",)),
        "Core-Sersic": ImfitFunction(
            "core_sersic", (*_SHAPE, *_plain("n", "i_b", "r_e", "r_b", "alpha", "gamma")), ("r_e", "r_b")
        ),
        "Exponential": ImfitFunction("exponential", (*_SHAPE, *_plain("i_0", "h")), ("h",)),
        "Exponential_GenEllipse": ImfitFunction("exponential", (*_SHAPE, *_plain("c0", "i_0", "h")), ("h",)),
        "Gaussian": ImfitFunction("gaussian", (*_SHAPE, ImfitValue("i_0"), ImfitValue("fwhm", _SIGMA)), ("fwhm",)),
        "Moffat": ImfitFunction("moffat", (*_SHAPE, *_plain("i_0", "fwhm", "beta")), ("fwhm",)),
        "ModifiedKing": ImfitFunction(
            "modified_king", (*_SHAPE, *_plain("i_0", "r_c", "r_t", "alpha")), ("r_c", "r_t")
        ),
        "ModifiedKing2": ImfitFunction("modified_king", (*_SHAPE, *_plain("i_0", "r_c", "c", "alpha")), ("r_c", "r_t")),
        "BrokenExponential": ImfitFunction(
            "broken_exponential",
            (*_SHAPE, *_plain("i_0", "h_1", "h_2", "r_b", "alpha")),
            ("h_1", "h_2", "r_b"),
            inverse_lengths=("alpha",),
        ),
        "NukerLaw": ImfitFunction("nuker", (*_SHAPE, *_plain("i_b", "r_b", "alpha", "beta", "gamma")), ("r_b",)),
        "EdgeOnDisk": ImfitFunction("edge_on_disk", (_PA, *_plain("l_0", "h", "n", "z_0"))),
        "EdgeOnRing": ImfitFunction("edge_on_ring", (_PA, *_plain("i_0", "r", "sigma_r", "sigma_z")), said=_RING),
        "GaussianRing": ImfitFunction(
            "gaussian_ring", (*_SHAPE, *_plain("i_r", "r_ring", "sigma_r")), ("r_ring", "sigma_r")
        ),
        "FerrersBar2D": ImfitFunction(
            "ferrers", (*_SHAPE, *_plain("c0", "alpha", "i_0", "r_out")), ("r_out",), {"beta": 0.0}
        ),
        "FlatSky": ImfitFunction("flat_sky", _plain("i")),
        "TiltedSkyPlane": ImfitFunction("plane_sky", _plain("i", "di_dx", "di_dy")),
        "PointSource": ImfitFunction("point_source", _plain("flux")),
    }
)  # fmt: skip
"""imfit's functions by their names; the others are said to be not supported."""
_OPTIONAL = ("OPTIONAL_PARAMS_START", "OPTIONAL_PARAMS_END")
"""Marks around a function's optional parameters."""
_LABEL = re.compile(r"#.*\bLABEL\s+(?P<label>\S+)", re.IGNORECASE)
_PRELUDE = ("GAIN", "READNOISE", "EXPTIME", "NCOMBINED", "ORIGINAL_SKY", "NCOLS", "NROWS", "NCOMB")
_SWITCHES = {
    "mask-zero-is-bad": "pixels that are 0 are bad: photfit masks those that are not; turn the mask over",
    "errors-are-variances": "",
    "errors-are-weights": "",
    "model-errors": "",
    "cashstat": "",
    "poisson-mlr": "",
    "mlr": "",
}
_VALUED = (
    "config", "mask", "noise", "psf", "overpsf", "overpsf_scale", "overpsf_region", "gain", "readnoise", "exptime",
    "ncombined", "sky", "original_sky", "save-params", "save-model", "save-residual", "save-weights", "bootstrap",
    "save-bootstrap", "ftol", "max-threads", "seed", "loud", "image",
)  # fmt: skip


@dataclass
class _Set:
    """A set of functions with one centre."""

    x: ParameterDraft | None = None
    y: ParameterDraft | None = None
    drafts: list[ComponentDraft] = field(default_factory=list)


def import_imfit(source: ImportSource) -> ModelImport:
    """A request from a configuration or best-fit file. Raises ImportInvalid where no image is named."""
    return _Reader(source).run()


class _Reader:
    def __init__(self, source: ImportSource) -> None:
        self.source = source
        self.book = RowBook()
        self.options: dict[str, str] = {}
        self.lines = lines_of(source.name, source.text)
        self.labels = {
            number: match["label"]
            for number, whole in enumerate(source.text.splitlines(), start=1)
            if (match := _LABEL.search(whole))
        }
        self.constraints: list[dict[str, Any]] = []

    def run(self) -> ModelImport:
        command = self.source.command or self._command_of_comments()
        image: dict[str, Any] = {}
        self._command(command)
        sets = self._functions()
        facts = self._image(image)
        self._noise(image)
        self._mask(image)
        self._psf(image)
        self._rest_of_command()
        drafts = []
        for part in sets:
            drafts += self._placed(part, facts, image)
        for draft in drafts:
            for said in draft.clip():
                self.book.take(Line(self.source.name, 0, draft.name), said)
        request: dict[str, Any] = {
            "name": re.split(r"[\\/]", self.source.name)[-1][:200],
            "images": [image],
            "components": [draft.document(["image"], [1.0]) for draft in drafts],
            "stages": [{"method": "lm"}],
        }
        if self.constraints:
            request["constraints"] = self.constraints
        noise = self._statistic(image)
        if noise is not None:
            request["noise"] = noise
        return ModelImport("imfit", request, tuple(self.book.rows))

    # The command line.

    def _command_of_comments(self) -> str:
        """The command line that a best-fit file has in its comments."""
        for whole in self.source.text.splitlines():
            match = re.match(r"#\s*(\S*imfit\S*\s+.*\.fits?\b.*)", whole.strip(), re.IGNORECASE)
            if match and ("-c" in whole or "--" in whole):
                return match[1]
        return ""

    def _command(self, text: str) -> None:
        try:
            words = shlex.split(text)
        except ValueError as error:
            raise ImportInvalid(f"the command line cannot be read: {error}") from None
        if words and re.search(r"imfit[^/\\]*\Z", words[0]) and not words[0].lower().endswith((".fits", ".fit")):
            words = words[1:]
        place = 0
        while place < len(words):
            word = words[place]
            place += 1
            if not word.startswith("-"):
                self.options.setdefault("image", word)
                continue
            name, joined, value = word.lstrip("-").partition("=")
            name = {"c": "config", "sky": "original_sky", "o": "save-params"}.get(name, name)
            if name in _VALUED and not joined and place < len(words) and name != "loud":
                value = words[place]
                place += 1
            self.options[name] = value or "yes"

    def _said(self, name: str) -> Line:
        value = self.options[name]
        return Line("command line", 0, value if name == "image" else f"--{name} {value}")

    def _taken(self, name: str, said: str) -> None:
        self.book.take(self._said(name), said)

    def _left(self, name: str, why: str) -> None:
        self.book.leave(self._said(name), why)

    def _file(self, name: str) -> str | None:
        """What the request calls the file of an option; None, said, where there is none."""
        value = self.options[name]
        called = self.source.rename(value)
        if called is None:
            self._left(name, "there is no such file")
        return called

    def _image(self, image: dict[str, Any]) -> ImageFacts | None:
        if "image" not in self.options:
            reason = (
                "names no image: imfit has it on its command line (expected such as 'imfit galaxy.fits --psf p.fits')"
            )
            raise ImportInvalid(f"{self.source.name} {reason}")
        whole = self.options["image"]
        match = re.fullmatch(r"(?P<file>.+?)(?P<hdu>\[[^\[\]:,]+\])?\[(?P<x>[^\[\],]+),(?P<y>[^\[\],]+)\]", whole)
        name = whole if match is None else match["file"] + (match["hdu"] or "")
        called = self.source.rename(name)
        if called is None:
            self._left("image", "there is no such file: name the image as `data` in the request")
        image["data"] = called or name
        window = {}
        for axis in ("x", "y") if match is not None else ():
            ends = re.fullmatch(r"([0-9]{1,9}):([0-9]{1,9})", match[axis] if match is not None else "")
            if ends is not None and int(ends[1]) <= int(ends[2]):
                window[axis] = [int(ends[1]) - 1, int(ends[2])]
        if window:
            image["window"] = window
        if called is not None:
            self._taken("image", f"images.data {called}" + (f", images.window {window}" if window else ""))
        return self.source.facts(name)

    def _number(self, *names: str) -> float | None:
        for name in names:
            if name in self.options:
                value = _float(self.options[name])
                if value is not None:
                    return value
        return None

    def _noise(self, image: dict[str, Any]) -> None:
        keys = {"gain": 1.0, "readnoise": 0.0, "exptime": 1.0, "ncombined": 1.0, "original_sky": 0.0}
        given = {key: self._number(key) for key in keys}
        for key in keys:
            if key in self.options and given[key] is None:
                self._left(key, "is no number")
        if "noise" in self.options:
            called = self._file("noise")
            if called is not None:
                kind = "variance" if "errors-are-variances" in self.options else "sigma"
                kind = "weight" if "errors-are-weights" in self.options else kind
                image[kind] = called
                self._taken("noise", f"images.{kind} {called}")
                for key in keys:
                    if given[key] is not None:
                        self._taken(key, "nothing: there is a noise image")
                return
        if all(value is None for value in given.values()):
            model = any(key in self.options for key in ("cashstat", "poisson-mlr", "mlr", "model-errors"))
            image["variance"] = {"gain": 1.0} if model else {"datum": {"gain": 1.0}}
            said = "images.variance: photon noise, an electron a data unit, as imfit takes it where nothing is said"
            self.book.take(Line("command line", 0, "no noise, no gain"), said)
            return
        value = {key: default if given[key] is None else float(given[key] or 0.0) for key, default in keys.items()}
        gain = value["gain"] * value["exptime"] * value["ncombined"]
        if not 0.0 < gain < math.inf or value["readnoise"] < 0.0:
            raise ImportInvalid("gain, exposure time and number of frames are above 0, and read noise is not below")
        read_noise = value["readnoise"] * math.sqrt(value["ncombined"])
        poisson = any(key in self.options for key in ("cashstat", "poisson-mlr", "mlr", "model-errors"))
        if poisson:
            image["variance"] = {"gain": gain, "read_noise": read_noise, "subtracted_sky": value["original_sky"]}
        else:
            shape = {"gain": gain, "sky": -value["original_sky"], "scatter": read_noise / gain}
            image["variance"] = {"datum": shape}
        for key in keys:
            if given[key] is not None:
                self._taken(key, f"images.variance {image['variance']}")

    def _statistic(self, image: dict[str, Any]) -> str | None:
        """The likelihood that the command line asks for."""
        for key in ("cashstat", "poisson-mlr", "mlr"):
            if key in self.options:
                said = 'noise "poisson"'
                if not isinstance(image.get("variance"), dict):
                    self._left(key, "counts need a gain, and there is a noise image: χ² was taken")
                    return None
                if image["variance"].get("read_noise"):
                    said += "; imfit's ignores read noise, and photfit's does not"
                self._taken(key, said)
                return "poisson"
        if "model-errors" in self.options:
            self._taken("model-errors", "images.variance by the light of the model")
        return None

    def _mask(self, image: dict[str, Any]) -> None:
        if "mask" not in self.options:
            return
        called = self._file("mask")
        if called is None:
            return
        if "mask-zero-is-bad" in self.options:
            self._left("mask", _SWITCHES["mask-zero-is-bad"])
            self._left("mask-zero-is-bad", _SWITCHES["mask-zero-is-bad"])
            return
        match = re.fullmatch(r"(.+)\[([^\[\]]+)\]", called)
        key = "upload" if called.startswith("upl_") else "path"
        plane: dict[str, Any] = {key: called}
        if match is not None:
            plane = {key: match[1], "hdu": int(match[2]) if match[2].isdigit() else match[2]}
        image["mask"] = plane | {"bits": "any"}
        self._taken("mask", f"images.mask {called}: pixels that are not 0 are left out")

    def _psf(self, image: dict[str, Any]) -> None:
        if "overpsf" in self.options:
            scale = self._number("overpsf_scale")
            called = self._file("overpsf")
            if called is not None and scale is not None and scale == int(scale) and 1 <= scale <= 20:
                image["psf"] = {"image": called, "oversampling": int(scale), "convention": "discrete"}
                self._taken("overpsf", f"images.psf {called}: over the whole image, not only in a region")
                self._taken("overpsf_scale", f"images.psf.oversampling {int(scale)}")
                if "overpsf_region" in self.options:
                    self._taken("overpsf_region", "nothing: the fine PSF serves the whole image")
                if "psf" in self.options:
                    self._taken("psf", "nothing: the fine PSF serves the whole image")
                return
            if called is not None:
                self._left("overpsf", "its scale is no whole number from 1 to 20")
        if "psf" in self.options:
            called = self._file("psf")
            if called is not None:
                image["psf"] = {"image": called, "convention": "discrete"}
                self._taken("psf", f"images.psf {called}")

    def _rest_of_command(self) -> None:
        said = {row.text for row in self.book.rows}
        for name in self.options:
            if name in ("image", "model-errors", "cashstat", "poisson-mlr", "mlr"):
                continue
            line = self._said(name)
            if line.text in said:
                continue
            if name in ("config", "save-params", "save-model", "save-residual", "save-weights", "max-threads", "loud"):
                self.book.take(line, "nothing: of the files that imfit reads and writes")
            elif name in ("errors-are-variances", "errors-are-weights"):
                self.book.take(line, "how the noise image is read")
            else:
                self.book.leave(line, "is taken for no part of a request: choose methods by `stages`")

    # The functions.

    def _functions(self) -> list[_Set]:
        sets: list[_Set] = []
        pending: deque[Line] = deque(self.lines)
        functions = sum(line.text.split()[0] == "FUNCTION" for line in pending)
        if functions > _MOST_FUNCTIONS:
            raise ImportInvalid(f"{self.source.name} has {functions} functions; {_MOST_FUNCTIONS} are read")
        optional = False
        while pending:
            line = pending.popleft()
            words = line.text.split()
            word = words[0]
            if optional or word in _OPTIONAL:
                optional = self._optional(line, word, optional)
            elif word.upper() in _PRELUDE:
                self._prelude(line, words)
            elif word in ("X0", "Y0"):
                if word == "X0" or not sets:
                    sets.append(_Set())
                read = _read_parameter(words, ImfitValue(word[0].lower(), offset=-1.0))
                if isinstance(read, str):
                    self.book.leave(line, read)
                    continue
                setattr(sets[-1], word[0].lower(), read)
                self.book.take(line, f"the centre of the functions below, {_told(word[0].lower(), read)}: from 0")
            elif word == "FUNCTION":
                taken = []
                while pending and (head := pending[0].text.split()[0]) not in ("FUNCTION", "X0", "Y0"):
                    each = pending.popleft()
                    if optional or head in _OPTIONAL:
                        optional = self._optional(each, head, optional)
                    else:
                        taken.append(each)
                if not sets:
                    sets.append(_Set())
                self._function(line, words, taken, sets)
            else:
                self.book.leave(line, "is no line of imfit's that photfit knows")
        return sets

    def _optional(self, line: Line, word: str, inside: bool) -> bool:
        """A line of a block of optional parameters, which say how imfit computes; whether the block goes on."""
        if word in _OPTIONAL:
            self.book.take(line, "nothing: a mark")
            return word == _OPTIONAL[0]
        self.book.leave(line, "photfit has no optional parameters: the function was taken as it is without")
        return inside

    def _prelude(self, line: Line, words: list[str]) -> None:
        name = {"ncomb": "ncombined"}.get(words[0].lower(), words[0].lower())
        if name in ("ncols", "nrows"):
            self.book.take(line, "nothing: the size of an image that makeimage makes")
        elif len(words) < 2 or _float(words[1]) is None:
            self.book.leave(line, "is no number")
        elif name in self.options:
            self.book.leave(line, "the command line says otherwise, and holds")
        else:
            self.options[name] = words[1]
            self.book.take(line, "of the noise, as on the command line")

    def _function(self, line: Line, words: list[str], taken: list[Line], sets: list[_Set]) -> None:
        name = words[1] if len(words) > 1 else ""
        function = FUNCTIONS.get(name)
        number = sum(len(part.drafts) for part in sets) + 1
        if function is None or len(taken) < len(function.parameters):
            why = (
                f"imfit's {name or 'function without a name'} is none of photfit's profiles"
                if function is None
                else f"has {len(taken)} of the {counted(len(function.parameters), 'parameter')} of {name}"
            )
            for each in (line, *taken):
                self.book.leave(each, why)
            return
        label = self.labels.get(line.number, "")
        plain = re.sub(r"[^A-Za-z0-9_]", "_", label)[:60]
        title = f"{function.profile}_{number}" if not re.match(r"[A-Za-z]", plain) else plain
        used = {draft.name for part in sets for draft in part.drafts}
        draft = ComponentDraft(title if title not in used else f"{title}_{number}", function.profile)
        reads: dict[str, ParameterDraft] = {}
        said = f"the component {draft.name}, {function.profile}"
        self.book.take(line, said + (f": {function.said}" if function.said else ""))
        for each, value in zip(taken, function.parameters, strict=False):
            read = _read_parameter(each.text.split(), value)
            if isinstance(read, str):
                self.book.leave(each, read)
                continue
            reads[value.name] = read
            text = f"{draft.name}.{_SPECIAL.get(value.name) or _told(value.name, read)}"
            self.book.take(each, text)
        for each in taken[len(function.parameters) :]:
            self._prelude(each, each.text.split()) if each.text.split()[0].upper() in _PRELUDE else self.book.leave(
                each, f"{name} has {counted(len(function.parameters), 'parameter')}"
            )
        draft.parameters = reads
        if "c0" in reads:
            if reads["c0"].free or reads["c0"].value != 0.0:
                draft.modifiers["superellipse"] = None
            else:
                del reads["c0"]
        for key, held in function.held.items():
            reads[key] = ParameterDraft([held], 0)
        self._concentration(draft)
        self._central_luminosity(draft)
        if stand_on_end(draft, function.lengths, (), self.constraints, function.inverse_lengths):
            self.book.take(line, f"{draft.name}: a negative ellipticity is one along the other axis, at pa + 90")
        sets[-1].drafts.append(draft)

    def _concentration(self, draft: ComponentDraft) -> None:
        """ModifiedKing2's c = r_t / r_c."""
        c = draft.parameters.pop("c", None)
        if c is None or "r_c" not in draft.parameters:
            return
        r_t = ParameterDraft([c.value * draft.parameters["r_c"].value])
        draft.parameters["r_t"] = r_t
        if c.free == 0:
            r_t.link = f"= {draft.name}.r_c * {c.value:.10g}"
        elif c.low or c.high is not None:
            limits = {key: item for key, item in (("min", c.low), ("max", c.high)) if item}
            self.constraints.append({"expression": f"{draft.name}.r_t / {draft.name}.r_c", **limits})

    def _central_luminosity(self, draft: ComponentDraft) -> None:
        """EdgeOnDisk's L_0: the brightness at the centre is 2 h L_0."""
        density = draft.parameters.pop("l_0", None)
        if density is None or "h" not in draft.parameters:
            return
        h = draft.parameters["h"]
        i_0 = ParameterDraft([2.0 * h.value * density.value])
        draft.parameters["i_0"] = i_0
        if density.free == 0:
            i_0.link = f"= {draft.name}.h * {2.0 * density.value:.10g}"
        elif h.free == 0:
            i_0.low, i_0.high = (None if end is None else 2.0 * h.value * end for end in (density.low, density.high))
        elif density.low or density.high is not None:
            limits = {
                key: 2.0 * item for key, item in (("min", density.low), ("max", density.high)) if item
            }  # fmt: skip
            self.constraints.append({"expression": f"{draft.name}.i_0 / {draft.name}.h", **limits})

    def _placed(self, part: _Set, facts: ImageFacts | None, image: Mapping[str, Any]) -> list[ComponentDraft]:
        """The functions of a set with their centre, the first's; skies with what they are about the window's."""
        first: ComponentDraft | None = None
        found = []
        for draft in part.drafts:
            if draft.profile == "plane_sky":
                self._about_the_window(draft, part, facts, image)
            elif draft.profile != "flat_sky":
                if draft.profile == "point_source" and "psf" not in image:
                    self.book.leave(Line(self.source.name, 0, draft.name), "a star needs a PSF, and none was given")
                    continue
                for axis, centre in (("x", part.x), ("y", part.y)):
                    if centre is None:
                        continue
                    copy = ParameterDraft(list(centre.values), centre.free, centre.low, centre.high)
                    if first is not None:
                        copy.link = f"= {first.name}.{axis}"
                    draft.parameters = {axis: copy, **draft.parameters}
                first = first or draft
            found.append(draft)
        return found

    def _about_the_window(
        self, draft: ComponentDraft, part: _Set, facts: ImageFacts | None, image: Mapping[str, Any]
    ) -> None:
        """TiltedSkyPlane's level is that at X0, Y0; photfit's that in the middle of the window."""
        line = Line(self.source.name, 0, draft.name)
        if "i" not in draft.parameters:
            return
        if facts is None:
            self.book.leave(
                line, "its level is that at X0, Y0, and the image's size is not known: it was taken as it is"
            )
            return
        window = image.get("window", {})
        for axis, size, slope in (("x", facts.shape[1], "di_dx"), ("y", facts.shape[0], "di_dy")):
            centre = getattr(part, axis)
            if centre is None or slope not in draft.parameters:
                continue
            first, end = window.get(axis, [0, size])
            middle = 0.5 * (first + min(end, size) - 1)
            level = draft.parameters["i"]
            step = draft.parameters[slope].value * (middle - centre.value)
            level.values = [level.value + step]
            level.low, level.high = (None if item is None else item + step for item in (level.low, level.high))
        self.book.take(line, f"{draft.name}.i {draft.parameters['i'].value:.7g}: the level in the middle of the window")


_SPECIAL: Mapping[str, str] = MappingProxyType(
    {"c": "r_t, c times r_c", "l_0": "i_0, the brightness at the centre: 2 h L_0"}
)
"""What becomes of parameters that photfit has in another form."""


def _told(name: str, read: ParameterDraft) -> str:
    ends = ["any" if end is None else f"{end:g}" for end in (read.low, read.high)]
    limits = "" if ends == ["any", "any"] else f", {ends[0]} to {ends[1]}"
    return f"{name} {read.value:.7g}" + (limits if read.free else ", fixed")


def _read_parameter(words: list[str], value: ImfitValue) -> ParameterDraft | str:
    """A parameter of a line: name, value, and ``fixed`` or limits ``low,high``; or why it is none."""
    number = _float(words[1]) if len(words) > 1 else None
    if number is None:
        return "has no number behind its name"
    draft = ParameterDraft([value.scale * number + value.offset])
    behind = "".join(words[2:])
    if behind.lower() == "fixed":
        draft.free = 0
    elif behind:
        parts = [_float(part) for part in behind.split(",")]
        if len(parts) != 2 or parts[0] is None or parts[1] is None:
            return f"{excerpt(behind)} is neither fixed nor limits (expected such as 0,10)"
        ends = sorted((value.scale * parts[0] + value.offset, value.scale * parts[1] + value.offset))
        if ends[0] == ends[1]:
            draft.free = 0
        draft.low, draft.high = (None if abs(end) >= NO_LIMIT else end for end in ends)
    return draft


def _float(word: str) -> float | None:
    try:
        value = float(word)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
