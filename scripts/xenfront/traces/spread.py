# SPDX-License-Identifier: GPL-2.0-only
"""How some durations are spread."""

import dataclasses
from typing import Iterable


@dataclasses.dataclass(frozen=True)
class Spread:
    """Of `count` durations: the mean, and the smallest that so many per cent do not exceed."""

    count: int
    smallest: float
    mean: float
    p50: float
    p99: float
    largest: float

    @classmethod
    def of(cls, durations: Iterable[int], unit: float = 1) -> "Spread | None":
        """Of durations of which `unit` are one of the result's; None if there are none."""
        values = sorted(durations)
        if not values:
            return None
        ranks = (values[max(-(-len(values) * percent // 100), 1) - 1] for percent in (50, 99))
        return cls(len(values), values[0] / unit, sum(values) / len(values) / unit,
                   *(value / unit for value in ranks), values[-1] / unit)

    def range(self, unit: str) -> str:
        """Smallest, mean and largest."""
        return f"{self.smallest:.2f} / {self.mean:.2f} / {self.largest:.2f} {unit}"

    def percentiles(self, unit: str) -> str:
        """The 50th and the 99th, and the largest."""
        return f"{self.p50:.0f} / {self.p99:.0f} / {self.largest:.0f} {unit}"
