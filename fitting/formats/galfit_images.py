"""Images of a feedme: its header's lines, A to P, as images of a request with noise, PSF, mask and window."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from fitting.formats.galfit_reading import NO_NAME, GalfitReading, GalfitSetting, number_of
from fitting.formats.import_rows import ImportInvalid, Line
from fitting.formats.import_source import ImageFacts
from fitting.formats.pixel_masks import listed_pixels
from fitting.spec.counts import counted

_USELESS = {
    "B": "nothing: where GALFIT writes its result",
    "I": "nothing: photfit convolves the whole image, as GALFIT does with a box of its size",
    "O": "nothing: how GALFIT shows its work",
}


class GalfitImages:
    """The header of a feedme."""

    def __init__(self, reading: GalfitReading) -> None:
        self.reading = reading

    def read(self) -> tuple[list[dict[str, Any]], GalfitSetting]:
        """The images of the request, and what holds for all objects. Raises ImportInvalid where no data are named."""
        names = self.reading.names("A")
        if not names[0]:
            names = self._given_image() * len(names)
        count = len(names)
        bands = self._bands(count)
        wavelengths = self._wavelengths(count)
        called = [self.reading.source.rename(name) for name in names]
        if None in called:
            missing = names[called.index(None)]
            self.reading.leave("A", f"there is no file {missing}: name the image as `data` in the request")
        else:
            self.reading.take("A", "images.data " + ", ".join(str(item) for item in called))
        images: list[dict[str, Any]] = [
            {"name": band, "data": item or name} for band, name, item in zip(bands, names, called, strict=True)
        ]
        if count > 1:
            for image, wavelength in zip(images, wavelengths, strict=True):
                image["wavelength"] = wavelength
        facts = [self.reading.source.facts(name) for name in names]
        zero_points = self._zero_points(count, facts)
        for image, zero_point in zip(images, zero_points, strict=True):
            image["zero_point"] = round(zero_point, 10)
        area = self._plate_scale(images)
        has_psf = self._psf(images)
        self._noise(images, facts)
        self._mask(images)
        self._window(images)
        for key, said in _USELESS.items():
            self.reading.take(key, said)
        self._mode()
        known = {"A", "A1", "A2", "C", "D", "E", "F", "G", "H", "J", "K", "P", *_USELESS}
        for key in self.reading.file.header.keys() - known:
            self.reading.leave(key, "photfit knows no such line")
        old = any(
            (words := item.rest("8")) and number_of(words[0]) not in (None, 0.0)
            for item in self.reading.file.objects
            if "8" in item.lines and item.kind not in ("sky", "corser")
        )
        return images, GalfitSetting(bands, wavelengths, zero_points, area, old, has_psf)

    def _given_image(self) -> list[str]:
        """The image that was named beside the file, which makes a model and has none. Raises ImportInvalid."""
        image = self.reading.source.image
        if not image:
            expected = "a line such as 'A) galaxy.fits', or the image beside the file: --image, or `image`"
            raise ImportInvalid(f"{self.reading.source.name} names no data (expected {expected})")
        return [image]

    def _bands(self, count: int) -> list[str]:
        labels = self.reading.names("A1")
        if "A1" in self.reading.file.header and len(labels) == count and len(set(labels)) == count and all(labels):
            names = [re.sub(r"[^A-Za-z0-9_.\-]", "_", label)[:64] for label in labels]
            if len(set(names)) == count and all(re.match(r"[A-Za-z0-9_]", name) for name in names):
                self.reading.take("A1", "images.name " + ", ".join(names))
                return names if count > 1 else ["image"]
        self.reading.leave("A1", f"is not one label for each of {count} images")
        return ["image"] if count == 1 else [f"band_{number}" for number in range(1, count + 1)]

    def _wavelengths(self, count: int) -> list[float]:
        found = [number_of(word) for word in self.reading.names("A2")]
        sound = [item for item in found if item is not None and item > 0.0]
        if len(sound) == count and len(set(sound)) == count:
            self.reading.take("A2", "images.wavelength " + ", ".join(f"{item:g}" for item in sound))
            return sound
        self.reading.leave("A2", f"is not one wavelength for each of {count} images: 1, 2, … were taken")
        return [float(number) for number in range(1, count + 1)]

    def _zero_points(self, count: int, facts: Sequence[ImageFacts | None]) -> list[float]:
        words = [number_of(word) for word in self.reading.names("J")]
        given = [item for item in words if item is not None]
        if len(given) not in (1, count) or len(given) < len(words):
            self.reading.leave("J", "is no zero point: magnitudes were taken with 0")
            given = [0.0]
        elif "J" not in self.reading.file.header:
            given = [0.0]
        given = given * count if len(given) == 1 else given
        found, said = [], []
        for zero_point, fact in zip(given, facts, strict=True):
            seconds = 1.0 if fact is None else fact.exposure
            found.append(zero_point + 2.5 * math.log10(seconds))
            why = "EXPTIME is not known, and 1 was taken" if fact is None else f"2.5 log10(EXPTIME {seconds:g}) added"
            said.append(f"{found[-1]:.6g} ({why})")
        self.reading.take("J", "images.zero_point " + ", ".join(said))
        return found

    def _plate_scale(self, images: list[dict[str, Any]]) -> float | None:
        words = [number_of(word) for word in self.reading.file.value("K").split()[:2]]
        if not words or any(item is None or item <= 0.0 for item in words):
            self.reading.leave("K", "is no plate scale: surface brightnesses were taken as those of a pixel")
            return None
        along_x = float(words[0] or 0.0)
        along_y = float(words[-1] or 0.0)
        scale = math.sqrt(along_x * along_y)
        for image in images:
            image["pixel_scale"] = round(scale, 12)
        square = along_x == along_y
        self.reading.take("K", f"images.pixel_scale {scale:.6g}" + ("" if square else ", the root of dx dy"))
        return along_x * along_y

    def _psf(self, images: list[dict[str, Any]]) -> bool:
        words = self.reading.file.value("D").split()
        names = self.reading.names("D")
        if not any(names):
            self.reading.take("D", "nothing: no PSF, and nothing is convolved")
            self.reading.take("E", "nothing: there is no PSF")
            return False
        fine = number_of(self.reading.file.value("E").split()[0]) if self.reading.file.value("E").split() else 1.0
        sampling = int(fine) if fine is not None and fine == int(fine) and 1 <= fine <= 20 else None
        if sampling is None:
            self.reading.leave("E", "is no whole number from 1 to 20: 1 was taken")
        else:
            self.reading.take("E", f"images.psf.oversampling {sampling}")
        names = names * len(images) if len(names) == 1 else names
        said = []
        for image, name in zip(images, names, strict=False):
            called = self.reading.called("D", name) if name else None
            if called is not None:
                image["psf"] = {"image": called, "oversampling": sampling or 1, "convention": "discrete"}
                said.append(called)
        if said:
            self.reading.take("D", "images.psf " + ", ".join(said))
        if len(words) > 1 and words[1].lower() not in NO_NAME:
            why = f"the diffusion kernel {words[1]} is not applied: give a PSF that was convolved with it"
            self.reading.leave("D", why)
        return bool(said)

    def _noise(self, images: list[dict[str, Any]], facts: Sequence[ImageFacts | None]) -> None:
        names = self.reading.names("C")
        names = names * len(images) if len(names) == 1 else names
        said = []
        for image, name, fact in zip(images, names, facts, strict=False):
            called = self.reading.called("C", name) if name else None
            if called is not None:
                image["sigma"] = called
                said.append(f"images.sigma {called}")
            elif fact is not None and fact.scatter > 0.0:
                image["variance"] = {"datum": {"gain": fact.gain, "sky": fact.sky, "scatter": fact.scatter}}
                origin = "of the header" if fact.gain_given else "which GALFIT takes where a header has none"
                said.append(
                    f"images.variance, as GALFIT makes it: the sky's scatter {fact.scatter:.4g} about {fact.sky:.4g}, "
                    f"and photon noise of a datum's distance from it by {fact.gain:g} electrons a data unit, {origin}"
                )
            else:
                image["variance"] = {"auto": True}
                said.append("images.variance auto: the image's header and pixels were not to be had")
        words = self.reading.file.value("C").split()
        if len(words) > 1 and number_of(words[1]):
            self.reading.leave(
                "C", f"a least sigma of {words[1]} of the data is not applied: give a sigma image with it"
            )
        line = self.reading.file.header.get("C")
        self.reading.book.take(line or Line(self.reading.source.name, 0, "C)"), "; ".join(said))

    def _mask(self, images: list[dict[str, Any]]) -> None:
        names = self.reading.names("F")
        if not any(names):
            self.reading.take("F", "nothing: no mask")
            return
        names = names * len(images) if len(names) == 1 else names
        for image, name in zip(images, names, strict=False):
            if not name:
                continue
            text = self.reading.source.text_beside(name)
            called = self.reading.source.rename(name)
            if text is not None:
                shapes, bad = listed_pixels(text)
                if shapes:
                    image["mask_shapes"] = shapes
                    self.reading.take(
                        "F", f"images.mask_shapes: the pixels that {name} lists, as {counted(len(shapes), 'box')}"
                    )
                for number, said in bad:
                    self.reading.book.leave(Line(name, number, said[0]), said[1])
            elif called is not None:
                key = "upload" if called.startswith("upl_") else "path"
                match = re.fullmatch(r"(.+)\[([^\[\]]+)\]", called)
                plane: dict[str, Any] = {key: called}
                if match is not None:
                    plane = {key: match[1], "hdu": int(match[2]) if match[2].isdigit() else match[2]}
                image["mask"] = plane | {"bits": "any"}
                self.reading.take("F", f"images.mask {called}: pixels that are not 0 are left out")
            else:
                self.reading.leave("F", f"there is no file {name}")

    def _window(self, images: list[dict[str, Any]]) -> None:
        numbers = [number_of(word) for word in self.reading.file.value("H").split()[:4]]
        whole = [int(item) for item in numbers if item is not None and abs(item) < 2**31 and item == int(item)]
        if len(whole) < 4 or whole[1] < whole[0] or whole[3] < whole[2]:
            self.reading.leave("H", "is no region (expected xmin xmax ymin ymax): the whole image was taken")
            return
        window = {"x": [whole[0] - 1, whole[1]], "y": [whole[2] - 1, whole[3]]}
        for image in images:
            image["window"] = window
        self.reading.take("H", f"images.window x {window['x']}, y {window['y']}: from 0, without the last")

    def optimises(self) -> bool:
        """Whether GALFIT is asked to fit, and not for the model alone."""
        return (self.reading.file.value("P").split() or ["0"])[0] == "0"

    def _mode(self) -> None:
        fits = self.optimises()
        self.reading.take("P", 'stages [{"method": "lm"}]' if fits else "no stages: the model alone, without a fit")
