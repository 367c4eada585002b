// SPDX-License-Identifier: GPL-2.0-only
//
// When a guest has to notify the program of its requests.
#include "system/service.h"

namespace sndback::fake {
namespace {

constexpr std::uint32_t period_bytes = GuestStream::Parameters {}.period_bytes;
constexpr std::uint32_t buffer_bytes = 8 * period_bytes;

xensnd_req write_of_period(std::uint32_t number)
{
    xensnd_req request {};
    request.operation = XENSND_OP_WRITE;
    request.op.rw.offset = number * period_bytes % buffer_bytes;
    request.op.rw.length = period_bytes;
    return request;
}

class Notification : public Service {
  protected:
    // How often a guest is to notify that writes a period whenever one was played, ten times. It
    // has `ahead` periods with the backend.
    void play(bool waits_for_answers, std::uint32_t ahead)
    {
        configure(speaker_for_all);
        start();
        guest_.emplace(machine_, 3, "desktop");
        guest_->add_card("p");
        ASSERT_TRUE(guest_->connect()) << backend_->log();
        ASSERT_EQ(stream().open({ .buffer_bytes = buffer_bytes }), 0);
        ASSERT_EQ(stream().simple(XENSND_OP_WRITE, 0, ahead * period_bytes), 0);
        ASSERT_EQ(stream().trigger(XENSND_OP_TRIGGER_START), 0);
        for (std::uint32_t number = 0; number < 10; ++number) {
            ASSERT_TRUE(has_played(number + 1));
            if (!waits_for_answers)
                stream().want_no_answer();
            const std::uint16_t id = stream().next_id;
            notifications_ += stream().post(write_of_period(ahead + number)) ? 1 : 0;
            if (waits_for_answers) {
                ASSERT_TRUE(stream().await(id));
            }
        }
        EXPECT_TRUE(has_played(ahead + 10));
        EXPECT_EQ(stream().trigger(XENSND_OP_TRIGGER_STOP), 0);
    }
    bool has_played(std::uint32_t periods)
    {
        return machine_.wait(
            [&] { return stream().position() >= std::uint64_t { periods } * period_bytes; });
    }
    GuestStream &stream()
    {
        return guest_->stream(0);
    }

    std::optional<Guest> guest_;
    unsigned notifications_ = 0;
};

TEST_F(Notification, IsNotWantedOfAGuestThatWritesInTime)
{
    play(false, 6);
    // The first was asked for before.
    EXPECT_LE(notifications_, 2U);
}

TEST_F(Notification, IsWantedOfAGuestThatWaitsForAnswers)
{
    play(true, 6);
    EXPECT_EQ(notifications_, 10U);
}

TEST_F(Notification, IsWantedWhenLittleIsLeftToPlay)
{
    play(false, 2);
    EXPECT_EQ(notifications_, 10U);
}

} // namespace
} // namespace sndback::fake
