// SPDX-License-Identifier: GPL-2.0-only
/*
 * Grants, and the clients that map them. A client's mapping keeps no page from being freed, as
 * another domain's does not: that a page goes while it is granted is a fault, and reported.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <xen/grant_table.h>
#include <xen/page.h>

#include "internal.h"

struct grant {
	struct list_head list;
	u32 reference;
	domid_t domain;
	struct page *page;
	unsigned int mappings;
	bool is_void; /* of the time before a restore */
	bool is_ended; /* as soon as no domain maps it */
	struct page *freed_at_end;
};

static DEFINE_SPINLOCK(grants_lock);
static LIST_HEAD(grants);
/* Xen keeps the first eight for itself. */
static u32 next_reference = 8;

/* grants_lock is held. */
static struct grant *find(u32 reference)
{
	struct grant *grant;

	list_for_each_entry(grant, &grants, list) {
		if (grant->reference == reference)
			return grant;
	}
	return NULL;
}

unsigned int gnttab_max_grant_frames(void)
{
	return 64;
}
EXPORT_SYMBOL_GPL(gnttab_max_grant_frames);

int gnttab_grant_foreign_access(domid_t domain, unsigned long frame, int is_readonly)
{
	struct grant *grant = kzalloc(sizeof(*grant), GFP_ATOMIC);

	if (!grant)
		return -ENOSPC;
	grant->domain = domain;
	grant->page = pfn_to_page(gfn_to_pfn(frame));
	spin_lock(&grants_lock);
	grant->reference = next_reference++;
	list_add(&grant->list, &grants);
	spin_unlock(&grants_lock);
	return grant->reference;
}
EXPORT_SYMBOL_GPL(gnttab_grant_foreign_access);

/* The driver holds a reference to the page until it frees it, and so does each mapping. */
static void check_page(const struct grant *grant)
{
	int expected = 1 + grant->mappings;

	WARN(page_count(grant->page) < expected,
	     "fake-xen: the page of grant %u was freed while it was granted\n", grant->reference);
}

int gnttab_try_end_foreign_access(grant_ref_t reference)
{
	struct grant *grant;
	bool is_over = false;

	spin_lock(&grants_lock);
	grant = find(reference);
	if (!WARN(!grant || grant->is_ended, "fake-xen: grant %u is not there\n", reference)) {
		check_page(grant);
		is_over = !grant->mappings;
		if (is_over)
			list_del(&grant->list);
	}
	spin_unlock(&grants_lock);
	if (is_over)
		kfree(grant);
	return is_over;
}
EXPORT_SYMBOL_GPL(gnttab_try_end_foreign_access);

void gnttab_end_foreign_access(grant_ref_t reference, struct page *page)
{
	struct grant *grant;

	if (gnttab_try_end_foreign_access(reference)) {
		if (page)
			put_page(page);
		return;
	}
	spin_lock(&grants_lock);
	grant = find(reference);
	if (grant) {
		grant->is_ended = true;
		grant->freed_at_end = page;
	}
	spin_unlock(&grants_lock);
}
EXPORT_SYMBOL_GPL(gnttab_end_foreign_access);

/* ---- clients */

static void mapping_opened(struct vm_area_struct *vma)
{
	struct grant *grant = vma->vm_private_data;

	spin_lock(&grants_lock);
	grant->mappings++;
	get_page(grant->page);
	spin_unlock(&grants_lock);
}

static void mapping_closed(struct vm_area_struct *vma)
{
	struct grant *grant = vma->vm_private_data;
	bool is_over;

	spin_lock(&grants_lock);
	grant->mappings--;
	put_page(grant->page);
	is_over = grant->is_ended && !grant->mappings;
	if (is_over)
		list_del(&grant->list);
	spin_unlock(&grants_lock);
	if (!is_over)
		return;
	if (grant->freed_at_end)
		put_page(grant->freed_at_end);
	kfree(grant);
}

static const struct vm_operations_struct mapping_operations = {
	.open = mapping_opened,
	.close = mapping_closed,
};

int fake_grant_map(struct vm_area_struct *vma)
{
	struct grant *grant;
	int ret;

	if (vma->vm_end - vma->vm_start != PAGE_SIZE || !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	spin_lock(&grants_lock);
	grant = find(vma->vm_pgoff);
	if (grant && (grant->is_ended || grant->is_void))
		grant = NULL;
	if (grant) {
		check_page(grant);
		grant->mappings++;
		get_page(grant->page);
	}
	spin_unlock(&grants_lock);
	if (!grant)
		return -ENOENT;
	vm_flags_set(vma, VM_DONTEXPAND | VM_DONTCOPY);
	vma->vm_private_data = grant;
	/* Takes no reference: it would be gone before the mapping is closed. */
	ret = remap_pfn_range(vma, vma->vm_start, page_to_pfn(grant->page), PAGE_SIZE,
			      vma->vm_page_prot);
	if (ret)
		mapping_closed(vma);
	else
		vma->vm_ops = &mapping_operations;
	return ret;
}

void fake_grant_counts(struct fake_xen_counts *counts)
{
	struct grant *grant;

	spin_lock(&grants_lock);
	list_for_each_entry(grant, &grants, list) {
		counts->grants += !grant->is_ended;
		counts->ended_grants += grant->is_ended;
	}
	spin_unlock(&grants_lock);
}

void fake_grants_void(void)
{
	struct grant *grant;

	spin_lock(&grants_lock);
	list_for_each_entry(grant, &grants, list)
		grant->is_void = true;
	spin_unlock(&grants_lock);
}

void fake_grants_destroy(void)
{
	struct grant *grant, *next;

	list_for_each_entry_safe(grant, next, &grants, list)
		kfree(grant);
}
