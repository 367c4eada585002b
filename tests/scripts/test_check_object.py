# SPDX-License-Identifier: GPL-2.0-only
"""scripts/check-object rejects each thing a C++ module must not contain, and only that."""

import pathlib
import subprocess
import unittest

from support import ROOT, DirectoryTest, run_script
from xenfront import toolchain
from xenfront.checks import floating_point

GCC, GXX = (f"{name}-{toolchain.version('gcc')}" for name in ("gcc", "g++"))
# The kernel's own way to compile, as far as it matters here.
KERNEL_FLAGS = ("-O2", "-ffreestanding", "-fno-pic", "-mcmodel=kernel", "-mno-sse", "-mno-mmx",
                "-mno-80387", "-fno-asynchronous-unwind-tables", "-fno-stack-protector",
                "-fcf-protection=none")
CXX_FLAGS = ("-std=c++20", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics",
             "-fno-use-cxa-atexit")
MODULE_INFORMATION = """
#define INFO(name, text) static const char name[] \\
    __attribute__((section(".modinfo"), used, aligned(1))) = text
"""
LICENSE = 'INFO(a, "license=GPL");'
DESCRIPTION = 'INFO(b, "description=A module");'
SYMVERS = "0x12345678\tmemcpy\tvmlinux\tEXPORT_SYMBOL\t\n" \
          "0x12345679\t_printk\tvmlinux\tEXPORT_SYMBOL\t\n"


CONSTRUCTOR = ("int f(); struct T { int n; T() : n(f()) {} }; T global;"
               "int f() { return 3 + (int)(long)&global; }")
PRINTK = 'extern "C" int _printk(const char *, ...);'
GUARDED = ("int g(); int f() { static int n = g(); return n; }"
           "int g() { volatile int x = 1; return x; }")
GUARD = ("guard variable: object _ZGVZ1fvE1n", "in .bss")

