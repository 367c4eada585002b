# SPDX-License-Identifier: GPL-2.0-only
"""scripts/check-architecture finds each violation in a small tree that is otherwise right."""

import subprocess

from support import DirectoryTest, run_script

LINE_COMMENT = "// SPDX-License-Identifier: GPL-2.0-only\n"
BLOCK_COMMENT = "/* SPDX-License-Identifier: GPL-2.0-only */\n"

# A tree with every layer and nothing wrong.
GOOD = {
    "Kbuild": "# SPDX-License-Identifier: GPL-2.0-only\nobj-m := snd-xen-front.o\n"
              "snd-xen-front-y := $(patsubst %,src/shim/%.o, \\\n\tlog wire_check)\n"
              "snd-xen-front-y += src/xen_front.o\n$(obj)/%.o: $(src)/%.cpp FORCE\n\ttrue\n",
    "include/kshim/types.h": BLOCK_COMMENT + "#if defined(__KERNEL__) && !defined(__cplusplus)\n"
                             "#include <linux/types.h>\n#else\ntypedef unsigned int uint32_t;\n"
                             "#ifndef __cplusplus\n#include <stdbool.h>\n#endif\n#endif\n"
                             "#ifdef __cplusplus\n#define KSHIM_C extern \"C\"\n#else\n"
                             "#define KSHIM_C\n#endif\n",
    "include/kshim/log.h": BLOCK_COMMENT + '#include "kshim/types.h"\nenum kshim_level { KSHIM_BAD'
                           " };\ntypedef enum kshim_level (*kshim_filter)(void *context);\n"
                           "KSHIM_C void kshim_log(enum kshim_level level, const char *text);\n",
    "include/kshim/entry.h": BLOCK_COMMENT + '#include "kshim/types.h"\n'
                             "KSHIM_C int xen_front_probe(void *device);\n",
    "include/kshim/wire_layout.h": BLOCK_COMMENT + "#define KSHIM_WIRE_FACTS(X) X(1, 2)\n",
    "src/base/span.hpp": LINE_COMMENT + '#include "kshim/types.h"\n',
    "src/base/text.cpp": LINE_COMMENT + '#include "base/span.hpp"\n',
    "src/sndif/config.cpp": LINE_COMMENT + '#include "base/span.hpp"\n// kshim_log() is no call\n',
    "src/sndif/wire_check.cpp": LINE_COMMENT + '#include "kshim/wire_layout.h"\n',
    "src/kernel/log.hpp": LINE_COMMENT + '#include "base/span.hpp"\n#include "kshim/log.h"\n'
                          "inline void log() { kshim_log(KSHIM_BAD, \"x\"); }\n",
    "src/driver/card.hpp": LINE_COMMENT + '#include "kernel/log.hpp"\n#include "base/span.hpp"\n'
                           'inline kshim_level worst() { return KSHIM_BAD; }\n'
                           'inline const char *name() { return "kshim_log(1)"; }\n',
    "src/driver/entry.cpp": LINE_COMMENT + '#include "kshim/entry.h"\n#include "driver/card.hpp"\n'
                            "int xen_front_probe(void *device)\n{\n    return device != 0;\n}\n",
    "src/shim/shim.h": BLOCK_COMMENT + "#include <xen/xenbus.h>\n",
    "src/shim/log.c": BLOCK_COMMENT + '#include <linux/device.h>\n#include <sound/core.h>\n'
                      '#include <asm/page.h>\n#include "kshim/entry.h"\n#include "kshim/log.h"\n'
                      '#include "shim.h"\nint probe(void *d)\n{\n\tif (xen_front_probe(d))\n'
                      "\t\treturn 1;\n\tkshim_log(KSHIM_BAD, \"x\");\n\treturn 0;\n}\n",
    "src/shim/wire_check.c": BLOCK_COMMENT + '#include "kshim/wire_layout.h"\n',
    "src/xen_front.cpp": LINE_COMMENT + '#include "base/text.cpp"\n#include "driver/entry.cpp"\n'
                         '#include "sndif/config.cpp"\n#include "sndif/wire_check.cpp"\n',
    "scripts/tool": "#!/bin/sh\n# SPDX-License-Identifier: GPL-2.0-only\n",
}


