# SPDX-License-Identifier: GPL-2.0-only
"""What a driver takes by being there, and by having a stream open."""

import dataclasses
import json
import pathlib
from typing import Callable

from xenfront.errors import explained

# What tests/bench/guest.sh notes without any driver.
_NOTHING = "none"


@dataclasses.dataclass(frozen=True)
class Facts:
    """By driver, alone and with an open stream (DRIVER:open): what the guest says, and pages of the
    guest that other domains have mapped."""

    guest: dict[str, dict[str, int]]
    grants: dict[str, int]

    def rows(self) -> list[tuple[str, Callable[[str], str]]]:
        """What is found out of each driver. Pages that the guest has mapped for other devices, and
        memory of the kernel without the module itself, are what there is more of with a driver."""
        return [("module in memory", self._module),
                ("kernel memory, idle", lambda driver: self._memory(driver, _NOTHING)),
                ("more with a stream", lambda driver: self._memory(f"{driver}:open", driver)),
                ("pages mapped by the backend, idle",
                 lambda driver: self._grants(driver, _NOTHING)),
                ("more with a stream", lambda driver: self._grants(f"{driver}:open", driver))]

    def _module(self, driver: str) -> str:
        """Its code and data, once loaded."""
        noted = self.guest.get(driver)
        return "-" if noted is None else f"{noted['module_bytes'] / 1024:.0f} KiB"

    def _memory(self, state: str, before: str) -> str:
        if state not in self.guest or before not in self.guest:
            return "-"
        return f"{self.guest[state]['kernel_kib'] - self.guest[before]['kernel_kib']} KiB"

    def _grants(self, state: str, before: str) -> str:
        if state not in self.grants or before not in self.grants:
            return "-"
        return str(self.grants[state] - self.grants[before])


def read(guest: pathlib.Path, grants: pathlib.Path) -> Facts:
    """The files that guest.sh and dom0.sh have written."""
    with explained(f"{guest}, {grants}", "see stderr of the domain's script", "not both can be read"):
        noted = [json.loads(line) for line in guest.read_text(encoding="utf-8").splitlines()]
        mapped = [line.split() for line in grants.read_text(encoding="utf-8").splitlines()]
    return Facts({fact["facts"]: fact for fact in noted},
                 {name: int(count) for name, count in mapped})
