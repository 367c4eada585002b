/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages that are shared with another domain, and the grants that share them.
 *
 * Every page comes alone from the page allocator, never from slab memory or as part of a larger
 * block: a page that the other side keeps mapped can then stay behind by itself.
 */
#ifndef KSHIM_PAGE_H
#define KSHIM_PAGE_H

#include "kshim/types.h"

KSHIM_BEGIN_DECLS

struct kshim_page; /* struct page */

/* A zeroed page, or NULL. Context: may sleep. */
struct kshim_page *kshim_page_alloc(void);
/* Gives back a page that was never granted. Context: any. */
void kshim_page_free(struct kshim_page *page);
/* Where the kernel sees @page. Context: any. */
void *kshim_page_address(struct kshim_page *page);

/*
 * Marks @page as written by the guest, without changing it; the backend may write to it at the same
 * time. Xen transfers in a live migration what it knows to be written, and writes through a grant
 * are not tracked. Context: any.
 */
void kshim_page_touch(struct kshim_page *page);

/* @count pages as one run of kernel addresses, or NULL. Context for both: may sleep. */
void *kshim_pages_map(struct kshim_page **pages, unsigned int count);
void kshim_pages_unmap(void *address);

/* How many pages the guest can grant at once, all of its devices together. Context: any. */
unsigned int kshim_grants_max(void);
/*
 * Lets domain @domain read and write @page. 0 and the grant reference in @reference, or a
 * negative errno (-ENOSPC: the grant table is full). Context: may sleep.
 */
KSHIM_MUST_CHECK int kshim_grant(uint16_t domain, struct kshim_page *page, uint32_t *reference);
/*
 * Grants @page, which domain @domain or another was granted before, a second time, and ends access
 * through the grant in @reference, whose place the new one takes. For grants that are void because
 * the guest was restored. 0 or a negative errno, which leaves all as it was (-EBUSY: the other side
 * maps the page, so the grant is not void; -ENOSPC: the grant table is full). Context: may sleep.
 */
KSHIM_MUST_CHECK int kshim_grant_renew(uint16_t domain, struct kshim_page *page,
				       uint32_t *reference);
/*
 * Ends access through @reference if the other side no longer maps the page: true, and the
 * page is free. False leaves everything as it was. Context: may sleep.
 */
bool kshim_grant_try_end(uint32_t reference, struct kshim_page *page);
/*
 * Ends access through @reference and frees @page, both as soon as the other side lets go, which
 * may be after this returns. The page must not be touched any more. Context: may sleep.
 */
void kshim_grant_end(uint32_t reference, struct kshim_page *page);

KSHIM_END_DECLS

#endif