UNFINISHED = "FIX" + "ME"
CARD = "src/driver/card.hpp"
# What is added to which file, the violation's place and rule, and what it says.
ADDED = (
    (CARD, '#include "kshim/entry.h"\n', f"{CARD}:6", "include", "src/driver/entry.cpp"),
    (CARD, "inline void f() { kshim_log(KSHIM_BAD, 0); }\n", f"{CARD}:6", "kshim call",
     "kshim_log()", "src/kernel"),
    (CARD, "inline auto f() { return &kshim_log; }\n", f"{CARD}:6", "kshim call", "kshim_log()"),
    ("include/kshim/entry.h", "KSHIM_C int xen_front_remove(void *device);\n",
     "include/kshim/entry.h:4", "entry point", "xen_front_remove()", "not defined"),
    ("src/driver/entry.cpp", "int xen_front_more(int a,\n    int b)\n{ return a; }",
     "src/driver/entry.cpp:8", "entry point", "xen_front_more()", "not declared"),
    (CARD, "inline int f() { return xen_front_probe(0); }\n", f"{CARD}:6", "entry point",
     "xen_front_probe()"),
    ("src/shim/log.c", "int xen_front_probe(void *d)\n{\n\treturn 0;\n}\n", "src/shim/log.c:15",
     "entry point", "xen_front_probe()"),
    (CARD, 'extern "C" void printk();\n', f"{CARD}:6", "linkage", "include/kshim"),
    ("src/kernel/page.cpp", LINE_COMMENT, "src/kernel/page.cpp:1", "one unit", "src/xen_front.cpp",
     '#include "kernel/page.cpp"'),
    ("src/shim/page.c", BLOCK_COMMENT, "src/shim/page.c:1", "object", "src/shim/page.o",
     "snd-xen-front-y"),
    ("Kbuild", "snd-xen-front-y += src/base/text.o\n", "Kbuild:8", "object", "src/base/text.o",
     "remove it"),
    ("include/kshim/log.h", "using kshim_text = const char *;\n", "include/kshim/log.h:6", "header",
     "as C11"),
    ("src/util/more.hpp", LINE_COMMENT, "src/util/more.hpp:1", "layer", "src/driver"),
    ("src/kernel/page.c", BLOCK_COMMENT, "src/kernel/page.c:1", "layer",
     "src/kernel has only .hpp and .cpp"),
    ("src/base/span.hpp", f"// {UNFINISHED}: later\n", "src/base/span.hpp:3", "unfinished",
     UNFINISHED),
)


