// SPDX-License-Identifier: GPL-2.0-only
#include "walk/driver_walk.hpp"

#include <string>
#include <utility>
#include <vector>

#include "driver/report.hpp"
#include "fake/fault.hpp"

namespace xen_front::test {

namespace {

using fake::PcmParams;
using fake::PcmState;
using wire::Operation;
using wire::XenbusState;
using namespace std::chrono_literals;

constexpr unsigned int format_u8 = 1;
constexpr unsigned int format_s16_le = 2;
constexpr PcmParams wide_params = { format_s16_le, 48000, 2, 256, 1024 };
constexpr PcmParams narrow_params = { format_u8, 8000, 1, 100, 1000 };

// The longest call is a drain with a backend that answers each WRITE and plays nothing: for each
// period of the buffer, ten at most, maintenance looks for a quarter of 1.1 s before it pads, and
// then the stream is overdue after 1.1 s, and the card goes after two.
constexpr fake::Duration patience = 7s;

// What no node of an honest configuration says, and what an honest one does.
constexpr const char *odd_values[] = { "", "0", "4294967295", "-1", "x", "1,2", "2", "65536" };
constexpr const char *nodes[] = { "buffer-size", "sample-rates", "channels-max", "0/0/type",
                                  "0/0/unique-id" };

} // namespace

DriverWalk::DriverWalk(Choices &choices, kshim_direction direction, World world)
    : choices_(choices),
      direction_(direction),
      world_(world),
      device_(kernel_.add_device()),
      backend_(kernel_, device_)
{
    const std::pair<const char *, const char *> configuration[] = {
        { "short-name", "Walk" },
        { "sample-rates", "8000,48000" },
        { "sample-formats", "u8,s16_le" },
        { "channels-max", "2" },
        { "buffer-size", "65536" },
        { "0/name", "Device" },
        { "0/0/type", direction == KSHIM_PLAYBACK ? "p" : "c" },
        { "0/0/unique-id", "stream" },
    };
    for (const auto &[node, value] : configuration)
        kernel_.store.set(device_.path + "/" + node, value);
    kernel_.store.set(device_.backend_path + "/versions", "1,2");
    backend_.on_attach = [this](fake::BackendStream &stream) {
        if (direction_ == KSHIM_CAPTURE)
            stream.source = [](uint64_t position) {
                return static_cast<uint8_t>(position);
            };
    };
    kernel_.reconnect_timeout_ms = 2000;
    rebind();
}

DriverWalk::~DriverWalk() = default;

void DriverWalk::start_over()
{
    backend_.publish(XenbusState::Closing);
    backend_.detach();
    is_ring_spoilt_ = false;
    backend_.publish(XenbusState::Closed);
}

void DriverWalk::reconnect()
{
    start_over();
    backend_.wait_for_frontend();
    if (state() == XenbusState::Initialised)
        backend_.connect();
}

void DriverWalk::rebind()
{
    if (device_.is_bound)
        fake::remove(device_);
    if (fake::probe(device_) == 0)
        reconnect();
}

void DriverWalk::transfer()
{
    if (file_->state() == PcmState::Open)
        return;
    // A transfer waits for a paused stream until another thread goes on with it, and without period
    // wake-ups for ever.
    file_->is_nonblocking = file_->is_nonblocking || file_->state() == PcmState::Paused ||
                            file_->runtime().no_period_wakeup;
    std::vector<uint8_t> audio(file_->bytes(1 + pick(1200)), 0x5a);
    if (direction_ == KSHIM_PLAYBACK)
        file_->write(audio);
    else
        file_->read(audio);
}

void DriverWalk::step_application()
{
    if (!file_) {
        int status = 0;
        const auto cards = kernel_.sound.visible_cards();
        if (!cards.empty())
            file_ = fake::PcmFile::open(*cards[0], 0, direction_, status);
        return;
    }
    file_->is_nonblocking = pick(4) != 0;
    switch (pick(14)) {
    case 0:
        file_.reset();
        break;
    case 1:
        file_->wants_no_period_wakeup = pick(4) == 0;
        file_->hw_params(pick(2) == 0 ? wide_params : narrow_params);
        break;
    case 2:
        file_->hw_free();
        break;
    case 3:
    case 4:
        file_->prepare();
        break;
    case 5:
        file_->start();
        break;
    case 6:
        file_->pause(pick(2) == 0);
        break;
    case 7:
        file_->drop();
        break;
    case 8:
        file_->drain();
        break;
    case 9:
        if (file_->state() != PcmState::Open)
            file_->move_appl_ptr(pick(3000));
        break;
    case 10:
        if (file_->state() != PcmState::Open)
            file_->hwsync();
        break;
    default:
        transfer();
        break;
    }
}

void DriverWalk::step_mixer()
{
    const auto cards = kernel_.sound.visible_cards();
    if (cards.empty() || cards[0]->controls.empty())
        return;
    auto &control = *cards[0]->controls[pick(static_cast<unsigned>(cards[0]->controls.size()))];
    if (control.is_removed)
        return;
    std::vector<uint32_t> values;
    if (control.read(values) != 0)
        fake::report_fault("a control cannot be read");
    const uint32_t max = control.kind == KSHIM_CONTROL_VOLUME ? KSHIM_CONTROL_LEVEL_MAX : 1;
    values[pick(control.channels)] = pick(max + 1);
    const int status = control.write(values);
    // The call may have waited for a backend that has left, and the card with it.
    if (control.card->is_disconnected)
        return;
    std::vector<uint32_t> shown;
    if (status != 0 || control.read(shown) != 0)
        fake::report_fault("a control cannot be set");
    // An honest backend takes every volume as it is.
    if (world_ == World::Moody && shown != values)
        fake::report_fault("a control shows another value than was set");
}

void DriverWalk::step_backend()
{
    if (backend_.stream_count() == 0 || is_ring_spoilt_)
        return;
    switch (pick(12)) {
    case 11:
        stream().set_reads(static_cast<fake::BackendStream::Reads>(pick(4)));
        break;
    case 10:
        stream().buffer_limit = pick(3) == 0 ? 4096 : UINT32_MAX;
        break;
    case 0:
        stream().latency = fake::Duration(pick(3) * 1ms);
        break;
    case 1:
        stream().withheld.insert(static_cast<Operation>(pick(10)));
        break;
    case 2:
        stream().withheld.clear();
        stream().answer_all();
        break;
    case 3:
        stream().statuses[static_cast<Operation>(pick(10))] = -5;
        break;
    case 4:
        stream().statuses.clear();
        break;
    case 5:
        stream().report_position(pick(4) == 0 ? pick(1 << 20) : stream().position() + pick(2000));
        break;
    case 6:
        if (stream().withheld_count() > 0)
            stream().answer_out_of_turn(pick(static_cast<unsigned int>(stream().withheld_count())));
        break;
    case 7:
        pick(2) == 0 ? stream().interrupt_events() : stream().interrupt_requests();
        break;
    case 8:
        stream().wants_notifications = pick(2) == 0;
        stream().serve();
        break;
    default:
        stream().has_clock = pick(2) == 0;
        break;
    }
}

void DriverWalk::send_any_response()
{
    wire::Response response = {};
    response.id = static_cast<uint16_t>(pick(1 << 16));
    response.operation = static_cast<uint8_t>(pick(11));
    response.status = pick(2) == 0 ? 0 : static_cast<int32_t>(pick(300)) - 150;
    stream().respond(response);
}

void DriverWalk::send_any_event()
{
    wire::Event event = {};
    event.type = static_cast<uint8_t>(pick(3));
    // The low bits, the high ones, or both.
    const uint64_t low = pick(1 << 16);
    event.position = pick(2) == 0 ? low : low << 48 | low;
    stream().send_event(event);
}

void DriverWalk::step_hostile_backend()
{
    switch (pick(6)) {
    case 0:
        backend_.publish(static_cast<XenbusState>(pick(10)));
        return;
    case 1:
        kernel_.store.set(device_.path + "/" + nodes[pick(std::size(nodes))],
                          odd_values[pick(std::size(odd_values))]);
        return;
    case 2:
        kernel_.injector.fail_call(pick(40));
        return;
    default:
        break;
    }
    if (backend_.stream_count() == 0)
        return;
    switch (pick(4)) {
    case 0:
        send_any_event();
        return;
    case 1:
        stream().event_page().in_prod += pick(1 << 8);
        stream().interrupt_events();
        return;
    case 2:
        stream().ring().rsp_prod += pick(1 << 8);
        break;
    default:
        send_any_response();
        break;
    }
    is_ring_spoilt_ = true;
    stream().is_liar = true;
    stream().latency.reset();
    stream().interrupt_requests();
}

void DriverWalk::take_step()
{
    switch (pick(100)) {
    case 0:
        reconnect();
        break;
    case 1:
        kernel_.timeline.pass(fake::Duration(pick(50) * 1ms));
        break;
    case 2:
        if (world_ == World::Hostile)
            rebind();
        break;
    default:
        switch (pick(7)) {
        case 0:
        case 1:
            step_backend();
            break;
        case 2:
            step_mixer();
            break;
        case 3:
            if (world_ == World::Hostile) {
                step_hostile_backend();
                break;
            }
            [[fallthrough]];
        default:
            step_application();
            break;
        }
        break;
    }
}

void DriverWalk::step()
{
    const auto start = kernel_.timeline.now();
    take_step();
    if (kernel_.timeline.now() - start > patience)
        fake::report_fault("a step took longer than all of its time-outs");
    if (const std::string held = kernel_.context.held_locks(); !held.empty())
        fake::report_fault("a lock is held between calls: " + held);
}

void DriverWalk::check_states()
{
    fake::Trace::start();
    for (const auto &[stream, run, link] : kernel_.trace.stream_states) {
        if (traced_state_ == std::pair(run, link))
            fake::report_fault("a state of the stream was traced that is not new");
        traced_state_ = { run, link };
        if (link == "removed")
            traced_state_.reset(); // the next state is another card's
    }
    kernel_.trace.stream_states.clear();
    const auto cards = kernel_.sound.visible_cards();
    if (!traced_state_ || cards.empty())
        return;
    const std::string lines =
        "  run: " + traced_state_->first + "\n  link: " + traced_state_->second + "\n";
    const std::string text = cards[0]->read_proc("xen-front").value_or(lines);
    if (text.find(lines) == std::string::npos)
        fake::report_fault("the last state that was traced is not that of " + text);
}

void DriverWalk::end()
{
    kernel_.injector.stop();
    file_.reset();
    if (device_.is_bound)
        fake::remove(device_);
    backend_.detach();
    kernel_.expect_no_leaks();
    if (kernel_.memory.lingering_count() != 0)
        fake::report_fault("a grant was ended only in part");
}

} // namespace xen_front::test
