// SPDX-License-Identifier: GPL-2.0-only
#include "driver/leftovers.hpp"

namespace xen_front {

namespace {

// Nobody tells us when a backend unmaps a page.
constexpr unsigned int sweep_ms = 1000;

} // namespace

Leftovers::Leftovers() : lists_(KSHIM_LOCK_LEFTOVERS), sweeper_(on_sweep, this)
{
}

Leftovers::~Leftovers()
{
    sweeper_.cancel();
}

void Leftovers::keep(Box<Channel> channel, uint32_t card)
{
    if (channel->try_end())
        return;
    lists_.with([&](Lists &lists) {
        lists.channels.add(move(channel), card);
        sweep_later(lists);
    });
}

void Leftovers::keep(Box<SharedBuffer> buffer, uint32_t card)
{
    if (buffer->try_end())
        return;
    lists_.with([&](Lists &lists) {
        lists.buffers.add(move(buffer), card);
        sweep_later(lists);
    });
}

uint32_t Leftovers::count_channels(uint32_t card)
{
    return lists_.with([&](Lists &lists) {
        lists.channels.sweep();
        return lists.channels.count(card);
    });
}

uint32_t Leftovers::count_buffers(uint32_t card)
{
    return lists_.with([&](Lists &lists) {
        lists.buffers.sweep();
        return lists.buffers.count(card);
    });
}

void Leftovers::on_sweep(void *leftovers)
{
    auto *self = static_cast<Leftovers *>(leftovers);
    self->lists_.with([&](Lists &lists) {
        lists.channels.sweep();
        lists.buffers.sweep();
        self->sweep_later(lists);
    });
}

void Leftovers::sweep_later(const Lists &lists)
{
    if (!lists.channels.is_empty() || !lists.buffers.is_empty())
        sweeper_.schedule(sweep_ms);
}

} // namespace xen_front
