// SPDX-License-Identifier: GPL-2.0-only
// What tracepoints record of a stream, against what its backend saw.
#include "driver_test.hpp"

namespace xen_front::test {

namespace {

using wire::Operation;
using wire::TriggerType;
using namespace std::chrono_literals;

class TraceTest : public DriverTest {
  protected:
    // Plays @frames from prepare to close.
    void play(size_t frames)
    {
        auto file = prepared();
        EXPECT_EQ(file->write(make_audio(frames * frame_bytes)), static_cast<int64_t>(frames));
        EXPECT_EQ(file->drain(), 0);
    }
    void expect_the_stream(const kshim_trace_stream &name)
    {
        EXPECT_EQ(name.card, 0u);
        EXPECT_EQ(name.device, 0u);
        EXPECT_EQ(name.number, 0u);
        EXPECT_EQ(name.direction, KSHIM_PLAYBACK);
    }
    // The states that the stream went through, as "run, link", each told once.
    std::vector<std::string> stream_states() const
    {
        std::vector<std::string> states;
        for (const auto &[name, run, link] : trace.stream_states) {
            const std::string state = run + ", " + link;
            EXPECT_TRUE(states.empty() || states.back() != state);
            states.push_back(state);
        }
        return states;
    }
    const fake::Trace &trace = kernel.trace;
};

TEST_F(TraceTest, NothingWhileNoTracerRecords)
{
    connect();
    stream().has_clock = true;
    play(3000);
    EXPECT_TRUE(trace.requests.empty());
    EXPECT_TRUE(trace.responses.empty());
    EXPECT_TRUE(trace.notifications.empty());
    EXPECT_TRUE(trace.events.empty());
    EXPECT_TRUE(trace.positions.empty());
    EXPECT_TRUE(trace.states.empty());
    EXPECT_TRUE(trace.stream_states.empty());
}

TEST_F(TraceTest, RequestsAreTheBackends)
{
    fake::Trace::start();
    connect();
    stream().has_clock = true;
    play(5000);
    const auto &requests = stream().record.requests;
    ASSERT_EQ(trace.requests.size(), requests.size());
    for (size_t i = 0; i < requests.size(); i++) {
        const auto &[name, recorded] = trace.requests[i];
        const wire::Request &request = requests[i];
        expect_the_stream(name);
        EXPECT_EQ(recorded.id, request.id);
        EXPECT_EQ(recorded.operation, static_cast<uint8_t>(request.operation));
        switch (request.operation) {
        case Operation::Open:
            EXPECT_EQ(recorded.length, request.open.buffer_sz);
            break;
        case Operation::Write:
        case Operation::GetVolume:
        case Operation::Unmute:
            EXPECT_EQ(recorded.offset, request.transfer.offset);
            EXPECT_EQ(recorded.length, request.transfer.length);
            break;
        case Operation::Trigger:
            EXPECT_EQ(recorded.trigger, static_cast<uint8_t>(request.trigger.type));
            break;
        default:
            EXPECT_EQ(recorded.length, 0u);
        }
        if (request.operation != Operation::Trigger) {
            EXPECT_EQ(recorded.trigger, KSHIM_TRACE_NO_TRIGGER);
        }
    }
    EXPECT_GT(stream().count(Operation::Write), 0u);
    EXPECT_GT(stream().count(Operation::Trigger), 1u);
}

TEST_F(TraceTest, EachRequestGetsItsResponse)
{
    fake::Trace::start();
    connect();
    stream().has_clock = true;
    stream().statuses[Operation::GetVolume] = -95;
    play(2000);
    ASSERT_EQ(trace.responses.size(), trace.requests.size());
    for (size_t i = 0; i < trace.responses.size(); i++) {
        const auto &response = trace.responses[i];
        expect_the_stream(response.stream);
        EXPECT_EQ(response.id, trace.requests[i].second.id);
        EXPECT_EQ(response.operation, trace.requests[i].second.operation);
        const bool is_refused = response.operation == static_cast<uint8_t>(Operation::GetVolume);
        EXPECT_EQ(response.status, is_refused ? -95 : 0);
    }
}

TEST_F(TraceTest, NotificationsThatAreSentAreTheBackends)
{
    fake::Trace::start();
    connect();
    auto file = prepared();
    stream().wants_notifications = false;
    file->write(make_audio(64 * frame_bytes));
    stream().serve();
    file->write(make_audio(64 * frame_bytes));
    stream().wants_notifications = true;
    stream().serve();
    file.reset();
    size_t sent = 0;
    for (const auto &[name, is_sent] : trace.notifications) {
        expect_the_stream(name);
        sent += is_sent;
    }
    EXPECT_EQ(sent, stream().record.notifications);
    EXPECT_LT(sent, trace.notifications.size());
}

TEST_F(TraceTest, PositionsInBytesAndFrames)
{
    connect();
    auto file = prepared();
    file->write(make_audio(1024 * frame_bytes));
    fake::Trace::start();
    for (const uint64_t bytes : { 1000, 1026, 2048 })
        stream().report_position(bytes);
    ASSERT_EQ(trace.events.size(), 3u);
    EXPECT_EQ(trace.events[0].bytes, 1000u);
    EXPECT_EQ(trace.events[0].frames, 250u);
    EXPECT_EQ(trace.events[1].bytes, 1026u);
    EXPECT_EQ(trace.events[1].frames, 256u);
    // A period elapsed at the last two.
    ASSERT_EQ(trace.positions.size(), 2u);
    for (size_t i = 0; i < 2; i++) {
        const auto &[name, position] = trace.positions[i];
        expect_the_stream(name);
        EXPECT_EQ(position.hardware, trace.events[i + 1].frames);
        EXPECT_LT(position.shown, position.hardware);
        EXPECT_EQ(position.committed, 1024u);
    }
}

TEST_F(TraceTest, StatesOfBothEnds)
{
    fake::Trace::start();
    connect();
    ASSERT_FALSE(trace.states.empty());
    const auto connected = static_cast<uint32_t>(XenbusState::Connected);
    EXPECT_EQ(trace.states.back().card, 0u);
    EXPECT_EQ(trace.states.back().frontend, connected);
    EXPECT_EQ(trace.states.back().backend, connected);
    backend.publish(XenbusState::Closing);
    EXPECT_EQ(trace.states.back().frontend, static_cast<uint32_t>(XenbusState::Closed));
    EXPECT_EQ(trace.states.back().backend, static_cast<uint32_t>(XenbusState::Closing));
    unplug();
    EXPECT_EQ(trace.states.back().frontend, static_cast<uint32_t>(XenbusState::Closed));
}

using States = std::vector<std::string>;

TEST_F(TraceTest, StatesOfAStreamThatPlays)
{
    fake::Trace::start();
    connect();
    stream().has_clock = true;
    play(3000);
    unplug();
    EXPECT_EQ(stream_states(),
              (States { "idle, published", "idle, attached", "prepared, attached",
                        "running, attached", "draining, attached", "stopped, attached",
                        "idle, attached", "idle, absent", "idle, removed" }));
    for (const auto &one : trace.stream_states)
        expect_the_stream(one.stream);
}

TEST_F(TraceTest, StatesOfAStreamThatPausesAndRunsOut)
{
    connect();
    fake::Trace::start();
    auto file = prepared();
    file->write(make_audio(1024 * frame_bytes));
    EXPECT_EQ(file->pause(true), 0);
    EXPECT_EQ(file->pause(false), 0);
    stream().report_position(1025 * frame_bytes);
    EXPECT_EQ(file->state(), PcmState::Xrun);
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(stream_states(),
              (States { "prepared, attached", "running, attached", "paused, attached",
                        "running, attached", "stopped, attached", "prepared, attached" }));
}

TEST_F(TraceTest, StatesOfAStreamWhoseBackendGoesAndComesBack)
{
    connect();
    stream().has_clock = true;
    auto file = prepared();
    file->write(make_audio(1024 * frame_bytes));
    fake::Trace::start();
    backend.publish(XenbusState::Closing);
    backend.detach();
    backend.publish(XenbusState::Closed);
    backend.wait_for_frontend();
    backend.connect();
    EXPECT_EQ(stream_states(),
              (States { "running, absent", "running, published", "running, attached" }));
}

TEST_F(TraceTest, StatesOfAStreamWhoseBackendHangs)
{
    connect();
    auto file = prepared();
    fake::Trace::start();
    stream().latency.reset(); // it handles nothing
    file->write(make_audio(1024 * frame_bytes));
    kernel.timeline.pass(2s);
    EXPECT_EQ(file->state(), PcmState::Running);
    stream().latency = fake::Duration(0);
    stream().serve();
    EXPECT_EQ(stream_states(),
              (States { "running, attached", "running, stalled", "running, attached" }));
}

TEST_F(TraceTest, StatesOfAStreamWhoseBackendBreaksTheProtocol)
{
    connect();
    auto file = prepared();
    file->write(make_audio(1024 * frame_bytes));
    fake::Trace::start();
    stream().is_liar = true;
    stream().event_page().in_prod -= 1;
    stream().interrupt_events();
    EXPECT_EQ(stream_states(), (States { "failed, attached", "failed, broken" }));
}

TEST_F(TraceTest, StreamsHaveTheirNumbers)
{
    configure({ { "0/1/type", "c" } });
    fake::Trace::start();
    connect();
    backend.stream(0, 1).source = [](uint64_t) {
        return uint8_t { 0 };
    };
    auto file = open_with(small_params, KSHIM_CAPTURE);
    EXPECT_EQ(file->prepare(), 0);
    ASSERT_FALSE(trace.requests.empty());
    for (const auto &[name, request] : trace.requests) {
        EXPECT_EQ(name.device, 0u);
        EXPECT_EQ(name.number, 1u);
        EXPECT_EQ(name.direction, KSHIM_CAPTURE);
    }
}

} // namespace

} // namespace xen_front::test
