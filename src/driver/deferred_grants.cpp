// SPDX-License-Identifier: GPL-2.0-only
#include "driver/deferred_grants.hpp"

namespace xen_front {

namespace {

// Xen does not tell when a domain unmaps a page.
constexpr unsigned int reap_ms = 1000;
// Which part of the guest's grants all of them may take.
constexpr unsigned int grants_share = 4;

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

void DeferredGrants::keep(Box<SharedBuffer> buffer, uint32_t card, const void *stream)
{
    buffer->keep_for(stream);
    add(move(buffer), card);
}

void DeferredGrants::release(const void *stream)
{
    lists_.with([&](Lists &lists) {
        lists.buffers.visit([&](SharedBuffer &buffer) {
            if (buffer.is_kept_for(stream))
                buffer.keep_for(nullptr);
        });
        lists.buffers.reap();
    });
}

bool DeferredGrants::has_room(uint32_t card, uint32_t count_max)
{
    return lists_.with([&](Lists &lists) {
        uint32_t count = 0;
        size_t grants = 0;
        lists.buffers.reap();
        lists.buffers.visit([&](const SharedBuffer &buffer) {
            count += buffer.deferred().card == card ? 1 : 0;
            grants += buffer.grant_count();
        });
        return count == 0 ||
               (count < count_max && grants < GrantedPage::count_max() / grants_share);
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
