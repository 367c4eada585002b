// SPDX-License-Identifier: GPL-2.0-only
/* include/kshim/page.h over the page allocator, vmap and Xen's grant tables. */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>
#include <xen/grant_table.h>
#include <xen/page.h>
#include <asm/sync_bitops.h>

#include "kshim/page.h"

/* One grant covers one page: larger pages would need several grants each. */
static_assert(PAGE_SIZE == KSHIM_PAGE_SIZE);
static_assert(XEN_PAGE_SIZE == KSHIM_PAGE_SIZE);

static struct page *to_page(struct kshim_page *page)
{
	return (struct page *)page;
}

struct kshim_page *kshim_page_alloc(void)
{
	return (struct kshim_page *)alloc_page(GFP_KERNEL | __GFP_ZERO);
}

void kshim_page_free(struct kshim_page *page)
{
	__free_page(to_page(page));
}

void *kshim_page_address(struct kshim_page *page)
{
	return page_address(to_page(page));
}

void kshim_page_touch(struct kshim_page *page)
{
	u32 *word = page_address(to_page(page));
	unsigned int attempts = 100;
	u32 old;

	/*
	 * Locked even on one processor, on which the kernel patches the prefix of its atomic
	 * operations out: the backend runs on another. An exchange fails only if the backend has
	 * just written the word.
	 */
	do {
		old = READ_ONCE(*word);
	} while (sync_cmpxchg(word, old, old) != old && --attempts);
}

void *kshim_pages_map(struct kshim_page **pages, unsigned int count)
{
	return vmap((struct page **)pages, count, VM_MAP, PAGE_KERNEL);
}

void kshim_pages_unmap(void *address)
{
	vunmap(address);
}

unsigned int kshim_grants_max(void)
{
	/* Entries of the table's first version, which Linux uses unless it is told otherwise. */
	return gnttab_max_grant_frames() * (XEN_PAGE_SIZE / sizeof(struct grant_entry_v1));
}

int kshim_grant(uint16_t domain, struct kshim_page *page, uint32_t *reference)
{
	int ret = gnttab_grant_foreign_access(domain, xen_page_to_gfn(to_page(page)), 0);

	if (ret < 0)
		return ret;
	*reference = ret;
	return 0;
}

int kshim_grant_renew(uint16_t domain, struct kshim_page *page, uint32_t *reference)
{
	uint32_t renewed;
	int ret = kshim_grant(domain, page, &renewed);

	if (ret)
		return ret;
	if (!gnttab_try_end_foreign_access(*reference)) {
		gnttab_end_foreign_access(renewed, NULL);
		return -EBUSY;
	}
	*reference = renewed;
	return 0;
}

bool kshim_grant_try_end(uint32_t reference, struct kshim_page *page)
{
	if (!gnttab_try_end_foreign_access(reference))
		return false;
	__free_page(to_page(page));
	return true;
}

void kshim_grant_end(uint32_t reference, struct kshim_page *page)
{
	gnttab_end_foreign_access(reference, to_page(page));
}
