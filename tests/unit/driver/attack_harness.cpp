// SPDX-License-Identifier: GPL-2.0-only
#include "attack_harness.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

namespace xen_front::test {

namespace {

using namespace std::chrono_literals;
using sndback::AttackPhase;
using sndback::StreamTarget;

// Any call of an application returns within this: a few of the driver's time-outs of 1 s, and
// ALSA's own.
constexpr fake::Duration call_limit = 12s;
// Longer than the driver waits.
constexpr fake::Duration lateness = 1500ms;
// How often a background thread without a pause gets to run, at first and when that has shown what
// it does: an application may wait for ten seconds.
constexpr fake::Duration background_interval = 1ms;
constexpr fake::Duration background_time = 2s;
constexpr fake::Duration slow_interval = 20ms;
constexpr int background_burst = 20;
constexpr int store_steps = 40;
constexpr int recovery_steps = 150; // of 10 ms

template <typename To, typename From> To convert(const From &from)
{
    static_assert(sizeof(To) == sizeof(From));
    To to;
    std::memcpy(&to, &from, sizeof(to));
    return to;
}

uint8_t recorded_byte(uint64_t at)
{
    return static_cast<uint8_t>(at * 7 + at / 256);
}

} // namespace

// ---- the backend ----

AttackHarness::AttackHarness()
{
    configure({ { "0/1/type", "c" } });
}

AttackHarness::~AttackHarness()
{
    sndback::KeptPages::forget();
}

void AttackHarness::connect_to(const Attack &attack)
{
    is_attacking_ = true;
    attacked_at_ = kernel.timeline.now();
    backend.on_attach = [this, &attack](BackendStream &stream) {
        install(attack, stream);
    };
    connect();
    nodes_ = std::make_unique<FakeCardNodes>(kernel, device);
}

void AttackHarness::install(const Attack &attack, BackendStream &stream)
{
    stream.has_clock = true;
    stream.is_liar = true;
    stream.source = recorded_byte;
    const auto counted = [this](const std::function<void()> &action) {
        return [this, action] {
            strikes_.actions++;
            action();
        };
    };
    const auto target = std::make_shared<StreamTarget>(
        reinterpret_cast<std::byte *>(&stream.ring()),
        reinterpret_cast<std::byte *>(&stream.event_page()),
        StreamTarget::Actions { counted([&stream] { stream.interrupt_requests(); }),
                                counted([&stream] { stream.interrupt_events(); }),
                                counted([&stream] { stream.is_cut_off = true; }),
                                counted([this, &stream] {
                                    stream.is_cut_off = true;
                                    has_vanished_ = true;
                                }) });
    stream.before_answer = [this, &attack, &stream, target](const wire::Request &request,
                                                            wire::Response &response) {
        target->has_started =
            target->has_started || (request.operation == wire::Operation::Trigger &&
                                    request.trigger.type == wire::TriggerType::Start);
        if (attack.on_answer != nullptr) {
            const StreamWatch watch(stream, strikes_);
            auto falsified = convert<xensnd_resp>(response);
            const bool goes = attack.on_answer(*target, convert<xensnd_req>(request), falsified);
            strikes_.on_answer |= !goes || watch.has_changed() ||
                                  std::memcmp(&falsified, &response, sizeof(response)) != 0;
            if (!goes)
                return false;
            response = convert<wire::Response>(falsified);
        }
        if (attack.late_operation != static_cast<unsigned>(request.operation))
            return true;
        strikes_.late_operation = true;
        plans_.push_back(
            kernel.timeline.after(lateness, [&stream, response] { stream.respond(response); }));
        return false;
    };
    stream.after_answer = [this, &attack, &stream, target](const wire::Response &response) {
        if (attack.after_answer == nullptr)
            return;
        const StreamWatch watch(stream, strikes_);
        attack.after_answer(*target, convert<xensnd_resp>(response));
        strikes_.after_answer |= watch.has_changed();
    };
    stream.before_position = [this, &attack, &stream, target](uint64_t &position) {
        if (attack.on_position == nullptr)
            return true;
        const StreamWatch watch(stream, strikes_);
        const uint64_t honest = position;
        const bool goes = attack.on_position(*target, position);
        strikes_.on_position |= !goes || position != honest || watch.has_changed();
        return goes;
    };
    if (attack.keeps_mappings)
        stream.keep_mapping = [this](void *page) {
            strikes_.keeps_mappings = true;
            kept_.push_back(page);
            sndback::KeptPages::add(std::span(static_cast<std::byte *>(page), wire::page_size));
        };
    if (attack.background != nullptr)
        plan_background(attack, stream, target);
}

std::vector<uint8_t> AttackHarness::copy_of_kept_pages() const
{
    std::vector<uint8_t> copy;
    for (const void *page : kept_) {
        const auto *bytes = static_cast<const uint8_t *>(page);
        copy.insert(copy.end(), bytes, bytes + wire::page_size);
    }
    return copy;
}

void AttackHarness::plan_background(const Attack &attack, BackendStream &stream,
                                    std::shared_ptr<StreamTarget> target)
{
    fake::Duration interval = attack.pause_us == 0 ? background_interval : attack.pause_us * 1us;
    if (kernel.timeline.now() - attacked_at_ > background_time)
        interval = std::max(interval, slow_interval);
    plans_.push_back(kernel.timeline.after(interval, [this, &attack, &stream, target] {
        if (!is_attacking_ || has_vanished_)
            return;
        const int burst = attack.pause_us == 0 ? background_burst : 1;
        for (int i = 0; i < burst; i++) {
            if (attack.from == AttackPhase::started && !target->has_started)
                continue;
            const StreamWatch watch(stream, strikes_);
            const auto kept = copy_of_kept_pages();
            attack.background(*target);
            strikes_.background |= watch.has_changed() || copy_of_kept_pages() != kept;
        }
        plan_background(attack, stream, target);
    }));
}

// ---- the applications ----

void AttackHarness::bounded(const std::function<void()> &call)
{
    const auto start = kernel.timeline.now();
    call();
    EXPECT_LT(kernel.timeline.now() - start, call_limit) << "a call took too long";
}

void AttackHarness::use_playback()
{
    int status = 0;
    const auto cards = kernel.sound.visible_cards();
    if (cards.empty())
        return;
    std::unique_ptr<PcmFile> file;
    bounded([&] { file = PcmFile::open(*cards[0], 0, KSHIM_PLAYBACK, status); });
    if (!file)
        return;
    bounded([&] { status = file->hw_params(small_params); });
    if (status != 0)
        return;
    file->sw_params(1024, 1024, 256);
    for (int round = 0; round < 2; round++) {
        bounded([&] { status = file->prepare(); });
        bounded([&] { file->write(make_audio(2048 * frame_bytes)); });
    }
    kernel.timeline.pass(50ms);
    bounded([&] { file->drain(); });
    bounded([&] { file.reset(); });
}

void AttackHarness::use_capture()
{
    int status = 0;
    const auto cards = kernel.sound.visible_cards();
    if (cards.empty())
        return;
    std::unique_ptr<PcmFile> file;
    bounded([&] { file = PcmFile::open(*cards[0], 0, KSHIM_CAPTURE, status); });
    if (!file)
        return;
    bounded([&] { status = file->hw_params(small_params); });
    if (status != 0)
        return;
    file->sw_params(1, 1024, 256);
    std::vector<uint8_t> into(1024 * frame_bytes);
    for (int round = 0; round < 2; round++) {
        bounded([&] { status = file->prepare(); });
        bounded([&] { file->read(into); });
    }
    bounded([&] { file.reset(); });
}

// As the reference backend does: it offers a connection to a frontend that has let go of the last
// one, and attaches to the transport that a frontend has published.
void AttackHarness::serve_frontend()
{
    const std::string closed = std::to_string(static_cast<unsigned>(XenbusState::Closed));
    if (device.is_bound && state() == XenbusState::Initialising &&
        kernel.store.get(device.backend_path + "/state") == closed) {
        backend.detach();
        backend.publish(XenbusState::InitWait);
    }
    if (!device.is_bound || state() != XenbusState::Initialised ||
        !kernel.store.get(device.path + "/0/0/" + field::ring_reference) ||
        !kernel.store.get(device.path + "/0/1/" + field::ring_reference))
        return;
    backend.detach();
    backend.connect();
}

void AttackHarness::end_plans()
{
    for (const fake::Timeline::Plan plan : plans_)
        kernel.timeline.cancel(plan);
    plans_.clear();
}

// The hostile backend ends the connection, and makes another one.
void AttackHarness::start_over()
{
    end_plans();
    backend.detach();
    backend.publish(XenbusState::Closed);
    serve_frontend();
}

void AttackHarness::use_store(const Attack &attack)
{
    for (int i = 0; i < store_steps; i++) {
        bounded([&] { attack.store(*nodes_); });
        if (i % 3 == 0)
            serve_frontend();
        if (i % 10 == 5)
            use_playback();
    }
}

void AttackHarness::live_through(const Attack &attack)
{
    if (attack.store != nullptr)
        use_store(attack);
    for (int round = 0; round < 3 && attack.store == nullptr; round++) {
        use_playback();
        use_capture();
        // What was mapped is to be kept beyond that.
        if (attack.keeps_mappings)
            start_over();
    }
    kernel.timeline.pass(2s);
    strikes_.store = nodes_->changes() > 0;
}

uint64_t AttackHarness::interrupts() const
{
    uint64_t sum = 0;
    for (const char *stream : { "0/0", "0/1" }) {
        const auto nodes = backend.transport(stream);
        for (const uint32_t port : { nodes.event_channel, nodes.event_ring_channel })
            sum += kernel.event_channels.interrupts(device.backend_domain, port);
    }
    return sum;
}

// ---- afterwards ----

void AttackHarness::connect_to_good_backend()
{
    is_attacking_ = false;
    end_plans();
    backend.detach();
    for (void *page : kept_)
        kernel.memory.unmap_grant(page);
    kept_.clear();
    sndback::KeptPages::forget();
    nodes_->restore();

    backend.on_attach = [](BackendStream &stream) {
        stream.has_clock = true;
        stream.source = recorded_byte;
    };
    // As a backend that starts on a device which an earlier one has left in any state.
    backend.publish(XenbusState::Closed);
    backend.publish(XenbusState::InitWait);
    // A frontend that got no connection last time, as its pages were still mapped, tries again.
    for (int i = 0; i < recovery_steps && state() != XenbusState::Initialised; i++)
        kernel.timeline.pass(10ms);
    ASSERT_EQ(state(), XenbusState::Initialised);
    backend.connect();
    ASSERT_EQ(state(), XenbusState::Connected);
}

void AttackHarness::expect_working_card()
{
    const size_t lines = complaints().size();
    stream().source = nullptr;
    auto playing = prepared();
    const auto audio = make_audio(5000 * frame_bytes);
    EXPECT_EQ(playing->write(audio), 5000);
    EXPECT_EQ(playing->drain(), 0);
    ASSERT_GE(stream().record.written.size(), audio.size());
    EXPECT_TRUE(std::equal(audio.begin(), audio.end(), stream().record.written.begin()));
    playing.reset();

    int status = 0;
    auto recording = PcmFile::open(*kernel.sound.visible_cards().at(0), 0, KSHIM_CAPTURE, status);
    ASSERT_EQ(status, 0);
    ASSERT_EQ(recording->hw_params(small_params), 0);
    recording->sw_params(1, 1024, 256);
    ASSERT_EQ(recording->prepare(), 0);
    std::vector<uint8_t> into(3000 * frame_bytes);
    EXPECT_EQ(recording->read(into), 3000);
    for (size_t i = 0; i < into.size(); i++)
        ASSERT_EQ(into[i], recorded_byte(i)) << "byte " << i;
    EXPECT_EQ(complaints().size(), lines);
}

} // namespace xen_front::test
