"""Columns of a catalogue's answer: their names, types, units, descriptions and UCDs, in every format alike.

A parameter is called ``component_parameter``, and one of an image ``component_parameter_image``: ``g.r_e`` is
``g_r_e``, ``g.magnitude[r]`` is ``g_magnitude_r``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from fitting.catalogues.object_table import ObjectColumn, said_of_column
from fitting.spec import METHODS, Fault, FitRequest, ParameterTable
from fitting.spec.catalogues import FLAGS, CatalogueRequest

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_]+")
QUANTILES: Mapping[str, str] = {"0.16": "p16", "0.5": "p50", "0.84": "p84"}
"""Quantiles of the posterior, and what their columns end in."""
CRITERIA = ("bic", "aic", "chi2_reduced", "log_evidence")
"""What is said of each of several models, each in a column ``CRITERION_MODEL``."""
_UCDS: Mapping[str, str] = {
    "ra": "pos.eq.ra",
    "dec": "pos.eq.dec",
    "x": "pos.cartesian.x",
    "y": "pos.cartesian.y",
    "magnitude": "phot.mag",
    "flux": "phot.flux",
    "pa": "pos.posAng",
    "pa_sky": "pos.posAng",
    "pa_pixel": "pos.posAng",
    "r_e": "phys.angSize",
    "r_e_arcsec": "phys.angSize",
    "mu_e": "phot.mag.sb",
    "mu_0": "phot.mag.sb",
    "mean_mu_e": "phot.mag.sb",
}
"""What quantities are, in the words of the IVOA's UCD1+, by the parameter's name."""
_DERIVED = (
    *("flux", "magnitude", "mu_e", "mu_0", "mean_mu_e", "fraction", "ra", "dec", "x", "y"),
    *("pa_sky", "pa_pixel", "q_sky", "q_pixel", "r_e_arcsec", "r_e_minor_arcsec", "r_e_pixel", "i_e_arcsec2"),
)
"""Quantities that are derived of components (docs/reference/derived-values.md), which an input may have named, too."""


@dataclass(frozen=True)
class AnswerColumn:
    """A column of the answer."""

    name: str
    type: pa.DataType
    unit: str = ""
    description: str = ""
    ucd: str = ""

    @property
    def field(self) -> pa.Field:
        """The column as pyarrow has it."""
        return pa.field(self.name, self.type, metadata=said_of_column(self.unit, self.description, self.ucd))


def column_name(name: str) -> str:
    """What the column of a parameter or derived value is called."""
    return _NOT_IN_NAMES.sub("_", name).strip("_")


def column_unit(unit: str) -> str:
    """A unit of photfit's as tables have it; data units are none that a table could hold, so descriptions say them."""
    return "" if "data" in unit else unit.replace("degree", "deg")


def number_columns(name: str, unit: str, description: str, kinds: Sequence[str]) -> Iterator[AnswerColumn]:
    """The columns of one value: itself, and what stands beside it.

    Args:
        name: of the parameter or derived value, such as ``g.r_e``.
        kinds: which stand beside it: keys of `KINDS`.
    """
    stem, ucd = column_name(name), _UCDS.get(name.partition("[")[0].rpartition(".")[2], "")
    description = f"{description.rstrip('.')}, in units of {unit}" if "data" in unit else description
    yield AnswerColumn(stem, pa.float64(), column_unit(unit), description, ucd or "stat.fit.param")
    for kind in kinds:
        words, own_unit, of_kind = KINDS[kind]
        of_value = f"{of_kind};{ucd}" if ucd and of_kind == "stat.error" else of_kind
        yield AnswerColumn(
            f"{stem}_{kind}", pa.float64(), column_unit(unit) if own_unit else "", f"{words} {stem}", of_value
        )


KINDS: Mapping[str, tuple[str, bool, str]] = {
    "err": ("Standard error of", True, "stat.error"),
    "err_scaled": ("Standard error, times the root of reduced chi-squared, of", True, "stat.error"),
    "lower": ("Lower end of the interval, where the profile of chi-squared is 1 above its least, of", True, "stat.min"),
    "upper": ("Upper end of the interval, where the profile of chi-squared is 1 above its least, of", True, "stat.max"),
    "p16": ("16 % quantile of the posterior of", True, "stat.value"),
    "p50": ("Median of the posterior of", True, "stat.median"),
    "p84": ("84 % quantile of the posterior of", True, "stat.value"),
    "rhat": ("Split R-hat of the chains of", False, "stat.value"),
    "ess": ("Effective sample size, bulk, of", False, "stat.value"),
}
"""What may stand beside a value: words before its name, whether it has the value's unit, and its UCD."""