# What it is, the source, further options of the compiler, and what is said of it.
REJECTED = (
    ("static constructor", CONSTRUCTOR, (),
     ("static constructor: section .init_array of 8 bytes", "_GLOBAL__sub_I_global", "constinit")),
    ("static destructor", PRINTK + 'static void __attribute__((destructor, used)) bye()'
     '{ _printk("bye"); }', (), ("static destructor: section .fini_array",)),
    ("destructor at exit", PRINTK + 'struct T { ~T() { _printk("bye"); } }; T global;',
     ("-fuse-cxa-atexit",),
     ("C++ run-time: __cxa_atexit (used by _GLOBAL__sub_I_global", "in .text.startup)",
      "__dso_handle")),
    ("atexit", 'extern "C" int atexit(void (*)()); void g();'
     'extern "C" int f() { return atexit(g); } void g() {}', (),
     ("C++ run-time: atexit (used by f in .text)",)),
    ("thread-safe static", GUARDED, ("-fthreadsafe-statics",),
     ("guard variable: __cxa_guard_acquire (used by", *GUARD)),
    ("static that is not", GUARDED, (), (*GUARD, "make the static constexpr")),
    ("exceptions", "int f(int n) { if (n) throw 3; return n; } void h();"
     "int g(int n) { try { h(); return f(n); } catch (int e) { return e; }} void h() {}",
     ("-fexceptions",),
     ("exceptions: __gxx_personality_v0", "C++ run-time: __cxa_throw (used by",
      "exception tables: section .gcc_except_table", "unwind tables: section .eh_frame")),
    ("unwind tables", "int f() { return 1; }", ("-fasynchronous-unwind-tables",),
     ("unwind tables: section .eh_frame of ", "-fno-asynchronous-unwind-tables")),
    ("new and delete", "int *f() { return new int; } void g(int *p) { delete[] p; }", (),
     ("operator new: _Znwm [operator new(unsigned long)] (used by _Z1fv",
      "operator delete: _ZdaPv", "src/kernel/memory.hpp")),
    ("virtual destructor", "struct T { virtual ~T(); }; T::~T() {}", (),
     ("operator delete: _ZdlPvm", "protected non-virtual")),
    ("type information", "struct T { virtual int f(); }; int T::f() { return 1; }", ("-frtti",),
     ("type information: object _ZTI1T [typeinfo for T] in .rodata", "_ZTS1T", "-fno-rtti")),
    ("pure virtual without a definition", "struct T { T(); virtual void f() = 0; }; T::T() {}", (),
     ("undefined symbol: __cxa_pure_virtual (used by _ZTV1T",)),
    ("writable vtable", "struct T { virtual int f(); }; int T::f() { return 1; }",
     ("-fpic", "-mcmodel=small"),
     ("writable data: vtable _ZTV1T [vtable for T]", "is in writable section .data.rel.ro")),
    ("writable table", 'namespace n { const char *names[] = { "a", "b" }; }', (),
     ("writable data: object _ZN1n5namesE [n::names] of 16 bytes is in writable section .data",)),
    ("writable number", "namespace n { int count; }", (), ("writable section .bss",)),
    ("thread-local, in C", "__thread int n = 3; int *f() { return &n; }", (),
     ("thread-local storage: section .tdata",)),
    ("floating point", 'extern "C" void scale(double *a) { *a = *a * 2.5; }', ("-msse2",),
     ("floating point: scale in .text: ", "%xmm0", "calculate in integers")),
    ("floating point of the 8087", 'extern "C" void scale(long double *a) { *a *= 1.5L; }',
     ("-m80387",), ("floating point: scale in .text: ", "fld", "calculate in integers")),
    ("floating point in another section",
     '__attribute__((section(".init.text"))) int f(double d) { return d * 3; }', ("-msse2",),
     ("floating point: _Z1fd", "in .init.text: ")),
    ("undefined C++ symbol", "namespace n { int g(int); } int f() { return n::g(1); }", (),
     ("undefined C++ symbol: _ZN1n1gEi [n::g(int)] (used by _Z1fv", "src/xen_front.cpp")),
    ("weak undefined symbol", 'extern "C" __attribute__((weak)) void g();'
     'extern "C" void f() { if (g) g(); }', (), ("weak undefined symbol: g (used by f in .text)",)),
    ("relocation that the loader does not know, in C",
     "extern int memcpy; int *f() { return &memcpy; }", ("-fpic", "-mcmodel=small"),
     ("relocation: type 42 in .text, to memcpy: the module loader of x86-64 does not know it",
      "-fno-pic")),
    ("section to write and to execute", 'asm(".section .hot, \\"awx\\"; ret; .text");', (),
     ("writable code: section .hot of 1 bytes",)),
    ("indirect function, in C", "static int one(void) { return 1; }"
     "static void *choose(void) { return one; }"
     'int chosen(void) __attribute__((ifunc("choose")));', (),
     ("indirect function: chosen:", "target_clones")),
    ("common symbol, in C", "int shared_by_chance;", ("-fcommon",),
     ("common symbol: shared_by_chance of 4 bytes in COMMON", "-fno-common")),
)


class Checked(DirectoryTest):
    """Builds modules and has them checked."""

    def setUp(self) -> None:
        super().setUp()
        self.symvers = self.directory / "Module.symvers"
        self.symvers.write_text(SYMVERS, encoding="utf-8")

    def configure(self, options: str) -> None:
        """Says how the kernel was configured."""
        configuration = self.directory / "include/config/auto.conf"
        configuration.parent.mkdir(parents=True)
        configuration.write_text(options, encoding="utf-8")

    def compile(self, name: str, source: str, flags: tuple[str, ...]) -> pathlib.Path:
        path = self.directory / name
        path.write_text(source, encoding="utf-8")
        target = path.with_suffix(path.suffix + ".o")
        compiler = GCC if path.suffix == ".c" else GXX
        subprocess.run([compiler, *KERNEL_FLAGS, *flags, "-c", path, "-o", target], check=True)
        return target

    def module(self, source: str, *flags: str, name: str = "part.cpp",
               information: str = LICENSE + DESCRIPTION, link: tuple[str, ...] = ()
               ) -> pathlib.Path:
        part = self.compile(name, source, (*CXX_FLAGS, *flags) if name.endswith("cpp") else flags)
        text = self.compile("information.c", MODULE_INFORMATION + information, ())
        target = self.directory / "module.ko"
        subprocess.run(["ld", "-r", *link, "-o", target, part, text], check=True)
        return target

    def assert_rejected(self, module: pathlib.Path, *fragments: str) -> None:
        result = run_script("check-object", "--symvers", self.symvers, module)
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        for fragment in (*fragments, str(module), "; remedy: "):
            self.assertIn(fragment, result.stderr)

    def assert_accepted(self, module: pathlib.Path) -> None:
        result = run_script("check-object", "--symvers", self.symvers, module)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("nothing to reject", result.stdout)


