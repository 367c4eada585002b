# SPDX-License-Identifier: GPL-2.0-only
# What a user types: "make help" lists it. Kbuild has the rules of the module itself.

BUILD := $(CURDIR)/build
JOBS ?= $(shell nproc)
WAV ?=

# Every kernel whose headers are installed, or the one that KDIR names.
KDIRS := $(if $(KDIR),$(KDIR),$(patsubst %/Makefile,%,$(wildcard /lib/modules/*/build/Makefile)))

.PHONY: module
module: $(KDIRS:%=module@%) ## build snd-xen-front.ko for every kernel with headers installed (KDIR= for one)
ifeq ($(KDIRS),)
	@echo "No kernel headers under /lib/modules/*/build. Run scripts/setup, or pass KDIR=." >&2
	@exit 1
endif

# "make kernelrelease" in Debian's headers says the version of the source, not of the kernel.
release-of = $(shell sed -n 's/.*UTS_RELEASE "\(.*\)".*/\1/p' $(1)/include/generated/utsrelease.h)

# Each kernel builds in a farm of links to the sources, so that objects of several kernels live
# side by side and the source tree stays clean.
$(KDIRS:%=module@%): module@%:
	@+release=$(call release-of,$*) && \
	farm=$(BUILD)/$$release && mkdir -p $$farm && \
	cp -rsf $(CURDIR)/Kbuild $(CURDIR)/src $(CURDIR)/include $$farm/ && \
	find $$farm -xtype l -delete && \
	$(MAKE) --no-print-directory -C $* M=$$farm modules && \
	echo "build/$$release/snd-xen-front.ko"

.PHONY: install
install: INSTALL_KDIR := $(or $(KDIR),/lib/modules/$(shell uname -r)/build)
install: module ## install the module under updates/ for the kernel KDIR (default: the running one)
	$(MAKE) -C $(INSTALL_KDIR) M=$(BUILD)/$(call release-of,$(INSTALL_KDIR)) \
		INSTALL_MOD_DIR=updates modules_install

.PHONY: clean
clean: ## remove everything that was built
	rm -rf $(BUILD)

.PHONY: help
help: ## show this list
	@echo "snd-xen-front: ALSA frontend driver for Xen guests"
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|'