class CheckArchitecture(DirectoryTest):
    def setUp(self) -> None:
        super().setUp()
        for path, text in GOOD.items():
            self.write(path, text)

    def append(self, path: str, text: str) -> None:
        self.write(path, GOOD[path] + text)

    def check(self) -> subprocess.CompletedProcess[str]:
        return run_script("check-architecture", self.directory)

    def assert_violation(self, place: str, rule: str, *fragments: str) -> None:
        """Exactly one violation, at `place`."""
        result = self.check()
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        lines = result.stderr.splitlines()
        self.assertEqual(len(lines), 1, result.stderr)
        self.assertTrue(lines[0].startswith(f"{place}: {rule}: "), lines[0])
        for fragment in fragments:
            self.assertIn(fragment, lines[0])

    def test_the_good_tree_is_accepted(self) -> None:
        result = self.check()
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("no violation", result.stdout)

    def test_includes_against_the_arrows(self) -> None:
        for path, include in (
                ("src/base/span.hpp", '"sndif/config.hpp"'),
                ("src/base/span.hpp", '"kshim/log.h"'),
                ("src/base/span.hpp", "<stdint.h>"),
                ("src/base/span.hpp", '"types.hpp"'),
                ("src/sndif/config.cpp", '"kernel/log.hpp"'),
                ("src/sndif/config.cpp", '"driver/card.hpp"'),
                ("src/sndif/config.cpp", '"kshim/wire_layout.h"'),
                ("src/sndif/config.cpp", "<xen/interface/io/sndif.h>"),
                ("src/kernel/log.hpp", '"sndif/config.hpp"'),
                ("src/kernel/log.hpp", '"driver/card.hpp"'),
                ("src/kernel/log.hpp", "<linux/slab.h>"),
                ("src/driver/card.hpp", '"shim/shim.h"'),
                ("src/driver/card.hpp", '"../shim/shim.h"'),
                ("src/driver/card.hpp", "<sound/pcm.h>"),
                ("src/shim/log.c", '"driver/card.hpp"'),
                ("src/shim/log.c", '"base/span.hpp"'),
                ("src/shim/log.c", "<stdio.h>"),
                ("include/kshim/log.h", "<linux/types.h>"),
                ("include/kshim/log.h", '"base/span.hpp"'),
                ("src/driver/card.hpp", "HEADER_OF_A_MACRO")):
            with self.subTest(path=path, include=include):
                if path == "include/kshim/log.h":
                    # Behind a condition, so that the compilers do not complain as well.
                    extra = f"#if defined(NEVER)\n#include {include}\n#endif\n"
                    line = GOOD[path].count("\n") + 2
                else:
                    extra = f"  #  include {include} // why\n"
                    line = GOOD[path].count("\n") + 1
                self.append(path, extra)
                self.assert_violation(f"{path}:{line}", "include", include.strip('"'),
                                      "it may include ")
                self.write(path, GOOD[path])

    def test_an_include_in_a_comment_is_none(self) -> None:
        self.append("src/base/span.hpp", '/*\n#include <stdio.h>\n*/\n// #include "driver/x.hpp"\n')
        self.assertEqual(self.check().returncode, 0)

    def test_what_is_added(self) -> None:
        for path, text, place, rule, *fragments in ADDED:
            with self.subTest(place, text=text):
                self.write(path, GOOD.get(path, "") + text)
                self.assert_violation(place, rule, *fragments)
                if path in GOOD:
                    self.write(path, GOOD[path])
                else:
                    (self.directory / path).unlink()

    def test_unit_includes_too_much(self) -> None:
        for extra, fragment in (('"base/text.cpp"', "line 2 already"),
                                ('"base/span.hpp"', "no .cpp file"),
                                ('"base/gone.cpp"', "no .cpp file")):
            with self.subTest(extra=extra):
                self.append("src/xen_front.cpp", f"#include {extra}\n")
                self.assert_violation("src/xen_front.cpp:6", "one unit", extra.strip('"'), fragment)

    def test_kbuild_lists_what_is_not_there(self) -> None:
        self.write("Kbuild", GOOD["Kbuild"].replace("log wire_check", "log card wire_check"))
        self.assert_violation("Kbuild:4", "object", "src/shim/card.o", "card.c")

    def test_header_that_needs_another(self) -> None:
        self.write("include/kshim/page.h", BLOCK_COMMENT + "\nint kshim_page_count(uint32_t n);\n")
        result = self.check()
        self.assertEqual(result.returncode, 1)
        for language in ("C11", "C++20"):
            self.assertRegex(result.stderr, r"include/kshim/page\.h:3: header: does not compile by "
                             rf"itself as {language.replace('+', '.')}: .*uint32_t")

    def test_length(self) -> None:
        self.append("src/base/span.hpp", "\n" * 298)
        self.assertEqual(self.check().returncode, 0)
        self.append("src/base/span.hpp", "\n" * 299)
        self.assert_violation("src/base/span.hpp:301", "length", "301 lines", "split")

    def test_licence(self) -> None:
        self.write("src/base/span.hpp", "#pragma once\n")
        self.assert_violation("src/base/span.hpp:1", "licence", "SPDX", "add it")
        self.write("src/base/span.hpp", GOOD["src/base/span.hpp"])
        self.write("scripts/tool", "#!/bin/sh\ntrue\n")
        self.assert_violation("scripts/tool:1", "licence", "SPDX")

    def test_a_tree_that_cannot_be_checked(self) -> None:
        result = run_script("check-architecture", self.directory / "src")
        self.assertEqual(result.returncode, 2)
        self.assertIn("has no src", result.stderr)
        self.write("src/base/span.hpp", b"\xff\xfe\x00")
        result = self.check()
        self.assertEqual(result.returncode, 2)
        self.assertIn("src/base/span.hpp: cannot be read as UTF-8", result.stderr)
        self.write("src/base/span.hpp", GOOD["src/base/span.hpp"])
        self.write("Kbuild", "ifeq (a\n")
        result = self.check()
        self.assertEqual(result.returncode, 2)
        self.assertIn("repair the line of Kbuild", result.stderr)