class Contents(Checked):
    def test_a_clean_module_is_accepted(self) -> None:
        self.assert_accepted(self.module("""
            extern "C" int _printk(const char *, ...);
            struct Sink { virtual int put(int) = 0; protected: ~Sink() = default; };
            struct Log final : Sink { int put(int n) override { return _printk("%d", n); } };
            inline void *operator new(unsigned long, void *p, int) noexcept { return p; }
            template <typename T> __attribute__((noinline)) T twice(T n) { return n + n; }
            constexpr const char *names[] = { "one", "two" };
            extern "C" void __cxa_pure_virtual() { __builtin_trap(); }
            extern "C" int f(Sink *s, void *p, int n) {
                if (!s) s = new (p, 1) Log;
                _printk(names[n & 1]);
                return s->put(twice(n));
            }"""))

    def test_each_thing_to_reject(self) -> None:
        for what, source, flags, fragments in REJECTED:
            with self.subTest(what):
                name = "part.c" if what.endswith(", in C") else "part.cpp"
                self.assert_rejected(self.module(source, *flags, name=name), *fragments)

    def test_constructors_where_the_kernel_runs_them(self) -> None:
        self.configure("CONFIG_CONSTRUCTORS=y\n")
        self.assert_accepted(self.module(
            'asm(".section .init_array, \\"aw\\"; .quad 0; .text");'))
        self.assert_rejected(self.module(CONSTRUCTOR), "_GLOBAL__sub_I_global", "constinit")

    def test_unwind_tables_where_the_kernel_has_them(self) -> None:
        self.configure("CONFIG_UNWIND_TABLES=y\n")
        self.assert_accepted(self.module("int f() { return 1; }", "-fasynchronous-unwind-tables"))

    def test_undefined_symbol_names_the_kernel(self) -> None:
        self.assert_rejected(self.module('extern "C" int puts(const char *);'
                                         'extern "C" int f() { return puts("x"); }'),
                             "undefined symbol: puts (used by f in .text) is not exported by the "
                             f"kernel of {self.symvers}")

    def test_module_information(self) -> None:
        for information, fragments in (
                (LICENSE, ("module information: section .modinfo has no description",
                           "MODULE_DESCRIPTION()")),
                (DESCRIPTION, ("section .modinfo has no license",)),
                (LICENSE + DESCRIPTION + 'INFO(c, "license=MIT");',
                 ("section .modinfo has 2 entries of license",))):
            self.assert_rejected(self.module("int f() { return 1; }", information=information),
                                 *fragments)

    def test_several_files(self) -> None:
        good = self.module("int f() { return 1; }")
        result = run_script("check-object", "--symvers", self.symvers, good, good)
        self.assertEqual((result.returncode, len(result.stdout.splitlines())), (0, 2))

    def test_wrong_usage_names_value_and_remedy(self) -> None:
        module = self.module("int f() { return 1; }")
        text = self.directory / "text.ko"
        text.write_text("no module at all, but long enough for a header" * 3, encoding="utf-8")
        short = self.directory / "short.ko"
        short.write_bytes(module.read_bytes()[:700])
        program = self.directory / "program"
        subprocess.run([GCC, "-nostdlib", "-shared", "-o", program,
                        self.directory / "information.c.o"], check=True)
        for arguments, fragments in (
                ((module,), ("vermagic '' names no kernel release", "--symvers")),
                (("--symvers", self.directory / "none", module), ("cannot be read", "headers")),
                (("--symvers", text, module), ("has no line of the form", "--symvers")),
                (("--symvers", self.symvers, text), ("is no ELF file", ".ko")),
                (("--symvers", self.symvers, short), ("cut short", "make clean module")),
                (("--symvers", self.symvers, program), ("relocatable", "not a linked program")),
                (("--symvers", self.symvers, self.directory / "absent.ko"), ("build it", "make")),
                ((), ("FILE.ko",))):
            with self.subTest(arguments=arguments):
                result = run_script("check-object", *arguments)
                self.assertEqual(result.returncode, 2, result.stdout + result.stderr)
                for fragment in fragments:
                    self.assertIn(fragment, result.stderr)

    def test_the_modules_that_make_built_are_accepted(self) -> None:
        modules = [path for path in sorted(ROOT.glob("build/*/snd-xen-front.ko"))
                   if pathlib.Path("/lib/modules", path.parent.name, "build").is_dir()]
        if not modules:
            self.skipTest("no build/*/snd-xen-front.ko; build them with: make")
        result = run_script("check-object", *modules)
        self.assertEqual(result.returncode, 0, result.stderr)


