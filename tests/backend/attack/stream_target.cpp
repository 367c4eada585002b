// SPDX-License-Identifier: GPL-2.0-only
#include "attack/stream_target.h"

#include <mutex>
#include <random>

namespace sndback {

namespace {

constexpr std::uint32_t ring_slots = 32;
constexpr std::size_t ring_offset = offsetof(xen_sndif_sring, ring);

std::atomic<std::uint32_t> thread_count { 0 };

std::mutex kept_mutex;
std::vector<std::span<std::byte>> kept_pages;

void flip(std::byte *page, std::size_t offset)
{
    std::atomic_ref<std::uint8_t>(reinterpret_cast<std::uint8_t &>(page[offset]))
        .fetch_xor(static_cast<std::uint8_t>(random_number() | 1), std::memory_order_relaxed);
}

} // namespace

std::uint32_t random_number()
{
    thread_local std::minstd_rand generator(++thread_count);
    return static_cast<std::uint32_t>(generator()) * 2654435761u;
}

void KeptPages::add(std::span<std::byte> pages)
{
    const std::lock_guard lock(kept_mutex);
    kept_pages.push_back(pages);
}

void KeptPages::forget()
{
    const std::lock_guard lock(kept_mutex);
    kept_pages.clear();
}

void KeptPages::scribble()
{
    const std::lock_guard lock(kept_mutex);
    for (const std::span<std::byte> pages : kept_pages)
        for (std::size_t at = 0; at < pages.size(); at += 256)
            pages[at] ^= static_cast<std::byte>(random_number() | 1);
}

StreamTarget::StreamTarget(std::byte *ring_page, std::byte *event_page, Actions actions)
    : ring_page_(ring_page),
      event_page_(event_page),
      request_produced_(ring_page, offsetof(xen_sndif_sring, req_prod)),
      request_event_(ring_page, offsetof(xen_sndif_sring, req_event)),
      response_produced_(ring_page, offsetof(xen_sndif_sring, rsp_prod)),
      response_event_(ring_page, offsetof(xen_sndif_sring, rsp_event)),
      events_consumed_(event_page, offsetof(xensnd_event_page, in_cons)),
      events_produced_(event_page, offsetof(xensnd_event_page, in_prod)),
      actions_(std::move(actions))
{
}

void StreamTarget::respond(const xensnd_resp &response)
{
    const std::uint32_t produced = response_produced_.load();
    store_packet(ring_page_ + ring_offset + (produced % ring_slots) * sizeof(response), response);
    response_produced_.store(produced + 1);
    notify_requests();
}

void StreamTarget::flip_ring_byte()
{
    flip(ring_page_, ring_offset + random_number() % (page_size - ring_offset));
}

void StreamTarget::send_event(std::uint8_t type, std::uint64_t position)
{
    const std::uint32_t produced = events_produced_.load();
    if (produced - events_consumed_.load() >= XENSND_IN_RING_LEN) {
        notify_events();
        return;
    }
    xensnd_evt event {};
    event.id = static_cast<std::uint16_t>(produced);
    event.type = type;
    event.op.cur_pos.position = position;
    store_packet(
        event_page_ + XENSND_IN_RING_OFFS + (produced % XENSND_IN_RING_LEN) * sizeof(event), event);
    events_produced_.store(produced + 1);
    notify_events();
}

void StreamTarget::flip_event_byte()
{
    flip(event_page_, random_number() % page_size);
}

} // namespace sndback
