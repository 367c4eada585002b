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

    def test_static_constructor(self) -> None:
        module = self.module("int f(); struct T { int n; T() : n(f()) {} }; T global;"
                             "int f() { return 3 + (int)(long)&global; }")
        self.assert_rejected(module, "static constructor: section .init_array of 8 bytes",
                             "_GLOBAL__sub_I_global", "constinit")

    def test_constructors_where_the_kernel_runs_them(self) -> None:
        self.configure("CONFIG_CONSTRUCTORS=y\n")
        self.assert_accepted(self.module(
            'asm(".section .init_array, \\"aw\\"; .quad 0; .text");'))
        module = self.module("int f(); struct T { int n; T() : n(f()) {} }; T global;"
                             "int f() { return 3 + (int)(long)&global; }")
        self.assert_rejected(module, "_GLOBAL__sub_I_global", "constinit")

    def test_static_destructor(self) -> None:
        module = self.module('extern "C" int _printk(const char *, ...);'
                             'static void __attribute__((destructor, used)) bye()'
                             '{ _printk("bye"); }')
        self.assert_rejected(module, "static destructor: section .fini_array")

    def test_destructor_at_exit(self) -> None:
        module = self.module('extern "C" int _printk(const char *, ...);'
                             'struct T { ~T() { _printk("bye"); } }; T global;',
                             "-fuse-cxa-atexit")
        self.assert_rejected(module, "C++ run-time: __cxa_atexit (used by _GLOBAL__sub_I_global",
                             "in .text.startup)", "__dso_handle")

    def test_atexit(self) -> None:
        module = self.module('extern "C" int atexit(void (*)()); void g();'
                             'extern "C" int f() { return atexit(g); } void g() {}')
        self.assert_rejected(module, "C++ run-time: atexit (used by f in .text)")

    def test_thread_safe_static(self) -> None:
        source = "int g(); int f() { static int n = g(); return n; } int g() { return 0; }"
        hard = source.replace("return 0", 'volatile int x = 1; return x')
        self.assert_rejected(self.module(hard, "-fthreadsafe-statics"),
                             "guard variable: __cxa_guard_acquire (used by",
                             "guard variable: object _ZGVZ1fvE1n", "in .bss")
        self.assert_rejected(self.module(hard), "guard variable: object _ZGVZ1fvE1n", "in .bss",
                             "make the static constexpr")

    def test_exceptions(self) -> None:
        module = self.module("int f(int n) { if (n) throw 3; return n; } void h();"
                             "int g(int n) { try { h(); return f(n); } catch (int e) { return e; }}"
                             "void h() {}", "-fexceptions")
        self.assert_rejected(module, "exceptions: __gxx_personality_v0",
                             "C++ run-time: __cxa_throw (used by",
                             "exception tables: section .gcc_except_table",
                             "unwind tables: section .eh_frame")

    def test_unwind_tables(self) -> None:
        module = self.module("int f() { return 1; }", "-fasynchronous-unwind-tables")
        self.assert_rejected(module, "unwind tables: section .eh_frame of ",
                             "-fno-asynchronous-unwind-tables")

    def test_unwind_tables_where_the_kernel_has_them(self) -> None:
        self.configure("CONFIG_UNWIND_TABLES=y\n")
        self.assert_accepted(self.module("int f() { return 1; }", "-fasynchronous-unwind-tables"))

    def test_new_and_delete(self) -> None:
        module = self.module("int *f() { return new int; } void g(int *p) { delete[] p; }")
        self.assert_rejected(module, "operator new: _Znwm [operator new(unsigned long)] (used by "
                             "_Z1fv", "operator delete: _ZdaPv", "src/kernel/memory.hpp")

    def test_virtual_destructor(self) -> None:
        module = self.module("struct T { virtual ~T(); }; T::~T() {}")
        self.assert_rejected(module, "operator delete: _ZdlPvm", "protected non-virtual")

    def test_type_information(self) -> None:
        module = self.module("struct T { virtual int f(); }; int T::f() { return 1; }", "-frtti")
        self.assert_rejected(module, "type information: object _ZTI1T [typeinfo for T] in .rodata",
                             "_ZTS1T", "-fno-rtti")

    def test_pure_virtual_that_nobody_defines(self) -> None:
        module = self.module("struct T { T(); virtual void f() = 0; }; T::T() {}")
        self.assert_rejected(module, "undefined symbol: __cxa_pure_virtual (used by _ZTV1T")

    def test_writable_vtable_and_table(self) -> None:
        module = self.module("struct T { virtual int f(); }; int T::f() { return 1; }",
                             "-fpic", "-mcmodel=small")
        self.assert_rejected(module, "writable data: vtable _ZTV1T [vtable for T]",
                             "is in writable section .data.rel.ro")
        module = self.module("namespace n { const char *names[] = { \"a\", \"b\" }; }")
        self.assert_rejected(module, "writable data: object _ZN1n5namesE [n::names] of 16 bytes is "
                             "in writable section .data")
        self.assert_rejected(self.module("namespace n { int count; }"), "writable section .bss")

    def test_thread_local(self) -> None:
        module = self.module("__thread int n = 3; int *f() { return &n; }", name="part.c")
        self.assert_rejected(module, "thread-local storage: section .tdata")

    def test_floating_point(self) -> None:
        for source, flag, instruction in (
                ('extern "C" void scale(double *a) { *a = *a * 2.5; }', "-msse2", "%xmm0"),
                ('extern "C" void scale(long double *a) { *a *= 1.5L; }', "-m80387", "fld")):
            with self.subTest(instruction=instruction):
                self.assert_rejected(self.module(source, flag),
                                     "floating point: scale in .text: ", instruction,
                                     "calculate in integers")

    def test_floating_point_in_another_section(self) -> None:
        module = self.module('__attribute__((section(".init.text"))) int f(double d)'
                             "{ return d * 3; }", "-msse2")
        self.assert_rejected(module, "floating point: _Z1fd", "in .init.text: ")

    def test_undefined_symbols(self) -> None:
        self.assert_rejected(self.module('extern "C" int puts(const char *);'
                                         'extern "C" int f() { return puts("x"); }'),
                             "undefined symbol: puts (used by f in .text) is not exported by the "
                             f"kernel of {self.symvers}")
        self.assert_rejected(self.module("namespace n { int g(int); }"
                                         "int f() { return n::g(1); }"),
                             "undefined C++ symbol: _ZN1n1gEi [n::g(int)] (used by _Z1fv",
                             "src/xen_front.cpp")
        self.assert_rejected(self.module('extern "C" __attribute__((weak)) void g();'
                                         'extern "C" void f() { if (g) g(); }'),
                             "weak undefined symbol: g (used by f in .text)")

    def test_module_information(self) -> None:
        source = "int f() { return 1; }"
        self.assert_rejected(self.module(source, information=LICENSE),
                             "module information: section .modinfo has no description",
                             "MODULE_DESCRIPTION()")
        self.assert_rejected(self.module(source, information=DESCRIPTION),
                             "section .modinfo has no license")
        self.assert_rejected(
            self.module(source, information=LICENSE + DESCRIPTION + 'INFO(c, "license=MIT");'),
            "section .modinfo has 2 entries of license")

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

    def test_relocation_that_the_loader_does_not_know(self) -> None:
        module = self.module("extern int memcpy; int *f() { return &memcpy; }", "-fpic",
                             "-mcmodel=small", name="part.c")
        self.assert_rejected(module, "relocation: type 42 in .text, to memcpy: the module loader "
                             "of x86-64 does not know it", "-fno-pic")

    def test_section_to_write_and_to_execute(self) -> None:
        module = self.module('asm(".section .hot, \\"awx\\"; ret; .text");')
        self.assert_rejected(module, "writable code: section .hot of 1 bytes")

    def test_indirect_function(self) -> None:
        module = self.module("static int one(void) { return 1; }"
                             "static void *choose(void) { return one; }"
                             "int chosen(void) __attribute__((ifunc(\"choose\")));", name="part.c")
        self.assert_rejected(module, "indirect function: chosen:", "target_clones")

    def test_stripped_of_its_symbols(self) -> None:
        module = self.module("int f() { return 1; }")
        subprocess.run(["strip", "--strip-all", module], check=True)
        self.assert_rejected(module, "symbol table: 0 symbol tables")

    def test_common_symbol(self) -> None:
        module = self.module("int shared_by_chance;", "-fcommon", name="part.c")
        self.assert_rejected(module, "common symbol: shared_by_chance of 4 bytes in COMMON",
                             "-fno-common")


class FloatingPoint(unittest.TestCase):
    def test_x86(self) -> None:
        for text in ("movaps %xmm0,-0x18(%rsp)", "vpaddd %ymm1,%ymm2,%ymm3", "fldt (%rdi)",
                     "fmulp %st,%st(1)", "fld1", "emms", "movq %mm0,(%rax)", "ldmxcsr (%rsp)",
                     "vzeroupper", "kmovw %k1,%eax", "fs fldl (%rax)", "fxsave64 (%rdi)", "fwait",
                     "vmovdqu64 %zmm16,(%rdi){%k1}"):
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