_FLAG_WORDS = ", ".join(f"{flag.bit} {flag.name}" for flag in FLAGS.values())
GOODNESS: tuple[AnswerColumn, ...] = (
    AnswerColumn("chi2", pa.float64(), "", "Chi-squared of the used pixels", "stat.fit.chi2"),
    AnswerColumn("chi2_reduced", pa.float64(), "", "Chi-squared per degree of freedom", "stat.fit.chi2"),
    AnswerColumn("degrees_of_freedom", pa.int64(), "", "Used pixels less free parameters", "stat.fit.dof"),
    AnswerColumn("n_pixels", pa.int64(), "", "Used pixels", "meta.number"),
    AnswerColumn("bic", pa.float64(), "", "Bayesian information criterion, -2 ln L + k ln n", "stat.fit.goodness"),
    AnswerColumn("aic", pa.float64(), "", "Akaike information criterion, -2 ln L + 2 k", "stat.fit.goodness"),
    AnswerColumn("iterations", pa.int64(), "", "Iterations of all stages", "meta.number"),
    AnswerColumn("seconds", pa.float64(), "s", "Time that the row's fits took", "time.duration"),
    AnswerColumn("model", pa.string(), "", "Model that was chosen", "meta.id"),
    AnswerColumn("flags", pa.int64(), "", f"Bits: {_FLAG_WORDS}", "meta.code"),
    AnswerColumn("message", pa.string(), "", "How the fit ended, or why there is none", "meta.note"),
    AnswerColumn("notices", pa.string(), "", "Codes of what is to be known of the row's fit", "meta.note"),
)
"""Columns at the end, of every row."""
ROW = "row"
"""Column of a part's file with the rows' numbers, which the answer does not have."""
COVARIANCE = AnswerColumn(
    "covariance", pa.list_(pa.float64()), "", "Covariance of the row's free parameters, row by row", "stat.covariance"
)


def object_fields(columns: Mapping[str, ObjectColumn], schema: pa.Schema) -> list[pa.Field]:
    """The input's own columns, which come first."""
    return [schema.field(name) for name in columns]


def parameter_columns(catalogue: CatalogueRequest, requests: Mapping[str, FitRequest]) -> list[AnswerColumn]:
    """Columns of the free parameters of every model, in order, each once; then of the models' figures.

    Args:
        requests: a row's request with each model.
    """
    found: dict[str, AnswerColumn] = {}
    for request in requests.values():
        kinds = kinds_of(request)
        for row in ParameterTable.of(request):
            if row.free and not row.constraint and is_of_row(row.component):
                for column in number_columns(row.name, row.description.unit, row.description.description, kinds):
                    found.setdefault(column.name, column)
    if catalogue.models is not None:
        for column in model_columns(catalogue):
            found.setdefault(column.name, column)
    return list(found.values())


def model_columns(catalogue: CatalogueRequest) -> Iterator[AnswerColumn]:
    """Columns of the figures of each of several models."""
    criteria = CRITERIA if catalogue.choose == "log_evidence" else CRITERIA[:-1]
    for model in catalogue.models or ():
        for criterion in criteria:
            yield AnswerColumn(
                f"{criterion}_{model}", pa.float64(), "", f"{criterion} of the model {model}", "stat.fit"
            )


def kinds_of(request: FitRequest) -> tuple[str, ...]:
    """What stands beside each free parameter of a request, by its stages."""
    kinds = ["err", "err_scaled"]
    if any(getattr(stage.options, "intervals", None) for stage in request.stages):
        kinds += ["lower", "upper"]
    if any(METHODS[stage.method].samples for stage in request.stages):
        kinds += [*QUANTILES.values(), "rhat", "ess"]
    return tuple(kinds)


def is_of_row(component: str) -> bool:
    """Whether a component, by its name, is the row's own, and not a neighbour's."""
    return re.match(r"n[0-9]+_", component) is None


def collisions(
    objects: Iterable[str], catalogue: CatalogueRequest, requests: Mapping[str, FitRequest]
) -> Iterator[Fault]:
    """Faults of columns of the object table that the answer has, too, and of two of the answer of one name."""
    parameters = parameter_columns(catalogue, requests)
    taken = {column.name for column in (*parameters, *GOODNESS, COVARIANCE)}
    for request in requests.values():
        names = [row.name for row in ParameterTable.of(request) if row.free and is_of_row(row.component)]
        seen: dict[str, str] = {}
        for name in names:
            other = seen.setdefault(column_name(name), name)
            if other != name:
                message = f"{name} and {other} would both be the column {column_name(name)!r}"
                yield Fault("$.template.components", message, "other names of components or images")
        lights = [item.name for item in request.components if item.role == "light" and is_of_row(item.name)]
        stems = [*lights, *request.groups, "total"]
        images = [image.name for image in request.images]
        for stem in stems:
            for derived in _DERIVED:
                base = column_name(f"{stem}.{derived}")
                ends = ("", *(f"_{column_name(image)}" for image in images if len(images) > 1))
                taken |= {f"{base}{end}{error}" for end in ends for error in ("", "_err")}
    for name in objects:
        if name in taken:
            yield Fault("$.objects", f"has a column {name!r}, and so has the answer", "another name for it")
