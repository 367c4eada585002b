// SPDX-License-Identifier: GPL-2.0-only
#include "driver/deferred_grants.hpp"

namespace xen_front {

namespace {

// Xen does not tell when a domain unmaps a page.
constexpr unsigned int reap_ms = 1000;

} // namespace

DeferredGrants::DeferredGrants()
    : lists_(KSHIM_LOCK_GRANTS), reaper_(KSHIM_WORK_GRANTS, on_reap, this)
{
}

DeferredGrants::~DeferredGrants()
{
    reaper_.cancel();
}

void DeferredGrants::add(Box<Transport> transport, uint32_t card)
{
    if (transport->try_end())
        return;
    lists_.with([&](Lists &lists) {
        lists.transports.add(move(transport), card);
        reap_later(lists);
    });
}

void DeferredGrants::add(Box<SharedBuffer> buffer, uint32_t card)
{
    if (buffer->try_end())
        return;
    lists_.with([&](Lists &lists) {
        lists.buffers.add(move(buffer), card);
        reap_later(lists);
    });
}

uint32_t DeferredGrants::count_transports(uint32_t card)
{
    return lists_.with([&](Lists &lists) {
        lists.transports.reap();
        return lists.transports.count(card);
    });
}

uint32_t DeferredGrants::count_buffers(uint32_t card)
{
    return lists_.with([&](Lists &lists) {
        lists.buffers.reap();
        return lists.buffers.count(card);
    });
}

void DeferredGrants::on_reap(void *grants)
{
    auto *self = static_cast<DeferredGrants *>(grants);
    self->lists_.with([&](Lists &lists) {
        lists.transports.reap();
        lists.buffers.reap();
        self->reap_later(lists);
    });
}

void DeferredGrants::reap_later(const Lists &lists)
{
    if (!lists.transports.is_empty() || !lists.buffers.is_empty())
        reaper_.schedule(reap_ms);
}

} // namespace xen_front
