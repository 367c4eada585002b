# SPDX-License-Identifier: GPL-2.0-only
"""The log scanner finds what must fail a run, once, and nothing else."""

import re
import unittest

from xenfront.lab import reports

WARN_SPLAT = """\
[    3.100000] usb: all quiet
[   12.345678] ------------[ cut here ]------------
[   12.345680] refcount_t: underflow; use-after-free.
[   12.345690] WARNING: CPU: 0 PID: 77 at lib/refcount.c:28 refcount_warn_saturate+0xba/0x110
[   12.345700] Call Trace:
[   12.345710]  <TASK>
[   12.345720] ---[ end trace 0000000000000000 ]---
[   13.000000] afterwards
"""

# What 6.12 says to a module with two sections of one name; insmod says "File exists".
DUPLICATE = """\
[    5.100000] snd_xen_front: loading out-of-tree module taints kernel.
[    5.200000] sysfs: cannot create duplicate filename '/module/snd_xen_front/sections/table'
[    5.200010] CPU: 0 UID: 0 PID: 70 Comm: insmod Tainted: G           O       6.12.117+deb13-amd64
[    5.200020] Tainted: [O]=OOT_MODULE
[    5.200030] Call Trace:
[    5.200040]  <TASK>
[    5.200050]  dump_stack_lvl+0x5d/0x80
[    5.200060]  </TASK>
"""
FAILED_ALLOCATION = """\
[    6.100000] all is well
[    6.200000] aplay: page allocation failure: order:9, mode:0xdc0(GFP_KERNEL|__GFP_ZERO)
[    6.200010] CPU: 0 PID: 80 Comm: aplay Not tainted 6.1.0-56-amd64 #1  Debian 6.1.176-1
[    6.200030] Call Trace:
[    6.200040]  <TASK>
"""


def kinds(text: str) -> list[str]:
    return [report.kind for report in reports.scan("log", text)]


