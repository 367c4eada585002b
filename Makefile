# SPDX-License-Identifier: GPL-2.0-only
# What a user types: "make help" lists it. Kbuild has the rules of the module itself.

# Neither make nor a kernel's build can cope with blanks in names.
$(if $(word 2,$(CURDIR)),$(error "$(CURDIR)" has a blank in it: move this directory to another one))
$(foreach name,DESTDIR INSTALL_MOD_PATH PREFIX,$(if $(word 2,$($(name))),\
	$(error "$($(name))" has a blank in it: choose another $(name))))

BUILD := $(CURDIR)/build
JOBS ?= $(shell nproc)
WAV ?=
BENCH ?=

# Every kernel with sound whose headers are installed (Debian's for clouds have none), or the one
# that KDIR names.
KDIRS := $(or $(KDIR),$(patsubst %/include/config/auto.conf,%,$(shell \
	grep -ls '^CONFIG_SND_PCM=' /lib/modules/*/build/include/config/auto.conf)))
INSTALL_KDIR := $(or $(KDIR),/lib/modules/$(shell uname -r)/build)

# Below what everything is installed: DESTDIR, or INSTALL_MOD_PATH as the kernel calls it. The kernel's
# make runs in another directory.
root := $(abspath $(or $(INSTALL_MOD_PATH),$(DESTDIR)))
# Everyone may read what is installed, and the kernel's lists of modules that are made anew.
for-everyone = umask 022 &&

.PHONY: module
module: $(KDIRS:%=module@%) ## build snd-xen-front.ko for every kernel with headers installed (KDIR= for one)
ifeq ($(KDIRS),)
	@echo "No headers of a kernel with sound under /lib/modules/*/build. Run scripts/setup, or pass KDIR=." >&2
	@exit 1
endif

# "make kernelrelease" in Debian's headers says the version of the source, not of the kernel.
release-of = $(shell sed -n 's/.*UTS_RELEASE "\(.*\)".*/\1/p' $(1)/include/generated/utsrelease.h 2>/dev/null)

# What a kernel built by Clang says to make, unless the user does: LLVM=1, or LLVM=-19 where the
# Clang that built it is called clang-19.
clang-of = $(shell sed -n 's/^CONFIG_CLANG_VERSION=\(..\)....$$/\1/p' $(1)/include/config/auto.conf 2>/dev/null)
llvm-of = $(if $(LLVM),,$(foreach version,$(clang-of),$(shell \
	command -v clang-$(version) >/dev/null && echo LLVM=-$(version) || echo LLVM=1)))

# What "make modules_install" compresses modules with (since 6.12 only where ALL is set), the
# program and its package.
compressors = GZIP:gzip:gzip XZ:xz:xz-utils ZSTD:zstd:zstd

# Each kernel builds in a farm of links to the sources, so that objects of several kernels live
# side by side and the source tree stays clean.
$(patsubst %,module@%,$(sort $(KDIRS) $(INSTALL_KDIR))): module@%:
	@+[ -e $*/include/generated/utsrelease.h ] || { echo "make: $* has no headers of a kernel." \
		"Install them (linux-headers-$$(uname -r) for the running one), or pass KDIR=." >&2; exit 1; }; \
	release=$(call release-of,$*) && \
	farm=$(BUILD)/$$release && mkdir -p $$farm && \
	cp -rsf $(CURDIR)/Kbuild $(CURDIR)/src $(CURDIR)/include $$farm/ && \
	find $$farm -xtype l -delete && \
	$(MAKE) --no-print-directory -C $* M=$$farm $(call llvm-of,$*) modules && \
	echo "$${farm#$(CURDIR)/}/snd-xen-front.ko"

# What describes the devices of a card to sound servers.
ucm = $(patsubst src/alsa/%,%,$(shell find src/alsa/ucm2 -type f))

# A distribution's headers have no key to sign modules with: their make would report an error.
signing-key = $(shell sed -n 's/^CONFIG_MODULE_SIG_KEY="\(.*\)"$$/\1/p' \
	$(INSTALL_KDIR)/include/config/auto.conf 2>/dev/null)
has-key = $(filter pkcs11:%,$(signing-key))$(and $(signing-key),$(wildcard \
	$(filter /%,$(signing-key)) $(INSTALL_KDIR)/$(signing-key)))
without-key = $(if $(has-key),,CONFIG_MODULE_SIG_ALL=)

# $(call depmod,RELEASE): has modprobe know which modules there are now; a directory that is to
# become a package has no list of them. The kernel's make does so only where it has System.map, which
# headers have not, and warns. "su" leaves /usr/sbin out of the path.
depmod = [ ! -e $(root)/lib/modules/$(1)/modules.dep ] || \
	{ $(for-everyone) PATH=$$PATH:/usr/sbin depmod --basedir $(root)/ $(1); }

.PHONY: install
install: module@$(INSTALL_KDIR) ## install the module under updates/ for the kernel KDIR (default: the running one)
	@for module in $(wildcard $(root)/lib/modules/$(call \
			release-of,$(INSTALL_KDIR))/updates/dkms/snd-xen-front.ko*); do \
		echo "make install: $$module is there, and which of the two is loaded would be chance;" \
			"on Debian: apt purge snd-xen-front-dkms" >&2; exit 1; \
	done
	@for row in $(compressors); do \
		option=$${row%%:*} program=$${row#*:}; package=$${program#*:} program=$${program%:*}; \
		grep -qs "^CONFIG_MODULE_COMPRESS_$$option=y" $(INSTALL_KDIR)/include/config/auto.conf || \
			continue; \
		grep -q '^CONFIG_MODULE_COMPRESS=y' $(INSTALL_KDIR)/include/config/auto.conf && \
			! grep -q '^CONFIG_MODULE_COMPRESS_ALL=y' $(INSTALL_KDIR)/include/config/auto.conf && \
			continue; \
		command -v $$program >/dev/null || { echo "make install: the modules of this kernel are" \
			"compressed by $$program, which is not there; on Debian: apt install $$package" >&2; \
			exit 1; }; \
	done
	$(for-everyone) $(MAKE) -C $(INSTALL_KDIR) M=$(BUILD)/$(call release-of,$(INSTALL_KDIR)) \
		INSTALL_MOD_PATH=$(root) INSTALL_MOD_DIR=updates $(without-key) cmd_depmod= modules_install
	@chmod a+r $(root)/lib/modules/$(call release-of,$(INSTALL_KDIR))/updates/snd-xen-front.ko*
	@$(call depmod,$(call release-of,$(INSTALL_KDIR)))
	@echo "  INSTALL $(root)/usr/share: alsa/ucm2 (for sound servers), man/man4"
	@for file in $(ucm); do \
		install -D -m 644 src/alsa/$$file $(root)/usr/share/alsa/$$file || exit; \
	done
	@install -D -m 644 -t $(root)/usr/share/man/man4 src/man/snd-xen-front.4

# The package, if it is there, has the same files for sound servers, and needs them.
.PHONY: uninstall
uninstall: ## remove what "make install" has installed, for every kernel
	@for module in $(wildcard $(root)/lib/modules/*/updates/snd-xen-front.ko*); do \
		echo "  REMOVE  $$module" && rm $$module && \
		release=$${module%/updates/*} && release=$${release##*/} && \
		{ $(call depmod,$$release); } || exit; \
	done
	@rm -f $(root)/usr/share/man/man4/snd-xen-front.4
	@[ -e $(root)/var/lib/dpkg/info/snd-xen-front-dkms.list ] || \
		rm -rf $(addprefix $(root)/usr/share/alsa/ucm2/,xen-front conf.d/xen-front)

.PHONY: deb
deb: ## build the Debian packages: snd-xen-front-dkms and xen-sndback, in build/deb
	@scripts/setup --for deb
	@scripts/deb

# ---- everything that runs in user space -------------------------------------------------

# The compilers of this machine's release of Debian.
# A file of its own names those that build for another architecture.
gnu = $(if $(CMAKE_TOOLCHAIN_FILE),,-DCMAKE_C_COMPILER=gcc-$(gcc) -DCMAKE_CXX_COMPILER=g++-$(gcc))
gcc = $(shell scripts/toolchain gcc)
clang = -DCMAKE_CXX_COMPILER=clang++-$(shell scripts/toolchain llvm)

# $(call cmake-build,SOURCE,BUILD,OPTIONS,TARGETS): configures once, then builds what has changed.
cmake-build = cmake --no-warn-unused-cli -S $(1) -B $(BUILD)/$(2) -G Ninja $(3) >/dev/null && \
	ninja --quiet -C $(BUILD)/$(2) -j $(JOBS) $(4)

.PHONY: backend
backend: ## build the backend (build/backend/xen-sndback) and its tests
	@$(call cmake-build,tests/backend,backend,$(gnu))

.PHONY: sndback
sndback: ## build the backend alone
	@$(call cmake-build,tests/backend,backend,$(gnu),xen-sndback)

.PHONY: fuzzers
fuzzers: ## build the fuzzers of the driver and of the backend, with clang++
	@$(call cmake-build,tests,host-clang,$(clang),fuzzers)
	@$(call cmake-build,tests/backend,backend-clang,$(clang),fuzzers)

PREFIX ?= /usr
# The files of the package, if it is installed.
packaged = $(abspath $(DESTDIR))/var/lib/dpkg/info/xen-sndback.list

.PHONY: install-backend
install-backend: ## build and install the backend below PREFIX (default: /usr) in DESTDIR
	@$(call cmake-build,src/backend,backend-release,$(gnu) -DCMAKE_INSTALL_PREFIX=$(PREFIX))
	@! grep -qsx $(PREFIX)/sbin/xen-sndback $(packaged) || { echo "make install-backend: the package" \
		"xen-sndback is installed there; apt remove xen-sndback, or choose another PREFIX" >&2; exit 1; }
	@$(for-everyone) DESTDIR=$(abspath $(DESTDIR)) cmake --install $(BUILD)/backend-release --strip

# What the package has put in its place since, if it is there, stays.
.PHONY: uninstall-backend
uninstall-backend: ## remove what "make install-backend" has installed from this tree, but for /etc
	@[ -e $(BUILD)/backend-release/install_manifest.txt ] || { echo "make: nothing says what was" \
		"installed; run make install-backend once more, with the same PREFIX and DESTDIR" >&2; exit 1; }
	@sed 's|^/lib/|/usr/lib/|' $(packaged) 2>/dev/null | \
		grep -vxFf - $(BUILD)/backend-release/install_manifest.txt | grep -v '^/etc/' | \
		sed 's|^|$(abspath $(DESTDIR))|' | xargs -d '\n' rm -f

.PHONY: guest-tests
guest-tests: ## build what runs in a DomU: selftests, ours and the kernel's, and measurements
	@scripts/fetch-kselftest-alsa --output $(BUILD)/kselftest
	@$(call cmake-build,tests/guest,guest,$(gnu))
	@$(call cmake-build,tests/bench,guest-bench,$(gnu))

.PHONY: uml
uml: ## build what runs in User Mode Linux: a kernel with ALSA, the driver for it, and scenarios
	@$(call cmake-build,tests/uml,uml/guest,$(gnu))
	@JOBS=$(JOBS) scripts/uml build

.PHONY: host-tests
host-tests: ## build the host tests
	@$(call cmake-build,tests,host,$(gnu))

.PHONY: thread-tests
thread-tests: ## build the host test of real threads, with ThreadSanitizer
	@$(call cmake-build,tests,host-tsan,$(clang) -DSANITIZE=thread)

# ---- checks --------------------------------------------------------------------------------

# How long each fuzzer runs in "make check", in seconds, and from which seed: the same commit sees
# the same inputs every time, so that a failure of "make check" can be repeated. What is new is
# looked for by "make fuzz".
FUZZ_SECONDS ?= 10
FUZZ_SEED ?= 1
DEBUG_ROUNDS ?= 10

.PHONY: setup
setup: ## install what all of this needs, from Debian packages
	@scripts/setup

.PHONY: check
check: ## build it and run the tests that CI runs
	@scripts/setup
	@+$(MAKE) --no-print-directory --jobs $(JOBS) --output-sync check-style check-scripts check-static
	@+$(MAKE) --no-print-directory check-module
	@+$(MAKE) --no-print-directory check-host
	@+$(MAKE) --no-print-directory check-uml
	@+$(MAKE) --no-print-directory check-lab
	@+$(MAKE) --no-print-directory check-arm64 \
		ARM64_RUNS=arm64-brief-6.12 ARM64_PROGRAMS="sndback guest-tests"

.PHONY: check-style
check-style: ## formatting, includes, and what the types must forbid
	@echo "== style and architecture"
	@scripts/check-style
	@scripts/check-architecture
	@scripts/check-types

.PHONY: check-scripts
check-scripts: ## unit tests of the scripts
	@echo "== scripts"
	@PYTHONPATH=scripts /usr/bin/python3 -B -m unittest discover -q -s tests/scripts

.PHONY: check-static
check-static: ## static analysis of the module: clang-tidy, cppcheck, sparse, gcc, checkpatch
	@echo "== static analysis"
	@scripts/check-static

# The oldest kernel, that of the current Debian, and the newest.
KERNELS ?= 6.1 6.12 trixie-backports

.PHONY: check-module
check-module: ## build the module for KERNELS and look for what no kernel module may contain
	@echo "== module"
	@scripts/check-kernels $(KERNELS)

.PHONY: check-kernels
check-kernels: ## the same for every kernel of Debian's, real-time ones and arm64 as well
	@echo "== module for all kernels"
	@scripts/check-kernels

.PHONY: check-deb
check-deb: deb backend ## install, upgrade and remove the packages in bare Debian 12 and 13 (as root)
	@scripts/setup --for check-deb
	@echo "== packages in bare Debian releases"
	@scripts/check-deb

.PHONY: check-host
check-host: host-tests thread-tests backend fuzzers ## host tests with sanitizers, and a short fuzz run
	@+$(MAKE) --no-print-directory --jobs $(JOBS) --output-sync run-host-tests

# As many at once as there are processors, the longest first. Which fuzzers there are is known when
# they have been built.
host-test-programs := backend/backend-system-tests host/host-tests backend/backend-tests \
	host-tsan/thread-tests
fuzzers := $(wildcard $(BUILD)/host-clang/fuzz-* $(BUILD)/backend-clang/fuzz-*)

.PHONY: run-host-tests
run-host-tests: $(host-test-programs:%=run@$(BUILD)/%) run-scenarios $(fuzzers:%=run-fuzzer@%)

$(host-test-programs:%=run@$(BUILD)/%): run@%:
	@echo "== $(*:$(CURDIR)/%=%)"
	@$* --gtest_brief=1

.PHONY: run-scenarios
run-scenarios:
	@echo "== scenarios over the fake kernel"
	@$(BUILD)/host/scenarios --brief

$(fuzzers:%=run-fuzzer@%): name = $(patsubst fuzz-%,%,$(notdir $*))
$(fuzzers:%=run-fuzzer@%): run-fuzzer@%:
	@echo "== fuzz $(name), $(FUZZ_SECONDS) s"
	@rm -rf $(BUILD)/fuzz/$(name) && mkdir -p $(BUILD)/fuzz/$(name)
	@$* -max_total_time=$(FUZZ_SECONDS) -seed=$(FUZZ_SEED) \
		-artifact_prefix=$(BUILD)/fuzz/$(name)- -print_final_stats=1 -verbosity=0 \
		$(patsubst %,-dict=%,$(wildcard tests/fuzz/$(name).dict)) \
		$(BUILD)/fuzz/$(name) tests/fuzz/corpus/$(name)

.PHONY: check-clang
check-clang: ## the host tests of driver and backend, built by clang++
	@$(call cmake-build,tests,host-clang,$(clang))
	@$(call cmake-build,tests/backend,backend-clang,$(clang))
	@echo "== host tests, by clang++"
	@$(BUILD)/host-clang/host-tests --gtest_brief=1
	@$(BUILD)/host-clang/scenarios --brief
	@$(BUILD)/backend-clang/backend-tests --gtest_brief=1

# Not part of "make check": as long as one likes, from another seed every time.
FUZZ_TARGET ?= driver
FUZZ_MINUTES ?= 30

.PHONY: fuzz
fuzz: fuzzers ## fuzz FUZZ_TARGET (default: the whole driver) for FUZZ_MINUTES on all processors
	@mkdir -p $(BUILD)/fuzz/found/$(FUZZ_TARGET) && cd $(BUILD)/fuzz/found && \
		$(firstword $(wildcard $(BUILD)/*-clang/fuzz-$(FUZZ_TARGET))) -jobs=$(JOBS) -workers=$(JOBS) \
		-max_total_time=$$(( $(FUZZ_MINUTES) * 60 )) -len_control=0 -max_len=1500 \
		-artifact_prefix=$(BUILD)/fuzz/found/$(FUZZ_TARGET)- -print_final_stats=1 \
		$(FUZZ_TARGET) $(CURDIR)/tests/fuzz/corpus/$(FUZZ_TARGET)

.PHONY: explore
explore: ## every order of four events from every state of the connection, a million in all
	@$(call cmake-build,tests,explore,$(gnu) -DSANITIZE=none)
	@echo "== every order of four events"
	@EXPLORE=1 $(BUILD)/explore/host-tests --gtest_filter='*Exploration*' --gtest_brief=1

.PHONY: check-uml
check-uml: uml ## the driver under the real ALSA core, with KASAN and lockdep, in User Mode Linux
	@$(call cmake-build,tests,host,$(gnu),scenarios)
	@echo "== scenarios, walks, attacks and clients in User Mode Linux"
	@JOBS=$(JOBS) scripts/uml check

.PHONY: uml-shell
uml-shell: uml ## a shell in User Mode Linux, with the driver loaded
	@scripts/uml shell

.PHONY: check-lab
check-lab: backend guest-tests ## selftests in real guests under Xen in QEMU
	@echo "== selftests in the lab"
	@scripts/selftests

# What is not reached, line by line: build/coverage/index.html.
COVERAGE_MIN ?= 100

.PHONY: coverage
coverage: ## how much of the module's C++ the host tests reach; fails below COVERAGE_MIN per cent
	@$(call cmake-build,tests,coverage,$(gnu) -DSANITIZE=none -DCOVERAGE=ON)
	@find $(BUILD)/coverage -name '*.gcda' -delete
	@$(BUILD)/coverage/host-tests --gtest_brief=1
	@gcovr --gcov-executable gcov-$(gcc) --root . --filter src/ --exclude-throw-branches \
		--fail-under-line $(COVERAGE_MIN) --print-summary \
		--html-details $(BUILD)/coverage/index.html $(BUILD)/coverage

ALL_ROUNDS ?= 50
ALL_RESTARTS ?= 20

.PHONY: check-lab-all
check-lab-all: backend guest-tests ## also the selftests that "make check" has no time for
	@scripts/selftests --all --rounds $(ALL_ROUNDS) --restarts $(ALL_RESTARTS)

.PHONY: check-matrix
check-matrix: backend guest-tests ## a short selftest for every kernel, plain and real-time, PV and PVH, and a table
	@echo "== matrix of kernels and guests"
	@scripts/selftests --matrix

ARM64_KERNELS ?= 6.1 6.12 trixie-backports
ARM64_ROUNDS ?= 10
# "make check" has its own.
ARM64_PROGRAMS ?= backend guest-tests
ARM64_RUNS ?= $(foreach kernel,$(ARM64_KERNELS),$(patsubst %,arm64-%-$(kernel),selftest restart attacks))

.PHONY: check-arm64
check-arm64: ## playback, capture, restarts and attacks on an emulated arm64 machine, for each of ARM64_KERNELS
	@scripts/setup --for arm64
	@echo "== selftests in the lab, arm64"
	@scripts/lab programs --arch arm64 $(ARM64_PROGRAMS)
	@scripts/selftests --arch arm64 --rounds $(ARM64_ROUNDS) --restarts $(ALL_RESTARTS) $(ARM64_RUNS)

# A module whose faults the kernels of check-debug must report.
.PHONY: provoker
provoker:
	@cp -rsf $(CURDIR)/tests/guest/provoker $(BUILD)/ && \
		$(MAKE) --no-print-directory -C $(KDIR) M=$(BUILD)/provoker modules

.PHONY: check-debug
check-debug: backend guest-tests ## selftests and fault injection in a guest with lockdep, kmemleak and their like
	@echo "== selftests with a kernel that looks for bugs"
	@scripts/lab make --kernel debug-6.1 module provoker
	@scripts/selftests --debug --rounds $(DEBUG_ROUNDS) --restarts $(ALL_RESTARTS) --time-limit 1200

.PHONY: check-trace-cost
check-trace-cost: backend guest-tests ## what tracepoints cost a period while nobody traces: at most 1 %
	@echo "== instructions of a period, with tracepoints and without"
	@scripts/check-trace-cost

.PHONY: demo
demo: ## play a WAV in a DomU and compare what comes out of Dom0's sound card (WAV=file.wav)
	@scripts/setup --for build,backend,lab,demo
	@+$(MAKE) --no-print-directory --jobs $(JOBS) sndback demo-machine
	@scripts/demo $(if $(WAV),--wav "$(WAV)")

# Much of it is waiting for downloads, and an emulated machine that boots takes one processor.
.PHONY: demo-machine
demo-machine:
	@scripts/lab make module
	@scripts/lab build

.PHONY: bench
bench: ## measure against the in-tree driver: build/bench/report.html (BENCH=--quick for less)
	@scripts/setup
	@+$(MAKE) --no-print-directory backend guest-tests
	@scripts/bench $(BENCH)

.PHONY: clean
clean: ## remove everything that was built
	rm -rf $(BUILD)

.PHONY: help
help: ## show this list
	@echo "snd-xen-front: ALSA frontend driver for Xen guests"
	@echo
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' Makefile
