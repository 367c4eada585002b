# SPDX-License-Identifier: GPL-2.0-only
"""All that was measured, in whatever machine."""

import dataclasses
from typing import Any

from xenfront.bench import instructions, targets
from xenfront.bench.figures import Findings
from xenfront.judgement import Verdict


@dataclasses.dataclass(frozen=True)
class Outcome:
    """`slow` is about machines of other speeds: nanoseconds of an instruction, and findings."""

    findings: Findings
    slow: dict[int, Findings]
    description: dict[str, str]  # of what was measured
    counted: instructions.Costs = dataclasses.field(default_factory=dict)

    @property
    def verdicts(self) -> list[Verdict]:
        """On all targets."""
        return targets.judge(self.findings).verdicts

    def as_dict(self) -> dict[str, Any]:
        """For report.json."""
        return {
            **self.description,
            "targets": [dataclasses.asdict(verdict) for verdict in self.verdicts],
            "facts": dataclasses.asdict(self.findings.facts),
            "instructions_of_a_period": {f"{driver} {name}": dataclasses.asdict(cost)
                                         for (driver, name), cost in self.counted.items()},
            "steps": _steps(self.findings),
            "slower_machines": {f"{speed} ns": _steps(found) for speed, found in self.slow.items()},
        }


def _steps(findings: Findings) -> list[dict[str, Any]]:
    return [{"name": one.step.name, **dataclasses.asdict(one.step),
             "figures": dataclasses.asdict(one.figures)} for one in findings.all]
