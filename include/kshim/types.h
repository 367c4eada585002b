/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fixed-width types for both sides of the shim.
 *
 * The C side has them from the kernel. The C++ side sees no header but ours, so it takes them
 * from the compiler; that also keeps them identical to <stdint.h> in host tests.
 */
#ifndef KSHIM_TYPES_H
#define KSHIM_TYPES_H

#if defined(__KERNEL__) && !defined(__cplusplus)
#include <linux/types.h>
#else
typedef __INT8_TYPE__ int8_t;
typedef __INT16_TYPE__ int16_t;
typedef __INT32_TYPE__ int32_t;
typedef __INT64_TYPE__ int64_t;
typedef __UINT8_TYPE__ uint8_t;
typedef __UINT16_TYPE__ uint16_t;
typedef __UINT32_TYPE__ uint32_t;
typedef __UINT64_TYPE__ uint64_t;
typedef __SIZE_TYPE__ size_t;
typedef __UINTPTR_TYPE__ uintptr_t;
#ifndef __cplusplus
#include <stdbool.h>
#endif
#endif

#ifdef __cplusplus
#define KSHIM_BEGIN_DECLS extern "C" {
#define KSHIM_END_DECLS }
#else
#define KSHIM_BEGIN_DECLS
#define KSHIM_END_DECLS
#endif

/*
 * Before the declaration of a C++ function that C calls. No other function of the C++ has callers
 * elsewhere, and Kbuild lets GCC know: -fwhole-program.
 */
#if defined(__cplusplus) && !defined(__clang__)
#define KSHIM_ENTRY __attribute__((externally_visible))
#else
#define KSHIM_ENTRY
#endif

/* A result that must be looked at: 0, or a negative errno. */
#define KSHIM_MUST_CHECK __attribute__((warn_unused_result))

/* Size in bytes of a page of memory and of a Xen page; the shim asserts that they agree. */
#define KSHIM_PAGE_SIZE 4096u

#endif