class Loading(Checked):
    """What the module loader refuses although compiler, link editor and modpost do not mind."""

    # What g++-14 makes of -fpatchable-function-entry and two inline functions.
    GROUPS = "".join(f"""asm(".section .text.{name}, \\"axG\\", @progbits, {name}, comdat;"
                         "{name}: ret;"
                         ".section entries, \\"awG\\", @progbits, {name}, comdat;"
                         ".quad {name}; .text");""" for name in ("first", "second"))

    def test_two_sections_of_one_name(self) -> None:
        self.assert_rejected(self.module(self.GROUPS), "sections of one name: 2 allocated sections "
                             "are called entries", "--force-group-allocation")

    def test_dissolved_groups_are_accepted(self) -> None:
        self.assert_accepted(self.module(self.GROUPS, link=("--force-group-allocation",)))

    def test_what_is_not_loaded_may_have_one_name(self) -> None:
        self.assert_accepted(self.module(self.GROUPS.replace('"awG', '"G')))
        # Nor does sysfs show sections that are empty.
        self.assert_accepted(self.module(self.GROUPS.replace(".quad", "//")))

    def test_stripped_of_its_symbols(self) -> None:
        module = self.module("int f() { return 1; }")
        subprocess.run(["strip", "--strip-all", module], check=True)
        self.assert_rejected(module, "symbol table: 0 symbol tables")


class FloatingPoint(unittest.TestCase):
    def test_x86(self) -> None:
        for text in ("movaps %xmm0,-0x18(%rsp)", "vpaddd %ymm1,%ymm2,%ymm3", "fldt (%rdi)",
                     "fmulp %st,%st(1)", "fld1", "emms", "movq %mm0,(%rax)", "ldmxcsr (%rsp)",
                     "vzeroupper", "kmovw %k1,%eax", "fs fldl (%rax)", "fxsave64 (%rdi)", "fwait",
                     "wait", "vmovdqu64 %zmm16,(%rdi){%k1}"):
            with self.subTest(text=text):
                self.assertTrue(floating_point.uses_floating_point("x86-64", text))
        for text in ("mov %fs:0x28,%rax", "fs nopw 0x0(%rax,%rax,1)", "rep stos %al,%es:(%rdi)",
                     "call 1f0 <fill_st0>", "lock cmpxchg %edx,(%rdi)", "popcnt %rax,%rax",
                     "cs nopw 0x0(%rax,%rax,1)", "jmp d4 <%xmm0>", "notrack jmp *%rax", "bnd ret",
                     "lea 0x0(%rip),%rdi # 10 <fld1+0x10>", "prefetcht0 (%rax)", "lfence"):
            with self.subTest(text=text):
                self.assertFalse(floating_point.uses_floating_point("x86-64", text))

    def test_arm64(self) -> None:
        for text in ("fadd d0, d1, d2", "ldr q3, [x0, #16]", "movi v31.2d, #0x0", "str s0, [sp]",
                     "mov v0.b[3], w1", "ldr b1, [x0]", "mrs x0, fpcr", "stp d8, d9, [sp, #-32]!",
                     "ptrue p0.s"):
            with self.subTest(text=text):
                self.assertTrue(floating_point.uses_floating_point("arm64", text))
        for text in ("add x0, x1, x2", "b.ne d4 <probe+0x4>", "bl b1 <q0>", "mov w0, #0xd1",
                     "ldr x0, [sp, #16] // #16 is d0", "cbz x3, 0xd0 <f>", "ubfx w1, w2, #3, #4",
                     "stp x29, x30, [sp, #-16]!"):
            with self.subTest(text=text):
                self.assertFalse(floating_point.uses_floating_point("arm64", text))
