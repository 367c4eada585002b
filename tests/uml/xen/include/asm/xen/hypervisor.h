/* SPDX-License-Identifier: GPL-2.0-only */
/* xen/grant_table.h wants this file; nothing of it is needed. */
