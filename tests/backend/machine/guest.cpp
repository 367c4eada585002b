// SPDX-License-Identifier: GPL-2.0-only
#include "machine/guest.h"

#include <algorithm>
#include <cstring>

namespace sndback::fake {

namespace {

constexpr std::uint32_t ring_slots = 32;
constexpr std::size_t ring_offset = offsetof(xen_sndif_sring, ring);

} // namespace

GuestStream::GuestStream(Xen &xen, unsigned domain, std::string path)
    : xen_(xen),
      domain_(domain),
      path_(std::move(path)),
      ring_(xen.grant_page(domain)),
      event_page_(xen.grant_page(domain)),
      request_port_(xen.allocate_port(domain)),
      event_port_(xen.allocate_port(domain))
{
    SharedIndex(ring(), offsetof(xen_sndif_sring, req_event)).store(1);
    SharedIndex(ring(), offsetof(xen_sndif_sring, rsp_event)).store(1);
}

void GuestStream::publish()
{
    xen_.write(path_ + "/ring-ref", std::to_string(ring_.grant));
    xen_.write(path_ + "/event-channel", std::to_string(request_port_));
    xen_.write(path_ + "/evt-ring-ref", std::to_string(event_page_.grant));
    xen_.write(path_ + "/evt-event-channel", std::to_string(event_port_));
}

void GuestStream::put(xensnd_req &request)
{
    request.id = next_id++;
    store_packet(ring() + ring_offset + (sent_ % ring_slots) * sizeof(request), request);
    SharedIndex(ring(), offsetof(xen_sndif_sring, req_prod)).store(++sent_);
    full_barrier();
}

std::uint16_t GuestStream::send(xensnd_req request)
{
    put(request);
    xen_.notify(request_port_);
    return request.id;
}

bool GuestStream::post(xensnd_req request)
{
    put(request);
    const bool is_wanted =
        SharedIndex(ring(), offsetof(xen_sndif_sring, req_event)).load() == sent_;
    if (is_wanted)
        xen_.notify(request_port_);
    return is_wanted;
}

void GuestStream::want_no_answer()
{
    const std::uint32_t produced = SharedIndex(ring(), offsetof(xen_sndif_sring, rsp_prod)).load();
    SharedIndex(ring(), offsetof(xen_sndif_sring, rsp_event)).store(produced);
}

std::optional<xensnd_resp> GuestStream::await(std::uint16_t id, std::chrono::milliseconds patience)
{
    SharedIndex produced(ring(), offsetof(xen_sndif_sring, rsp_prod));
    std::optional<xensnd_resp> answer;
    (void)xen_.wait(
        [&] {
            while (!answer && produced.load() != taken_) {
                const auto response = load_packet<xensnd_resp>(
                    ring() + ring_offset + (taken_++ % ring_slots) * sizeof(xensnd_resp));
                if (response.id == id)
                    answer = response;
            }
            SharedIndex(ring(), offsetof(xen_sndif_sring, rsp_event)).store(taken_ + 1);
            return answer.has_value();
        },
        patience);
    return answer;
}

std::optional<int> GuestStream::call(const xensnd_req &request)
{
    const std::optional<xensnd_resp> answer = await(send(request));
    return answer ? std::optional<int>(answer->status) : std::nullopt;
}

xensnd_req GuestStream::open_request(const Parameters &parameters)
{
    constexpr std::size_t entries = page_size / sizeof(std::uint32_t);
    const std::size_t pages = (std::size_t { parameters.buffer_bytes } + page_size - 1) / page_size;
    const std::size_t directories = (pages + entries - 2) / (entries - 1);
    while (buffer_.size() < pages)
        buffer_.push_back(xen_.grant_page(domain_));
    while (directory_.size() < std::max<std::size_t>(directories, 1))
        directory_.push_back(xen_.grant_page(domain_));
    for (std::size_t index = 0; index < directories; ++index) {
        auto *words = reinterpret_cast<std::uint32_t *>(directory_[index].bytes);
        words[0] = index + 1 < directories ? directory_[index + 1].grant : 0;
        for (std::size_t entry = 1; entry < entries; ++entry) {
            const std::size_t page = index * (entries - 1) + entry - 1;
            words[entry] = page < pages ? buffer_[page].grant : 0;
        }
    }
    xensnd_req request {};
    request.operation = XENSND_OP_OPEN;
    request.op.open.pcm_rate = parameters.rate;
    request.op.open.pcm_format = parameters.format;
    request.op.open.pcm_channels = parameters.channels;
    request.op.open.buffer_sz = parameters.buffer_bytes;
    request.op.open.period_sz = parameters.period_bytes;
    request.op.open.gref_directory = directory_[0].grant;
    return request;
}

std::optional<int> GuestStream::open(const Parameters &parameters)
{
    position_ = 0;
    return call(open_request(parameters));
}

std::optional<int> GuestStream::simple(unsigned operation, std::uint32_t offset,
                                       std::uint32_t length)
{
    xensnd_req request {};
    request.operation = static_cast<std::uint8_t>(operation);
    request.op.rw.offset = offset;
    request.op.rw.length = length;
    return call(request);
}

std::optional<int> GuestStream::trigger(unsigned type)
{
    xensnd_req request {};
    request.operation = XENSND_OP_TRIGGER;
    request.op.trigger.type = static_cast<std::uint8_t>(type);
    return call(request);
}

std::uint64_t GuestStream::position()
{
    SharedIndex produced(events(), offsetof(xensnd_event_page, in_prod));
    SharedIndex consumed(events(), offsetof(xensnd_event_page, in_cons));
    for (std::uint32_t at = consumed.load(); at != produced.load(); consumed.store(++at)) {
        const auto event = load_packet<xensnd_evt>(events() + XENSND_IN_RING_OFFS +
                                                   (at % XENSND_IN_RING_LEN) * sizeof(xensnd_evt));
        if (event.type == XENSND_EVT_CUR_POS)
            position_ = event.op.cur_pos.position;
    }
    return position_;
}

Guest::Guest(Xen &xen, unsigned domain, const std::string &name, unsigned backend_domain)
    : xen_(xen), domain_(domain), backend_domain_(backend_domain)
{
    xen.introduce(domain, name);
}

std::string Guest::frontend(unsigned card) const
{
    return "/local/domain/" + std::to_string(domain_) + "/device/vsnd/" + std::to_string(card);
}

std::string Guest::backend(unsigned card) const
{
    return "/local/domain/" + std::to_string(backend_domain_) + "/backend/vsnd/" +
           std::to_string(domain_) + "/" + std::to_string(card);
}

void Guest::add_card(const std::string &streams, unsigned card)
{
    xen_.write(frontend(card) + "/sample-rates", "48000");
    xen_.write(frontend(card) + "/sample-formats", "s16_le");
    xen_.write(frontend(card) + "/channels-max", "2");
    xen_.write(frontend(card) + "/buffer-size", "8388608");
    xen_.write(frontend(card) + "/state", "1");
    for (std::size_t index = 0; index < streams.size(); ++index) {
        const std::string path = frontend(card) + "/0/" + std::to_string(index);
        xen_.write(path + "/type", std::string(1, streams[index]));
        xen_.write(path + "/unique-id", std::string("stream-") + std::to_string(index));
        streams_.push_back(std::make_unique<GuestStream>(xen_, domain_, path));
    }
    xen_.write(backend(card) + "/online", "1");
    xen_.write(backend(card) + "/state", "1");
    xen_.write(backend(card) + "/frontend", frontend(card));
}

bool Guest::connect(unsigned card, std::chrono::milliseconds patience)
{
    if (!wait_for_backend(XenbusStateInitWait, card, patience))
        return false;
    for (const auto &stream : streams_)
        if (stream->path().starts_with(frontend(card) + "/"))
            stream->publish();
    set_state(XenbusStateInitialised, card);
    if (!wait_for_backend(XenbusStateConnected, card, patience))
        return false;
    set_state(XenbusStateConnected, card);
    return true;
}

void Guest::set_state(unsigned state, unsigned card)
{
    xen_.write(frontend(card) + "/state", std::to_string(state));
}

unsigned Guest::backend_state(unsigned card)
{
    const std::string text = xen_.read(backend(card) + "/state").value_or("0");
    return text.empty() ? 0 : static_cast<unsigned>(text[0] - '0');
}

bool Guest::wait_for_backend(unsigned state, unsigned card, std::chrono::milliseconds patience)
{
    return xen_.wait([&] { return backend_state(card) == state; }, patience);
}

} // namespace sndback::fake
