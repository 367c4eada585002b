// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plugin of QEMU's TCG that counts which code one of the processors executes how often. A program
 * that executes the instruction below has the plugin write, for each block of code, how many
 * instructions of it were executed since the last time:
 *     mark
 *     VIRTUAL-ADDRESS COUNT
 * Arguments: out=FILE, processor=NUMBER.
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
enum { NO_REGISTERS = 0 };
typedef void (*translated)(qemu_plugin_id_t id, struct qemu_plugin_tb *block);
typedef void (*executed)(unsigned int vcpu, void *data);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, translated function);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block, executed function,
					  int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *instruction,
					    executed function, int flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t at);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *instruction);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *instruction);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

/* mov $0xbe11c0de,%eax: Meter::begin() and end() of xen-front-bench execute it. */
static const uint8_t marker[] = { 0xb8, 0xde, 0xc0, 0x11, 0xbe };

/* Of the blocks with that address and so many instructions. Translated code refers to it. */
struct counter {
	uint64_t address, instructions, executions, written;
	struct counter *next;
};

enum { BUCKETS = 1 << 16 };
static struct counter *buckets[BUCKETS];
static unsigned int processor;
static FILE *out;

static struct counter *counter_of(uint64_t address, uint64_t instructions)
{
	struct counter **bucket = &buckets[(address ^ address >> 16) % BUCKETS];
	struct counter *counter;

	for (counter = *bucket; counter; counter = counter->next) {
		if (counter->address == address && counter->instructions == instructions)
			return counter;
	}
	counter = calloc(1, sizeof(*counter));
	if (!counter)
		abort();
	counter->address = address;
	counter->instructions = instructions;
	counter->next = *bucket;
	*bucket = counter;
	return counter;
}

static void on_execution(unsigned int vcpu, void *data)
{
	struct counter *counter = data;

	if (vcpu == processor)
		counter->executions++;
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
			if (counter->executions == counter->written)
				continue;
			fprintf(out, "%" PRIx64 " %" PRIu64 "\n", counter->address,
				(counter->executions - counter->written) * counter->instructions);
			counter->written = counter->executions;
		}
	}
	fflush(out);
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
	size_t count = qemu_plugin_tb_n_insns(block);
	struct qemu_plugin_insn *instruction;
	size_t i;

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_cb(block, on_execution, NO_REGISTERS,
					     counter_of(qemu_plugin_tb_vaddr(block), count));
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
	const char *file = NULL;
	bool has_processor = false;
	int i;

	(void)info;
	for (i = 0; i < argc; i++) {
		if (strncmp(argv[i], "out=", 4) == 0)
			file = argv[i] + 4;
		else if (sscanf(argv[i], "processor=%u", &processor) == 1)
			has_processor = true;
	}
	if (argc != 2 || !file || !has_processor) {
		fprintf(stderr, "counter: the arguments have to be out=FILE and processor=NUMBER\n");
		return 1;
	}
	out = fopen(file, "w");
	if (!out) {
		perror(file);
		return 1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	return 0;
}
