"""Optimizers and learning-rate schedules of torch by name, and the options that each takes.

The tables repeat what torch offers, so that a request is checked without it; a test holds them together.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

Kind = Literal["number", "integer", "boolean", "pair", "word"]


@dataclass(frozen=True)
class Setting:
    """One option of an optimizer or a schedule.

    Attributes:
        kind: what JSON holds: a number, an integer, true or false, two numbers, or one of `words`.
        low, high: limits of every number, `high` itself excluded where `open_high`.
        words: for kind ``word``.
    """

    kind: Kind
    low: float = 0.0
    high: float = float("inf")
    open_high: bool = False
    words: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        """What a value must be, for people."""
        if self.kind == "word":
            return "one of: " + ", ".join(self.words)
        if self.kind == "boolean":
            return "true or false"
        what = {"number": "a number", "integer": "an integer", "pair": "two numbers"}[self.kind]
        if self.high == float("inf"):
            return f"{what}, at least {self.low:g}"
        return f"{what} from {self.low:g} to {'below ' if self.open_high else ''}{self.high:g}"

    def accepts(self, value: Any) -> bool:
        """Whether a JSON value will do."""
        if self.kind == "word":
            return value in self.words
        if self.kind == "boolean":
            return isinstance(value, bool)
        if self.kind == "pair":
            return isinstance(value, list | tuple) and len(value) == 2 and all(map(self._number, value))
        return self._number(value) and (self.kind == "number" or isinstance(value, int))

    def _number(self, value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return self.low <= value < self.high if self.open_high else self.low <= value <= min(self.high, 1e300)


_DECAY = Setting("number", 0.0, 1.0, open_high=True)
_DECAYS = Setting("pair", 0.0, 1.0, open_high=True)
_SHARE = Setting("number", 0.0, 1.0)
_POSITIVE = Setting("number", 1e-300)
_SOME = Setting("number")
_COUNT = Setting("integer", 1, 1_000_000)
_FLAG = Setting("boolean")
_ADAM = {"betas": _DECAYS, "eps": _SOME, "weight_decay": _SOME}


@dataclass(frozen=True)
class TorchOptimizer:
    """An optimizer of ``torch.optim``.

    Attributes:
        torch_name: its class.
        learning_rate: photfit's default, in scaled parameters.
        settings: its own options.
    """

    torch_name: str
    learning_rate: float
    settings: MappingProxyType[str, Setting]


def _optimizer(torch_name: str, learning_rate: float, **settings: Setting) -> TorchOptimizer:
    return TorchOptimizer(torch_name, learning_rate, MappingProxyType(settings))


OPTIMIZERS: MappingProxyType[str, TorchOptimizer] = MappingProxyType(
    {
        "adam": _optimizer("Adam", 0.02, **_ADAM, amsgrad=_FLAG, decoupled_weight_decay=_FLAG),
        "adamw": _optimizer("AdamW", 0.02, **_ADAM, amsgrad=_FLAG),
        "nadam": _optimizer("NAdam", 0.02, **_ADAM, momentum_decay=_SOME, decoupled_weight_decay=_FLAG),
        "radam": _optimizer("RAdam", 0.05, **_ADAM, decoupled_weight_decay=_FLAG),
        "adamax": _optimizer("Adamax", 0.05, **_ADAM),
        "adagrad": _optimizer(
            "Adagrad", 0.2, lr_decay=_SOME, weight_decay=_SOME, initial_accumulator_value=_SOME, eps=_SOME
        ),
        "adadelta": _optimizer("Adadelta", 10.0, rho=_DECAY, eps=_SOME, weight_decay=_SOME),
        "adafactor": _optimizer(
            "Adafactor", 0.3, beta2_decay=Setting("number", -10.0, 0.0), d=_POSITIVE, weight_decay=_SOME
        ),
        "asgd": _optimizer("ASGD", 0.5, lambd=_SOME, alpha=_SHARE, t0=_SOME, weight_decay=_SOME),
        "rmsprop": _optimizer(
            "RMSprop", 0.01, alpha=_DECAY, eps=_SOME, weight_decay=_SOME, momentum=_DECAY, centered=_FLAG
        ),
        "rprop": _optimizer("Rprop", 0.01, etas=Setting("pair", 1e-6, 10.0), step_sizes=Setting("pair", 0.0, 1e3)),
        "sgd": _optimizer("SGD", 0.5, momentum=_DECAY, dampening=_SHARE, weight_decay=_SOME, nesterov=_FLAG),
        "lbfgs": _optimizer(
            "LBFGS",
            1.0,
            max_iter=_COUNT,
            max_eval=_COUNT,
            tolerance_grad=_SOME,
            tolerance_change=_SOME,
            history_size=_COUNT,
            line_search_fn=Setting("word", words=("strong_wolfe",)),
        ),
    }
)
"""Every optimizer of torch but Muon, which is for matrices alone, and SparseAdam, for sparse gradients alone."""

SCHEDULES: MappingProxyType[str, MappingProxyType[str, Setting]] = MappingProxyType(
    {
        name: MappingProxyType(settings)
        for name, settings in {
            "constant": {},
            "cosine": {"eta_min": _SOME},
            "cosine_restarts": {"T_0": _COUNT, "T_mult": _COUNT, "eta_min": _SOME},
            "onecycle": {
                "pct_start": _SHARE,
                "div_factor": Setting("number", 1.0),
                "final_div_factor": Setting("number", 1.0),
                "anneal_strategy": Setting("word", words=("cos", "linear")),
                "three_phase": _FLAG,
            },
            "exponential": {"gamma": _SHARE},
            "linear": {"end_factor": _SHARE},
            "polynomial": {"power": _SOME},
            "step": {"step_size": _COUNT, "gamma": _SHARE},
            "plateau": {"factor": _DECAY, "patience": _COUNT, "threshold": _SOME, "cooldown": _COUNT, "min_lr": _SOME},
        }.items()
    }
)
"""Learning-rate schedules and their options."""
