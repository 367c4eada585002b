# SPDX-License-Identifier: GPL-2.0-only
"""The mistakes that provoker.ko makes on purpose, and what this kernel has to say about each."""

MISTAKES = (
    ("rcu", r"suspicious RCU usage"),
    ("lock-order", r"possible circular locking"),
    ("atomic-sleep", r"sleeping function called from invalid context"),
    ("bounds", r"UBSAN: array-index-out-of-bounds"),
    ("shift", r"UBSAN: shift-out-of-bounds"),
    ("list", r"list_del corruption"),
    ("active-timer", r"ODEBUG: free active"),
    ("overrun", r"KASAN: slab-out-of-bounds in write_beyond"),
    ("write-freed", r"KASAN: slab-use-after-free in write_freed"),
    ("read-freed", r"KASAN: slab-use-after-free in read_freed"),
    ("freed-page", r"KASAN: use-after-free in read_freed_page"),
    ("global-overrun", r"KASAN: global-out-of-bounds in provoke_global_overrun"),
    ("stack-overrun", r"KASAN: stack-out-of-bounds in provoke_stack_overrun"),
    ("leak", r"unreferenced object(?s:.*)provoked: leaked"),
)

# What else is said about them.
CONSEQUENCES = (r"kmemleak: \d new suspected memory leaks",)


def command(module: str) -> tuple[str, ...]:
    """Makes one mistake after the other."""
    lines = [f"insmod {module} mistake={name}; rmmod provoker" for name, _ in MISTAKES]
    return ("sh", "-c", "; ".join(lines))
