// SPDX-License-Identifier: GPL-2.0-only
// Every order of four events, from every state of the connection, with and without an application
// and with and without a request that waits: whatever comes, no rule of the kernel is broken, no
// call waits without bound, a good backend gets a working card afterwards, and nothing is left.
#include "driver_test.hpp"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <optional>

#include "fake/thread.hpp"

namespace xen_front::test {

namespace {

using namespace std::chrono_literals;
using wire::Operation;

// What one event of an order is. The backend's states come first, with their own numbers.
enum Event : unsigned int {
    Killed = wire::xenbus_states, // the backend, without a word
    WatchFires, // although nothing has changed
    SecondsPass,
    Opens, // the application: as far as parameters
    Prepares,
    Plays,
    Closes,
    GuestIsRestored,
    Events
};

// How the world is when an order begins.
struct Beginning {
    const char *what;
    std::vector<unsigned int> events;
    bool is_request_pending = false; // OPEN is not answered while the order happens
};

std::ostream &operator<<(std::ostream &out, const Beginning &beginning)
{
    return out << beginning.what;
}

constexpr unsigned int state(XenbusState state)
{
    return static_cast<unsigned int>(state);
}

// A driver, its backend and one application: made anew for each order.
class World : public DriverTest {
  public:
    World()
    {
        kernel.request_timeout_ms = 100;
        backend.on_attach = [](BackendStream &stream) {
            stream.has_clock = true;
        };
    }
    void TestBody() override
    {
    }

    void begin(const Beginning &beginning, const std::vector<unsigned int> &order)
    {
        fake::probe(device);
        for (const unsigned int event : beginning.events)
            happen(event);
        if (!beginning.is_request_pending) {
            for (const unsigned int event : order)
                happen_in_time(event);
            return;
        }
        stream().withheld = { Operation::Open };
        std::vector<std::unique_ptr<fake::Thread>> others;
        for (size_t i = 0; i < order.size(); i++) {
            // A file is not closed while a thread is in a call on it.
            if (order[i] == Closes)
                continue;
            kernel.timeline.after(fake::Duration((i + 1) * 1ms), [&, event = order[i]] {
                others.push_back(std::make_unique<fake::Thread>(kernel.context,
                                                                [this, event] { happen(event); }));
            });
        }
        const auto start = kernel.timeline.now();
        file_->prepare();
        // Time passes in the order while the request waits. So do the time-outs of callers that
        // prepare in that time.
        const auto seconds = std::count(order.begin(), order.end(), unsigned { SecondsPass });
        EXPECT_LE(kernel.timeline.now() - start, 600ms + seconds * 2s);
        kernel.timeline.pass(5ms);
    }
    // A good backend is started, an application plays, and the device is removed.
    void end()
    {
        file_.reset();
        backend.detach();
        if (!device.is_bound)
            fake::probe(device);
        backend.publish(XenbusState::Initialising);
        backend.wait_for_frontend();
        EXPECT_EQ(DriverTest::state(), XenbusState::Initialised);
        backend.connect();
        EXPECT_EQ(DriverTest::state(), XenbusState::Connected);
        auto file = prepared();
        if (file) {
            EXPECT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
            EXPECT_EQ(file->state(), PcmState::Running);
        }
        file.reset();
        EXPECT_LE(device.log.size(), 6u);
        TearDown();
    }

