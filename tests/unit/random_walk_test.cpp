// SPDX-License-Identifier: GPL-2.0-only
// Applications, a moody backend and interrupts in random order: whatever happens, no rule of the
// kernel is broken, no call takes longer than its time-outs, and nothing is left behind.
#include "driver_test.hpp"

#include <random>

namespace xen_front::test {

namespace {

using wire::Operation;
using namespace std::chrono_literals;

class RandomWalkTest : public DriverTest, public ::testing::WithParamInterface<unsigned int> {
  protected:
    void walk(int steps);
    static kshim_direction direction()
    {
        return GetParam() % 2 == 0 ? KSHIM_PLAYBACK : KSHIM_CAPTURE;
    }

  private:
    unsigned int pick(unsigned int count)
    {
        return static_cast<unsigned int>(random_() % count);
    }
    void step_application();
    void step_mixer();
    void step_backend();
    void reconnect();

    std::mt19937 random_ { GetParam() };
    std::unique_ptr<PcmFile> file_;
};

void RandomWalkTest::step_application()
{
    if (!file_) {
        int status = 0;
        const auto cards = kernel.sound.visible_cards();
        if (!cards.empty())
            file_ = PcmFile::open(*cards[0], 0, direction(), status);
        return;
    }
    file_->is_nonblocking = pick(4) != 0;
    switch (pick(14)) {
    case 0:
        file_.reset();
        break;
    case 1:
        file_->hw_params(pick(2) == 0 ? small_params : PcmParams { 1, 8000, 1, 100, 1000 });
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
        if (file_->state() != PcmState::Open) {
            auto audio = make_audio(file_->bytes(1 + pick(1200)));
            direction() == KSHIM_PLAYBACK ? file_->write(audio) : file_->read(audio);
        }
        break;
    }
}

void RandomWalkTest::step_mixer()
{
    const auto cards = kernel.sound.visible_cards();
    if (cards.empty())
        return;
    auto &control = *cards[0]->controls.at(pick(2));
    std::vector<uint32_t> values;
    ASSERT_EQ(control.read(values), 0);
    const uint32_t max = control.kind == KSHIM_CONTROL_VOLUME ? KSHIM_CONTROL_LEVEL_MAX : 1;
    values[pick(control.channels)] = pick(max + 1);
    ASSERT_EQ(control.write(values), 0);
    std::vector<uint32_t> shown;
    ASSERT_EQ(control.read(shown), 0);
    // The fake backend takes every volume as it is.
    EXPECT_EQ(shown, values);
}

void RandomWalkTest::step_backend()
{
    if (backend.stream_count() == 0)
        return;
    switch (pick(11)) {
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

void RandomWalkTest::reconnect()
{
    backend.publish(XenbusState::Closing);
    backend.detach();
    backend.publish(XenbusState::Closed);
    backend.wait_for_frontend();
    if (state() == XenbusState::Initialised)
        backend.connect();
}

void RandomWalkTest::walk(int steps)
{
    for (int step = 0; step < steps && !HasFailure(); step++) {
        const auto start = kernel.timeline.now();
        switch (pick(100)) {
        case 0:
            reconnect();
            break;
        case 1:
            kernel.timeline.pass(fake::Duration(pick(50) * 1ms));
            continue;
        default:
            switch (pick(6)) {
            case 0:
                step_mixer();
                break;
            case 1:
            case 2:
                step_backend();
                break;
            default:
                step_application();
            }
            break;
        }
        // The longest: a close that waits for STOP and CLOSE, or a write for its buffer.
        ASSERT_LE(kernel.timeline.now() - start, 4s) << "step " << step;
    }
    file_.reset();
}

TEST_P(RandomWalkTest, BreaksNoRule)
{
    if (direction() == KSHIM_CAPTURE) {
        configure({ { "0/0/type", "c" } });
        backend.on_attach = [](BackendStream &stream) {
            stream.source = [](uint64_t position) {
                return static_cast<uint8_t>(position);
            };
        };
    }
    connect();
    walk(1500);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomWalkTest, ::testing::Range(0u, 60u));

} // namespace

} // namespace xen_front::test
