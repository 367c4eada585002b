// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plugin of QEMU's TCG that counts which code of kernel modules is executed how often. A program
 * that executes the instruction below has the plugin write, for each block of code, how many
 * instructions of it were executed since the last time:
 *     mark
 *     VIRTUAL-ADDRESS HOST-ADDRESS COUNT
 * Argument: out=FILE.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is used of qemu-plugin.h, version 1, which Debian does not package. */
typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { INLINE_ADD_U64 = 0, NO_REGISTERS = 0 };
typedef void (*translated)(qemu_plugin_id_t id, struct qemu_plugin_tb *block);
typedef void (*executed)(unsigned int vcpu, void *data);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, translated function);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *block, int operation,
					      void *target, uint64_t value);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *instruction,
					    executed function, int flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t at);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *instruction);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *instruction);
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *instruction);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

/* mov $0xbe11c0de,%eax: Meter::begin() and end() of xen-front-bench execute it. */
static const uint8_t marker[] = { 0xb8, 0xde, 0xc0, 0x11, 0xbe };

/* Where x86 Linux has its modules. */
static const uint64_t modules_begin = 0xffffffffc0000000, modules_end = 0xffffffffff000000;

/* Counters stay where they are: translated code adds to them. */
struct counter {
	uint64_t address, host_address, count, written;
	struct counter *next;
};

enum { BUCKETS = 1 << 16 };
static struct counter *buckets[BUCKETS];
static FILE *out;

static struct counter *counter_of(uint64_t address, uint64_t host_address)
{
	struct counter **bucket = &buckets[(address ^ address >> 16 ^ host_address >> 12) % BUCKETS];
	struct counter *counter;

	for (counter = *bucket; counter; counter = counter->next) {
		if (counter->address == address && counter->host_address == host_address)
			return counter;
	}
	counter = calloc(1, sizeof(*counter));
	if (!counter)
		abort();
	counter->address = address;
	counter->host_address = host_address;
	counter->next = *bucket;
	*bucket = counter;
	return counter;
}

static void write_counters(unsigned int vcpu, void *data)
{
	struct counter *counter;
	size_t i;

	(void)vcpu;
	(void)data;
	fprintf(out, "mark\n");
	for (i = 0; i < BUCKETS; i++) {
		for (counter = buckets[i]; counter; counter = counter->next) {
			if (counter->count == counter->written)
				continue;
			fprintf(out, "%" PRIx64 " %" PRIx64 " %" PRIu64 "\n", counter->address,
				counter->host_address, counter->count - counter->written);
			counter->written = counter->count;
		}
	}
	fflush(out);
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
	uint64_t address = qemu_plugin_tb_vaddr(block);
	size_t count = qemu_plugin_tb_n_insns(block);
	struct qemu_plugin_insn *instruction;
	size_t i;

	(void)id;
	if (address >= modules_begin && address < modules_end) {
		void *host_address = qemu_plugin_insn_haddr(qemu_plugin_tb_get_insn(block, 0));
		struct counter *counter = counter_of(address, (uintptr_t)host_address);

		qemu_plugin_register_vcpu_tb_exec_inline(block, INLINE_ADD_U64, &counter->count,
							 count);
	}
	for (i = 0; i < count; i++) {
		instruction = qemu_plugin_tb_get_insn(block, i);
		if (qemu_plugin_insn_size(instruction) == sizeof(marker) &&
		    memcmp(qemu_plugin_insn_data(instruction), marker, sizeof(marker)) == 0)
			qemu_plugin_register_vcpu_insn_exec_cb(instruction, write_counters,
							       NO_REGISTERS, NULL);
	}
}

__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id,
							       const void *info, int argc,
							       char **argv)
{
	static const char name[] = "out=";

	(void)info;
	if (argc != 1 || strncmp(argv[0], name, strlen(name)) != 0) {
		fprintf(stderr, "counter: the argument has to be out=FILE\n");
		return 1;
	}
	out = fopen(argv[0] + strlen(name), "w");
	if (!out) {
		perror(argv[0] + strlen(name));
		return 1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	return 0;
}