  private:
    void happen_in_time(unsigned int event)
    {
        const auto start = kernel.timeline.now();
        happen(event);
        if (event != SecondsPass) {
            EXPECT_LE(kernel.timeline.now() - start, 400ms);
        }
    }
    void happen(unsigned int event)
    {
        if (event < wire::xenbus_states)
            publish(static_cast<XenbusState>(event));
        else if (event == Killed)
            backend.detach();
        else if (event == WatchFires)
            fake::fire_backend_watch(device);
        else if (event == SecondsPass)
            kernel.timeline.pass(2s);
        else if (event == GuestIsRestored)
            fake::save_and_restore(device, [this] { backend.detach(); });
        else
            apply(event);
    }
    void publish(XenbusState next)
    {
        const bool is_attaching = next == XenbusState::Connected && backend.stream_count() == 0 &&
                                  DriverTest::state() == XenbusState::Initialised;
        if (is_attaching) {
            backend.connect();
            return;
        }
        // A backend that leaves Connected has unmapped everything.
        if (next != XenbusState::Connected)
            backend.detach();
        backend.publish(next);
    }
    void apply(unsigned int event)
    {
        if (event == Opens && !file_) {
            int status = 0;
            const auto cards = kernel.sound.visible_cards();
            if (!cards.empty())
                file_ = PcmFile::open(*cards[0], 0, KSHIM_PLAYBACK, status);
            if (file_)
                file_->hw_params(small_params);
        }
        if (!file_)
            return;
        file_->is_nonblocking = true;
        if (event == Prepares) {
            file_->prepare();
        } else if (event == Plays && file_->state() != PcmState::Open) {
            file_->write(make_audio(1024 * frame_bytes));
        } else if (event == Closes) {
            file_.reset();
        }
    }

    std::unique_ptr<PcmFile> file_;
};

class ExplorationTest : public ::testing::TestWithParam<Beginning> {};

// All of them, a million, take half an hour under a sanitizer: EXPLORE=1, see "make explore". By
// default every so many is done, with a stride that has nothing to do with the number of events.
unsigned int stride()
{
    const char *text = std::getenv("EXPLORE");
    return text == nullptr ? 211 : static_cast<unsigned int>(std::max(std::atoi(text), 1));
}

TEST_P(ExplorationTest, EveryOrderOfFourEvents)
{
    constexpr unsigned int count = Events * Events * Events * Events;
    for (unsigned int number = 0; number < count; number += stride()) {
        const std::vector<unsigned int> order = { number % Events, number / Events % Events,
                                                  number / (Events * Events) % Events,
                                                  number / (Events * Events * Events) };
        SCOPED_TRACE("order " + std::to_string(order[0]) + " " + std::to_string(order[1]) + " " +
                     std::to_string(order[2]) + " " + std::to_string(order[3]));
        World world;
        world.begin(GetParam(), order);
        world.end();
        if (HasFailure())
            break;
    }
}

constexpr unsigned int init_wait = state(XenbusState::InitWait);
constexpr unsigned int connected = state(XenbusState::Connected);
constexpr unsigned int closing = state(XenbusState::Closing);
constexpr unsigned int closed = state(XenbusState::Closed);

INSTANTIATE_TEST_SUITE_P(
    Beginnings, ExplorationTest,
    ::testing::Values(
        Beginning { "Initialising", {} }, Beginning { "Initialised", { init_wait } },
        Beginning { "Connected", { init_wait, connected } },
        Beginning { "Connected, opened", { init_wait, connected, Opens } },
        Beginning { "Connected, prepared", { init_wait, connected, Opens, Prepares } },
        Beginning { "Connected, playing", { init_wait, connected, Opens, Prepares, Plays } },
        Beginning { "Connected, request pending", { init_wait, connected, Opens }, true },
        Beginning { "Closed", { init_wait, connected, closing } },
        Beginning { "Closed, playing", { init_wait, connected, Opens, Prepares, Plays, closing } },
        Beginning { "Reconfiguring, playing",
                    { init_wait, connected, Opens, Prepares, Plays, closed } },
        Beginning { "Stalled, playing",
                    { init_wait, connected, Opens, Prepares, Plays, Killed, SecondsPass } },
        Beginning { "Initialised again, playing",
                    { init_wait, connected, Opens, Prepares, Plays, closed, init_wait } },
        Beginning { "Restored, playing",
                    { init_wait, connected, Opens, Prepares, Plays, GuestIsRestored } }));

} // namespace

} // namespace xen_front::test
