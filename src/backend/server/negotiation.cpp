// SPDX-License-Identifier: GPL-2.0-only
#include "server/negotiation.hpp"

#include <algorithm>

#include <fmt/core.h>

namespace sndback {

namespace {

std::uint32_t buffer_limit(const Quota &quota)
{
    return quota.buffer_kib * 1024;
}

} // namespace

DeviceFactory::Load load_of(const OpenParameters &parameters)
{
    const StreamFormat &format = parameters.format;
    const std::uint64_t frames = std::max<std::uint64_t>(format.frames(parameters.period()), 1);
    return { (format.rate - 1) / frames + 1, format.bytes(format.rate) };
}

OpenParameters check_open(const xensnd_open_req &request, const Limits &configured,
                          const Quota &quota, const PositionPolicy &positions)
{
    const Format *format = find_format(unsigned { request.pcm_format });
    if (format == nullptr)
        throw Violation(fmt::format("pcm_format {} is none of sndif's 25", request.pcm_format));
    if (request.pcm_channels == 0 || request.pcm_rate == 0)
        throw Violation(fmt::format("{} channels at {} Hz, both must be above 0",
                                    request.pcm_channels, request.pcm_rate));

    if ((configured.formats >> format->wire & 1) == 0)
        throw Refusal(-XEN_EINVAL,
                      fmt::format("format {} is not in the stream's sample-formats", format->name));
    if (!configured.channels.contains(request.pcm_channels))
        throw Refusal(-XEN_EINVAL, fmt::format("{} channels, the stream is configured for {} to {}",
                                               request.pcm_channels, configured.channels.min,
                                               configured.channels.max));
    if (!configured.rates.empty() &&
        !std::binary_search(configured.rates.begin(), configured.rates.end(), request.pcm_rate))
        throw Refusal(-XEN_EINVAL,
                      fmt::format("{} Hz is not in the stream's sample-rates", request.pcm_rate));

    if (request.pcm_rate > quota.rate || request.pcm_channels > quota.channels)
        throw Refusal(-XEN_EINVAL,
                      fmt::format("{} channels at {} Hz, this guest's quota is {} at {}",
                                  request.pcm_channels, request.pcm_rate, quota.channels,
                                  quota.rate));

    // Besides the frames the buffer may have an area for volume values: a page is more than enough
    // for those.
    const std::uint32_t most = std::min(configured.buffer_bytes, buffer_limit(quota));
    const std::uint64_t most_pages = (std::uint64_t { most } + page_size - 1) / page_size + 1;
    if (request.buffer_sz > most_pages * page_size)
        throw Refusal(
            -XEN_EINVAL,
            fmt::format("buffer_sz {}, must be {} at most (buffer-size and one page for volume)",
                        request.buffer_sz, most_pages * page_size));

    const StreamFormat stream_format { format, request.pcm_rate, request.pcm_channels };
    if (request.buffer_sz < stream_format.unit())
        throw Refusal(-XEN_EINVAL, fmt::format("buffer_sz {} holds no frame of {} octets",
                                               request.buffer_sz, stream_format.unit()));
    if (request.period_sz > request.buffer_sz || request.period_sz % stream_format.unit() != 0)
        throw Violation(fmt::format(
            "period_sz {} is no number of whole frames of {} octets within buffer_sz {}",
            request.period_sz, stream_format.unit(), request.buffer_sz));
    return { stream_format, request.buffer_sz, request.period_sz, positions };
}

xensnd_query_hw_param answer_query(const xensnd_query_hw_param &question, const Limits &configured,
                                   const Limits &device, const Quota &quota)
{
    Limits allowed;
    allowed.rate_range.max = quota.rate;
    allowed.channels.max = quota.channels;
    allowed.buffer_bytes = buffer_limit(quota);
    allowed.bytes_a_second = octets_a_second(quota);
    // The shortest period depends on the rate: with more than one left, on the lowest.
    allowed.period_frames.min =
        std::max(1U, (std::max(question.rates.min, 1U) - 1) / quota.periods + 1);
    const auto answer = narrow(question, intersect(intersect(configured, allowed), device));
    if (!answer)
        throw Refusal(-XEN_EINVAL,
                      "no configuration of the device, of the stream's XenStore limits "
                      "and of this guest's quota is left");
    return *answer;
}

} // namespace sndback