class Reports(unittest.TestCase):
    def test_each_kind_is_found(self) -> None:
        samples = {
            "panic": "Kernel panic - not syncing: Fatal exception",
            "oops": "Oops: 0002 [#1] PREEMPT SMP NOPTI",
            "BUG": "BUG: kernel NULL pointer dereference, address: 0000000000000008",
            "WARN": "WARNING: CPU: 0 PID: 1 at sound/core/pcm_lib.c:1 x+0x1/0x2 [snd_pcm]",
            "lockdep": "WARNING: possible circular locking dependency detected",
            "hung task": "INFO: task aplay:123 blocked for more than 30 seconds.",
            "memory": "BUG: KFENCE: use-after-free read in f+0x1/0x2",
        }
        for kind, message in samples.items():
            with self.subTest(kind=kind):
                found = kinds(f"[    1.000000] {message}\n")
                self.assertEqual(len(found), 1, message)

    def test_more_messages_that_must_fail(self) -> None:
        for message in (
                "general protection fault, probably for non-canonical address 0xdead: 0000 [#1]",
                "BUG: sleeping function called from invalid context at mm/slab.h:494",
                "WARNING: inconsistent lock state", "WARNING: suspicious RCU usage",
                "UBSAN: shift-out-of-bounds in a.c:1:2", "BUG: KASAN: slab-out-of-bounds in f",
                "kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)",
                "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
                "watchdog: BUG: soft lockup - CPU#0 stuck for 22s!",
                "list_del corruption. prev->next should be a, but was b",
                "22 freeing event channel", "kernel BUG at mm/slub.c:3!",
                "Attempted to kill init! exitcode=0x0000000b"):
            with self.subTest(message=message):
                self.assertEqual(len(kinds(f"[   10.000001] {message}\n")), 1)

    def test_harmless_lines_pass(self) -> None:
        for line in (
                "[    0.000000] Linux version 6.1.0-56-amd64 (debian-kernel@lists.debian.org)",
                "[    0.535221] DEBUG_OBJECTS enabled", "[    1.0] not a kernel's stamp WARNING: x",
                "[    0.100000] hung_task: watches", "[    1.000000] debug: BUGGY firmware? no",
                "[    5.000000] xen-blkback: backend/vbd/1/51712: using 1 queues",
                "WARNING: from a program, not from a kernel", "Oops, said the shell",
                '[   66.000000] "echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this',
                "[   31.540682] traps: amixer[387] general protection fault ip:7f999502482e in a.so",
                "(XEN) Domain heap initialised", "(XEN) Std. Loglevel: Errors and warnings"):
            with self.subTest(line=line):
                self.assertEqual(kinds(line + "\n"), [])

    def test_a_splat_is_one_report(self) -> None:
        found = reports.scan("domu0/dmesg", WARN_SPLAT)
        self.assertEqual(len(found), 1)
        self.assertIn("refcount_t", str(found[0]))
        self.assertIn("domu0/dmesg", str(found[0]))

    def test_any_call_trace_is_a_report(self) -> None:
        self.assertEqual(kinds(FAILED_ALLOCATION), ["call trace"])
        found = reports.scan("dmesg", FAILED_ALLOCATION)
        self.assertIn("aplay: page allocation failure", found[0].lines[0])
        self.assertEqual(reports.scan("dmesg", FAILED_ALLOCATION, [re.compile("aplay: page")]), [])
        # arm64 writes it so, and nothing may be known of whose it is.
        self.assertEqual(kinds("[    1.000000] Call trace:\n"), ["call trace"])
        self.assertEqual(kinds("Call Trace: in a program's output\n"), [])

    def test_a_call_trace_belongs_to_the_report_before_it(self) -> None:
        self.assertEqual(kinds(DUPLICATE), ["sysfs"])
        self.assertEqual(kinds(WARN_SPLAT), ["WARN"])
        self.assertEqual(kinds(WARN_SPLAT + FAILED_ALLOCATION), ["WARN", "call trace"])
        self.assertEqual(kinds(DUPLICATE + FAILED_ALLOCATION), ["sysfs", "call trace"])
        allowed = [re.compile("cannot create duplicate")]
        self.assertEqual(reports.scan("dmesg", DUPLICATE, allowed), [])
        self.assertEqual([report.kind for report in
                          reports.scan("dmesg", DUPLICATE + FAILED_ALLOCATION, allowed)],
                         ["call trace"])
        # Lockdep has much to tell before it comes to the trace.
        chain = "".join(f"[    7.{line:06}]        -> lock\n" for line in range(100))
        self.assertEqual(kinds("[    7.000000] WARNING: possible circular locking dependency\n" +
                               chain + FAILED_ALLOCATION.splitlines()[-2] + "\n"), ["WARN"])

    def test_two_logs_of_one_kernel_report_once(self) -> None:
        seen: set[str] = set()
        console = WARN_SPLAT.replace("[   12.345680]", "output of a program\r\n[   12.345680]")
        self.assertEqual(len(reports.scan("dmesg", WARN_SPLAT, (), seen)), 1)
        self.assertEqual(reports.scan("console.log", console, (), seen), [])

    def test_two_different_splats_are_two(self) -> None:
        other = WARN_SPLAT.replace("underflow", "saturated").replace("12.", "14.")
        self.assertEqual(len(reports.scan("dmesg", WARN_SPLAT + other)), 2)

    def test_allowed_reports_pass(self) -> None:
        allowed = [re.compile("refcount_warn_saturate")]
        self.assertEqual(reports.scan("dmesg", WARN_SPLAT, allowed), [])
        self.assertEqual(len(reports.scan("dmesg", WARN_SPLAT, [re.compile("other")])), 1)

    def test_one_that_is_allowed_does_not_hide_another(self) -> None:
        def suspicious(what: str) -> str:
            return ("[    1.000000] WARNING: suspicious RCU usage\n"
                    "[    1.000000] -----------------------------\n"
                    f"[    1.000000] {what}\n")

        text = suspicious("tree.c:1 Callback enqueued on offline CPU!!") + suspicious("ours.c:2 usage!")
        found = reports.scan("dmesg", text, [re.compile("offline CPU")])
        self.assertEqual(len(found), 1)
        self.assertIn("ours.c:2", str(found[0]))

    def test_reports_without_an_end_mark_hide_none(self) -> None:
        text = """\
[   10.000000][   T72] WARNING: possible circular locking dependency detected
[   10.000001][   T72] insmod/72 is trying to acquire lock:
[   10.000002][   T72]  </TASK>
[   11.000000][   T74] BUG: sleeping function called from invalid context at a.c:76
[   11.000001][   T74]  </TASK>
[   12.000000][   T80] UBSAN: shift-out-of-bounds in a.c:235:14
[   12.000001][   T80]  </TASK>
[   13.000000][   T95] BUG: unable to handle page fault for address: ffff88800b3d9000
[   13.000001][   T95] #PF: supervisor read access in kernel mode
[   13.000002][   T95] Oops: 0000 [#1] PREEMPT SMP DEBUG_PAGEALLOC
[   13.000003][   T95] ---[ end trace 0000000000000000 ]---
""" + WARN_SPLAT
        self.assertEqual(kinds(text), ["WARN", "BUG", "memory", "oops", "WARN"])
        # Nor does one that is allowed, and it is none of the lines of another one.
        found = reports.scan("dmesg", text, [re.compile("trying to acquire"), re.compile("UBSAN")])
        self.assertEqual([report.kind for report in found], ["BUG", "oops", "WARN"])

    def test_the_newer_words_for_an_oops(self) -> None:
        text = ("[   13.000000] BUG: unable to handle page fault for address: ffff88800b3d9000\n"
                "[   13.000001] Oops: Oops: 0000 [#1] PREEMPT SMP\n"
                "[   13.000002] ---[ end trace 0000000000000000 ]---\n"
                "[   14.000000] Oops: general protection fault, probably for address 0x1: 0000 [#2]\n"
                "[   14.000001] ---[ end trace 0000000000000000 ]---\n")
        self.assertEqual(kinds(text), ["oops", "oops"])

    def test_each_leak_is_a_report(self) -> None:
        leak = 'unreferenced object 0x%d (size 32):\n  comm "%s", pid 86\n'
        text = leak % (1, "insmod") + leak % (2, "aplay")
        self.assertEqual(len(reports.leaks("kmemleak", text)), 2)
        found = reports.leaks("kmemleak", text, [re.compile("insmod")])
        self.assertEqual(len(found), 1)
        self.assertIn("aplay", str(found[0]))
        self.assertEqual(len(reports.leaks("kmemleak", "kmemleak has turned itself off\n")), 1)
        self.assertEqual(reports.leaks("kmemleak", ""), [])

    def test_carriage_returns_and_caller_ids(self) -> None:
        text = "[   12.000000][ T123] BUG: unable to handle page fault\r\n"
        self.assertEqual(len(kinds(text)), 1)

    def test_reports_of_two_processors_stand_between_each_other(self) -> None:
        def log(*places: str) -> str:
            parts = [("------------[ cut here ]------------", f"WARNING: CPU: {cpu} PID: 7 at {place}",
                         "Call Trace:", "---[ end trace 0000000000000000 ]---")
                        for cpu, place in enumerate(places)]
            return "\n".join(f"[   88.000001][   T{70 + cpu}] {line}"
                             for lines in zip(*parts) for cpu, line in enumerate(lines))

        transfer = "sound/core/pcm_lib.c:2099 __snd_pcm_lib_xfer+0x66/0x636"
        allowed = [re.compile(r"pcm_lib\.c:\d+ __snd_pcm_lib_xfer")]
        self.assertEqual(reports.scan("dmesg", log(transfer, transfer), allowed), [])
        found = reports.scan("dmesg", log(transfer, "mm/slub.c:1 free+0x1/0x2"), allowed)
        self.assertEqual([report.kind for report in found], ["WARN"])
        self.assertIn("mm/slub.c", str(found[0]))

    def test_hypervisor(self) -> None:
        self.assertEqual(kinds("(XEN) Panic on CPU 0:\n"), ["hypervisor panic"])
        self.assertEqual(kinds("(XEN) Hardware Dom0 crashed: rebooting machine in 5 seconds.\n"),
                         ["hypervisor panic"])
        self.assertEqual(kinds("(XEN) Domain 1 (vcpu#0) crashed on cpu#1:\n"), ["domain crash"])
        self.assertEqual(kinds("Panic on CPU 0:\n"), [])
