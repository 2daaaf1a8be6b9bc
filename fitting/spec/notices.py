"""Notices: what a careful reader should know of a fit although nothing failed, each with a code that stays.

One channel carries them from where they are known to whoever reads them (docs/decisions/0027). How one reaches the
page, in the order to read:

1. here: a `Notice` is made where something is seen, such as `fitting.inputs.plane_reading.Reading.notice`, and goes
   with the image (`ImageData.notices`) into the result (`FitResult.notices`);
2. `jobs.lifecycle.transitions`: `create` stores those of the images, `finish` adds those of the result, each once;
3. `app.presenting.fits.present_fit`: of the record, as sentences under ``warnings`` and whole under ``notices``;
4. `app/page/js/views/result.js`: printed, with the place that they belong to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Notice:
    """One thing to know.

    Attributes:
        code: a key of `NOTICES`; it stays when the sentence is put better.
        sentence: for the user, with the numbers of the case.
        where: what it belongs to, such as ``image r``, ``image r, psf``, ``HDU 2``, ``parameters a.n`` or
            ``stage 2, nuts``; None where that is the fit as a whole.

    Example:
        >>> Notice("pixels-not-finite", "3 pixels that are NaN or infinite were masked", "image r").document()
        {'code': 'pixels-not-finite', 'sentence': '3 pixels that are NaN or infinite were masked', 'where': 'image r'}
    """

    code: str
    sentence: str
    where: str | None = None

    def __str__(self) -> str:
        return self.sentence

    def document(self) -> dict[str, str | None]:
        """The notice as JSON."""
        return {"code": self.code, "sentence": self.sentence, "where": self.where}

    @classmethod
    def read(cls, stored: str | Mapping[str, str | None]) -> Notice:
        """A notice from JSON; from before there were codes it is a plain sentence."""
        if isinstance(stored, str):
            return cls("uncoded", stored)
        return cls(str(stored["code"]), str(stored["sentence"]), stored.get("where"))


@dataclass(frozen=True)
class NoticeDescription:
    """What a code means, in a line, and what a reader may do."""

    meaning: str
    remedy: str


def sentences(notices: Iterable[Notice]) -> tuple[str, ...]:
    """The notices as plain sentences."""
    return tuple(notice.sentence for notice in notices)


def each_once(notices: Iterable[Notice]) -> tuple[Notice, ...]:
    """The notices in their order, each once."""
    return tuple(dict.fromkeys(notices))


NOTICES: Mapping[str, NoticeDescription] = MappingProxyType(
    {
        # Images.
        "pixels-not-finite": NoticeDescription(
            "Pixels of the data are NaN or infinite, and were masked.",
            "Nothing, where they are known defects; else look at how the image was made.",
        ),
        "variance-not-positive": NoticeDescription(
            "Pixels have no positive variance, and were masked.",
            "Check that the plane given as variance, weight or sigma is that.",
        ),
        "electrons-negative": NoticeDescription(
            "Pixels have counts below zero, which Poisson noise cannot have, and were masked.",
            "Give `subtracted_sky` and `read_noise` beside the gain.",
        ),
        "electrons-assumed": NoticeDescription(
            "The noise is Poisson's and no gain was given: the data are taken to be counted electrons.",
            "Give the gain as `variance`, if a data unit is not an electron.",
        ),
        "variance-estimated": NoticeDescription(
            "The variance was estimated from differences of pixels, and is the same in every pixel.",
            "Give a variance, or a gain: bright sources have photon noise that the estimate leaves out.",
        ),
        "planes-offered": NoticeDescription(
            "The image's file holds planes that say that they are its noise, mask or PSF, and the request gives none.",
            'Give those that belong to it, such as `"variance": "galaxy.fits[VARIANCE]"`; a proposal takes them.',
        ),
        "noise-offered": NoticeDescription(
            "The header tells gain and read noise, which nobody asked for.",
            'Give `"variance": {"auto": true}`, which uses them, or the gain itself.',
        ),
        "noise-of-header": NoticeDescription(
            "The noise is by gain and read noise of the header; it is said which cards, and with what sky.",
            'Give `"variance": {"gain": …, "read_noise": …, "subtracted_sky": …}` if others hold.',
        ),
        "noise-of-header-not-used": NoticeDescription(
            "The header's gain and read noise contradict the scatter of the pixels, which was used instead.",
            "Give the gain that holds of these data: of a mean of frames it is larger than the detector's.",
        ),
        "noise-contradicted": NoticeDescription(
            "The noise that was given says less than half, or more than twice, of what pixels scatter.",
            "Look whether the plane is what it was given as, by the likely reason that the notice has.",
        ),
        "sky-noise-left-out": NoticeDescription(
            "A gain was given without `subtracted_sky`, the data's level is about zero, and pixels scatter by more.",
            "Give `subtracted_sky`, the level that was taken off, in data units, beside the gain.",
        ),
        "sigma-huge": NoticeDescription(
            "Pixels have a noise so far above that of the others that it says that they are bad, and were masked.",
            "Nothing, unless they are good: then give them their noise.",
        ),
        "saturated": NoticeDescription(
            "Pixels are at the level of saturation that the header has, and were masked.",
            'Nothing; if the level is wrong, correct the header\'s card, or give `"mask_saturated": false`.',
        ),
        "saturation-not-credible": NoticeDescription(
            "So many pixels reach the header's level of saturation that it cannot be one of these data.",
            "Correct the header's card, or give a mask.",
        ),
        "flat-tops": NoticeDescription(
            "Neighbouring pixels share the highest value, as saturated ones do, and were masked.",
            'Nothing; if no pixel of the image can be saturated, give `"mask_saturated": false`.',
        ),
        "saturated-kept": NoticeDescription(
            'Pixels look saturated, and are fitted all the same, since the request says `"mask_saturated": false`.',
            "Leave that out if they are saturated: a fit to them makes sources too faint and too wide.",
        ),
        "noise-not-measurable": NoticeDescription(
            "The image has no noise to measure, so the variance is taken as 1 in every pixel.",
            "Give a variance; without one, uncertainties mean nothing.",
        ),
        "psf-normalized": NoticeDescription(
            "The PSF image did not sum to 1, and was divided by its sum.",
            "Nothing, unless the stamp was cut so small that light is missing.",
        ),
        "psf-off-centre": NoticeDescription(
            "The PSF image is centred off its central pixel, which moves all that is fitted by as much.",
            'Give `"recentre": true` beside the PSF, or a PSF that is centred.',
        ),
        "psf-even-size": NoticeDescription(
            "The PSF image has an even number of rows or columns, and its centre is pixel N/2 + 1, counted from 1.",
            'Check that it is; else crop a row or column, or give `"recentre": true`.',
        ),
        "psf-negative": NoticeDescription(
            "Pixels of the PSF image are negative, and take light away.",
            "Look at how it was made: a background that was taken off too deeply, or noise.",
        ),
        "psf-pedestal": NoticeDescription(
            "The PSF image stands on a level that holds light of its own.",
            "Take the background off before.",
        ),
        "psf-cut-off": NoticeDescription(
            "The PSF image ends where there is light yet; all of its light is taken to be inside.",
            "Give a larger one: fluxes and sizes of what has wings depend on it.",
        ),
        "psf-undersampled": NoticeDescription(
            "The PSF image has a FWHM below two of its pixels, so that its shape between them is not known.",
            "Give one that is sampled more finely, with `oversampling`.",
        ),
        "psf-sampling": NoticeDescription(
            "The header of the PSF image says how it is sampled: it was used so, or the request says otherwise.",
            "Give the `oversampling` that it has, or the image's `pixel_scale`.",
        ),
        "psf-neighbour": NoticeDescription(
            "The PSF image holds a second source, with nothing like it on the other side of the centre.",
            "Mask or subtract it: every source of the model would have such a companion.",
        ),
        "psf-larger-than-image": NoticeDescription(
            "The PSF image is more than twice as wide as what is fitted.",
            "Nothing; a smaller stamp is faster.",
        ),
        "psf-model": NoticeDescription(
            "The PSF was read from a model of one that changes over the image, and what was assumed of it.",
            "Check sampling, positions and convention; `oversampling` and `convention` beside it go before.",
        ),
        "psf-model-holes": NoticeDescription(
            "Some of the PSFs of a grid are empty or not finite, and the nearest other ones were taken.",
            "Nothing, unless the image lies there.",
        ),
        "psf-positions": NoticeDescription(
            "The image lies outside of the positions for which its PSF is known; the nearest is used.",
            "A cutout has other pixels than the frame that the PSF was made for: give the PSF there, or a `grid`.",
        ),
        "mask-taken": NoticeDescription(
            "How many pixels the mask took, by which bits, and how many of them are bright.",
            'If bright ones are those of a source, give the `bits` that mean unusable, or `"bits": "any"` for all.',
        ),
        "segment-missing": NoticeDescription(
            "The object's own segment has no pixel in the window.",
            "Check that the number is of this segmentation map, and that the window is where the object is.",
        ),
        "planes-taken": NoticeDescription(
            "Planes of the file were taken by what its HDUs say that they hold.",
            "Check that they are what is meant; else name the HDU of each plane.",
        ),
        "plane-contradicted": NoticeDescription(
            "A plane was given as one thing, and its header says that it is another.",
            "Give it under the key that the header has, unless the header is wrong.",
        ),
        "plane-not-taken": NoticeDescription(
            "An HDU looks like a plane of the image, but its shape or its header does not say so.",
            "Name the HDU of the plane that is meant.",
        ),
        "cards-left-out": NoticeDescription(
            "The header has cards that break the FITS standard; they were not used and are not in results.",
            "Nothing, unless one of them mattered (a zero point, a coordinate): then mend the header.",
        ),
        "zero-point-of-header": NoticeDescription(
            "The zero point is the header's; it is said by which cards, and whether the exposure time was used.",
            "Give `zero_point`, the magnitude of one data unit, if another is meant.",
        ),
        "pixel-scale-contradicted": NoticeDescription(
            "The request gives a pixel scale, and the header's coordinates have another.",
            "Check which is right: a given one sets lengths in arcsec, and the header's coordinates where things are.",
        ),
        "zero-point-contradicted": NoticeDescription(
            "The request gives a zero point, and the header leads to another.",
            "Check which of the two is of one data unit; the request's was used.",
        ),
        "zero-point-not-read": NoticeDescription(
            "Cards or the unit look like a flux scale and do not make one, so there are no magnitudes.",
            "Give `zero_point`, the magnitude of one data unit.",
        ),
        "zero-point-two-ways": NoticeDescription(
            "Nothing in the header says whether the zero point is of one data unit or of one count in a second.",
            "Give `zero_point`, the magnitude of one data unit, which ends the doubt.",
        ),
        "pixels-made-linear": NoticeDescription(
            "Pixels were stored as an asinh of the flux, and were made linear.",
            "Nothing; results are linear, too.",
        ),
        "pixels-not-flux": NoticeDescription(
            "The data's unit is no flux: a logarithm (magnitudes), a weight, a time or an angle.",
            "Give the image itself; of magnitudes, 10 to the power of -0.4 times them.",
        ),
        "coordinates-turned": NoticeDescription(
            "The header's sky coordinates are galactic, ecliptic, or of another system or equinox: turned to ICRS.",
            "Nothing: ra, dec and position angles, given and found, are ICRS.",
        ),
        "coordinates-by-tables": NoticeDescription(
            "The sky coordinates have tables of distortion in other HDUs of the file, and these were used.",
            "Nothing; result files have a polynomial in their place, and say in their history how well it meets them.",
        ),
        "coordinates-not-read": NoticeDescription(
            "The header's sky coordinates cannot be used, so the image has none.",
            "Fit in pixels with a `pixel_scale`, or give the header coordinates of a frame on the sky.",
        ),
        # Proposals.
        "sources-over-limit": NoticeDescription(
            "More sources stand out than a proposal may have components.",
            "Raise `max_components`, or take a window.",
        ),
        "structure-in-galaxies": NoticeDescription(
            "Peaks on a galaxy do not stand out of the ellipse about its centre, and were taken for its arms or rings.",
            "Give `positions`, which are measured whatever they are, if one of them is a source.",
        ),
        "sources-not-listed": NoticeDescription(
            "Sources stand out that the given positions, catalogue or segmentation leave out.",
            "Add or mask them: their light disturbs the components near them.",
        ),
        "positions-outside": NoticeDescription(
            "Given sources lie outside the image, and were left out.",
            "Check the frame of the positions: the first pixel's centre is (0, 0).",
        ),
        "sources-below-limit": NoticeDescription(
            "Sources were found that are fainter than the limit of the search.",
            "Lower `limit`, or leave them: they are masked unless `neighbours` says otherwise.",
        ),
        "neighbours-masked": NoticeDescription(
            "Sources beside the target, or beyond a limit, are fitted along with it or masked, and how many of each.",
            'Give `"neighbours": "fit"`, `"mask"` or `"ignore"`.',
        ),
        "neighbours-ignored": NoticeDescription(
            "The target's neighbours are neither fitted nor masked, as was asked for.",
            'Give `"neighbours": "auto"` if their light reaches the target.',
        ),
        "window-around-target": NoticeDescription(
            "The fit is of a part of the image around the target.",
            "Give a `window`, if more or less is wanted.",
        ),
        "no-target": NoticeDescription(
            "No source was found where the target was said to be; all that was found is proposed.",
            "Check the place, where the first pixel's centre is (0, 0); lower `threshold`; or give positions.",
        ),
        "model-chosen": NoticeDescription(
            "Which model a source is described by, and by how much the BIC of others is worse.",
            "Give `model` to have another.",
        ),
        "noise-correlated": NoticeDescription(
            "Neighbouring pixels of the noise are correlated; the choice of models allows for that, a fit does not.",
            "Multiply uncertainties by the factor that the notice has, or use an image that was not resampled.",
        ),
        "saturated-masked": NoticeDescription(
            "Stars with a flat or missing top were masked, with their halos and spikes.",
            'Give `"mask_defects": false` if they are none.',
        ),
        "lines-masked": NoticeDescription(
            "Columns or rows that are off from those beside them were masked.",
            'Give `"mask_defects": false` if they are none.',
        ),
        "image-inverted": NoticeDescription(
            "Nothing stands out above the sky, but something does below it.",
            "Check the sign of the image, and whether sources were taken off with the sky.",
        ),
        "no-sources": NoticeDescription(
            "No source stands out, and the sky alone is proposed.",
            "Lower `threshold`, or give positions.",
        ),
        "sky-tilted": NoticeDescription(
            "The sky has a gradient that a flat one does not describe.",
            "Ask for `plane_sky`.",
        ),
        # Results.
        "at-limit": NoticeDescription(
            "Parameters ended at a limit, and have no uncertainty.",
            "Widen the limit if it is not physical; else fix the parameter there.",
        ),
        "bad-fit-at-limit": NoticeDescription(
            "Reduced χ² is far above 1 with parameters at a limit, so that the fit is probably not the best there is.",
            "Widen limits of your own, leave values out, add `restarts` to `lm`, or a component for what is missing.",
        ),
        "held": NoticeDescription(
            "Parameters that the data do not feel were left alone, without an uncertainty; the others were fitted.",
            "Fix them, or remove the component; widen the window or the mask if the component belongs to the scene.",
        ),
        "unmoved": NoticeDescription(
            "A fit ended before it moved some parameters from their start, so they have no uncertainty.",
            "Allow more iterations or time, leave values out so that they are found in the image, or add restarts.",
        ),
        "undetermined": NoticeDescription(
            "The data do not determine parameters: other values fit as well, so they have no uncertainty.",
            "Fix or link some of them, or give priors.",
        ),
        "too-few-pixels": NoticeDescription(
            "There are fewer pixels than free parameters, so nothing is determined.",
            "Fix parameters, or use more pixels.",
        ),
        "unresolved": NoticeDescription(
            "A component is too small for its shape to be seen: its size is an upper limit.",
            "Fit a `point_source`; position and total flux are what the data tell, the flux with the shape as given.",
        ),
        "smaller-than-pixel": NoticeDescription(
            "A component is smaller than a pixel of a PSF that is a kernel for pixel values, and is blurred too much.",
            'Fit a `point_source` if it is a star; give `"convention": "effective"` beside a PSF made of stars.',
        ),
        "limit-clipped": NoticeDescription(
            "A limit lies beyond what the profile can have, and was taken as the profile's own.",
            "Nothing, unless the profile's range is too narrow for you.",
        ),
        "near-limit": NoticeDescription(
            "A limit lies within one uncertainty of a parameter, and cuts what it may be.",
            "Sample with a chain, which shows what is left of the uncertainty.",
        ),
        "stopped-early": NoticeDescription(
            "A stage was stopped before its end, and the result is what it had found so far.",
            "Go on from `best-fit.json`, or give more seconds in `limits`, fewer stages or a smaller window.",
        ),
        "stage-failed": NoticeDescription(
            "A stage failed on the way; the result is what it, and the stages before it, had found.",
            "Use it for what it is; leave the stage out, or give it other options, and run the fit again.",
        ),
        "result-incomplete": NoticeDescription(
            "A part of the result, such as the covariance, failed or was stopped after the stages, and is left out.",
            "Use what is there; run `best-fit.json` for what is missing, and report a fault of photfit as one.",
        ),
        "plot-not-drawn": NoticeDescription(
            "A plot of the result could not be drawn; its numbers and images are there.",
            "Draw it from them, and report the sentence as a fault of photfit.",
        ),
        "stages-not-run": NoticeDescription(
            "Stages were not run, since one before them was stopped or failed.",
            "Run them from `best-fit.json`, which starts where this result ended.",
        ),
        "variance-estimated-again": NoticeDescription(
            "The variance that was estimated before the fit was estimated again from its residual, and is used.",
            "Give a variance, or a gain: bright sources have photon noise that the estimate leaves out.",
        ),
        "photon-noise-of-data": NoticeDescription(
            "Photon noise was taken of the smoothed data, since no stage fitted a model before the chains.",
            "Begin with a stage of `lm`, after which the noise is that of its model.",
        ),
        "noise-too-large": NoticeDescription(
            "Reduced χ² is far below 1: the noise that was given is larger than that of the pixels.",
            "Look at what was given as variance, sigma or weight; uncertainties are too large with it.",
        ),
        "noise-too-small": NoticeDescription(
            "Reduced χ² is far above 1 though the residual has no structure: the noise that was given is too small.",
            "Look at what was given as variance, sigma or weight, or use the scaled uncertainties.",
        ),
        "residual-correlated": NoticeDescription(
            "Neighbouring pixels of the residual are correlated all over the image, away from the components, too.",
            "Multiply uncertainties by the factor that the notice has, or fit an image that was not resampled.",
        ),
        "model-lacks-structure": NoticeDescription(
            "The residual is correlated in places, where the components are or where light has none, and not all over.",
            "Look at the residual, and add or mask what is missing; uncertainties do not allow for it.",
        ),
        "total-undefined": NoticeDescription(
            "A component has no total flux, as its light has no bound, or no magnitude, as its flux is not positive.",
            "Truncate it (`geometry`), limit the slope, or read the surface brightness.",
        ),
        "distortion-not-linear": NoticeDescription(
            "A component of a fit on the sky is so large that distortion bends within it, and is drawn as if not.",
            "Fit an image that was resampled to a plain projection, or this image alone in frame `pixel`.",
        ),
        "pixels-not-square": NoticeDescription(
            "Pixels are not square, and shapes that are no plain ellipses are drawn from the sky as if they were.",
            "Fit in frame `pixel`, or an image that was resampled to square pixels.",
        ),
        # Intervals.
        "interval-at-limit": NoticeDescription(
            "An interval ends at a parameter's limit, before χ² has risen by 1.",
            "Read the end as the limit's; widen the limit if it is not physical.",
        ),
        "interval-open": NoticeDescription(
            "An interval has no end on one side.",
            "Read it as open there: the data do not bound the parameter.",
        ),
        "deeper-minimum": NoticeDescription(
            "On the way to an interval's end χ² fell below its least.",
            "Start at the values that the notice has, or use `restarts`.",
        ),
        # Chains.
        "chains-too-short": NoticeDescription(
            "Chains have too few draws to judge them.",
            "Raise `samples`.",
        ),
        "chains-apart": NoticeDescription(
            "Chains sit in different solutions, whose weights they do not tell.",
            "Start at the better one, or narrow the limits to the one that is meant.",
        ),
        "draws-too-few": NoticeDescription(
            "The draws are worth too few independent ones.",
            "Raise `samples` or `thin`, or take another sampler.",
        ),
        "chains-unmixed": NoticeDescription(
            "R̂ says that the chains do not agree yet.",
            "Raise `warmup` and `samples`.",
        ),
        "trajectories-divergent": NoticeDescription(
            "The posterior bends more sharply than the sampler's steps follow.",
            "Raise `target_accept`, or take other parameters.",
        ),
        "tails-unexplored": NoticeDescription(
            "The energy says that the chains hardly explore the tails.",
            "Raise `warmup`, or narrow the priors of what the data do not determine.",
        ),
        "importance-unreliable": NoticeDescription(
            "Importance weights say that the posterior is too unlike what was drawn from, the covariance or a guide.",
            "Run `nuts`, or raise `samples`, or take a heavier-tailed proposal (fewer `degrees_of_freedom`), or of "
            "`svi` a normalizing flow.",
        ),
        "single-chain": NoticeDescription(
            "One chain cannot show whether there is a second solution.",
            "Run four.",
        ),
        # The service.
        "no-gpu-worker": NoticeDescription(
            "When the fit was asked for, no worker with a GPU was there.",
            "Wait, or ask for the device `auto`.",
        ),
        "uncoded": NoticeDescription(
            "A notice of a fit that ran before notices had codes.",
            "Read its sentence.",
        ),
    }
)
"""Code → what it means; the one table of notices."""
