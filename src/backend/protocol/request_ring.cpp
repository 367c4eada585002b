// SPDX-License-Identifier: GPL-2.0-only
#include "protocol/request_ring.hpp"

#include <fmt/core.h>

namespace sndback {

namespace {

constexpr std::size_t slots_offset = offsetof(xen_sndif_sring, ring);

static_assert(slots_offset + RequestRing::slots * sizeof(xensnd_req) <= page_size);
static_assert(slots_offset + 2 * RequestRing::slots * sizeof(xensnd_req) > page_size,
              "the ring has the largest power of two of slots that fits the page");

} // namespace

RequestRing::RequestRing(std::byte *page)
    : page_(page),
      request_produced_(page, offsetof(xen_sndif_sring, req_prod)),
      request_event_(page, offsetof(xen_sndif_sring, req_event)),
      response_produced_(page, offsetof(xen_sndif_sring, rsp_prod)),
      response_event_(page, offsetof(xen_sndif_sring, rsp_event)),
      consumed_(response_produced_.load()),
      answered_(consumed_)
{
    (void)available();
}

std::uint32_t RequestRing::available() const
{
    const std::uint32_t produced = request_produced_.load();
    if (produced - answered_ > slots || produced - consumed_ > slots)
        throw ProtocolBroken(
            fmt::format("request ring: req_prod is {} with {} requests taken and {} answered, "
                        "at most {} may be open; the frontend has to reconnect",
                        produced, consumed_, answered_, slots));
    return produced - consumed_;
}

std::byte *RequestRing::slot(std::uint32_t index) const
{
    return page_ + slots_offset + (index % slots) * sizeof(xensnd_req);
}

std::optional<xensnd_req> RequestRing::take()
{
    if (available() == 0)
        return std::nullopt;
    return load_packet<xensnd_req>(slot(consumed_++));
}

bool RequestRing::answer(const xensnd_resp &response)
{
    const std::uint32_t before = answered_;
    store_packet(slot(answered_), response);
    response_produced_.store(++answered_);
    full_barrier();
    return answered_ - response_event_.load() < answered_ - before;
}

bool RequestRing::final_check(bool is_notification_wanted)
{
    if (available() != 0)
        return true;
    if (!is_notification_wanted)
        return false;
    request_event_.store(consumed_ + 1);
    full_barrier();
    return available() != 0;
}

} // namespace sndback
