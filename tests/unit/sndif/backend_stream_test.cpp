// SPDX-License-Identifier: GPL-2.0-only
#include "sndif/backend_stream.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace xen_front::test {

namespace {

constexpr RequestId open_id(1), close_id(2), start_id(3), pause_id(4), resume_id(5), stop_id(6);
constexpr int32_t refused = -5;

// Rows: from. Columns: to. What the protocol allows: P(lay), | (pause), R(esume), S(top).
constexpr const char *expected_triggers[] = {
    ".P..", // Prepared
    "..|S", // Started
    ".R.S", // Paused
    "....", // Stopped
};

static_assert(std::size(expected_triggers) == trigger_states);

char letter(wire::TriggerType type)
{
    switch (type) {
    case wire::TriggerType::Start:
        return 'P';
    case wire::TriggerType::Pause:
        return '|';
    case wire::TriggerType::Resume:
        return 'R';
    case wire::TriggerType::Stop:
        return 'S';
    }
    return '?';
}

class BackendStreamTest : public ::testing::Test {
  protected:
    void open()
    {
        stream.want_prepared(true);
        ASSERT_TRUE(stream.is_open_due());
        stream.on_open_sent(open_id);
        ASSERT_TRUE(stream.is_answer_to_open(open_id));
        stream.on_opened(false);
    }
    void send(TriggerState wanted, RequestId id)
    {
        const TriggerTransition *due = stream.due_trigger(wanted);
        ASSERT_NE(due, nullptr);
        stream.on_trigger_sent(*due, id);
    }

    xen_front::BackendStream stream;
};

TEST(BackendStreamTablesTest, EveryTrigger)
{
    for (uint32_t from = 0; from < trigger_states; from++) {
        for (uint32_t to = 0; to < trigger_states; to++) {
            const TriggerTransition *row =
                find_trigger(static_cast<TriggerState>(from), static_cast<TriggerState>(to));
            EXPECT_EQ(row == nullptr ? '.' : letter(row->type), expected_triggers[from][to])
                << from << " to " << to;
        }
    }
}

TEST(BackendStreamTablesTest, EveryChangeOfOpen)
{
    // Rows: from. Columns: to.
    constexpr const char *expected[] = {
        ".x..", // Closed
        "x.xx", // Opening
        "x...", // Open
        "x...", // Refused
    };
    static_assert(std::size(expected) == open_states);
    for (uint32_t from = 0; from < open_states; from++) {
        for (uint32_t to = 0; to < open_states; to++)
            EXPECT_EQ(can_change(static_cast<OpenState>(from), static_cast<OpenState>(to)),
                      expected[from][to] == 'x')
                << from << " to " << to;
    }
}

TEST(BackendStreamTablesTest, EveryStateHasANameOfItsOwn)
{
    std::set<std::string> names;
    for (uint32_t state = 0; state < open_states; state++)
        names.insert(name_of(static_cast<OpenState>(state)));
    EXPECT_EQ(names, (std::set<std::string> { "closed", "opening", "open", "refused" }));
}

TEST_F(BackendStreamTest, PreparedTwiceIsOpenedOnce)
{
    open();
    stream.want_prepared(true);
    EXPECT_FALSE(stream.is_close_due());
    EXPECT_FALSE(stream.is_open_due());
}

TEST_F(BackendStreamTest, PositionsStartOverWithANewOpen)
{
    open();
    stream.on_transfer_sent();
    stream.want_prepared(true);
    EXPECT_TRUE(stream.is_close_due());
    EXPECT_TRUE(stream.is_open_due());
    EXPECT_FALSE(stream.is_usable());
}

TEST_F(BackendStreamTest, PreparedWithoutABackendIsOpenedByTheNext)
{
    stream.want_prepared(false);
    EXPECT_FALSE(stream.is_opening());
    stream.meet_backend(true);
    EXPECT_TRUE(stream.is_open_due());
    EXPECT_FALSE(stream.is_continuing());
}

TEST_F(BackendStreamTest, NextBackendContinuesWhatOneHasOpened)
{
    open();
    stream.lose_backend();
    EXPECT_EQ(stream.state(), OpenState::Closed);
    stream.meet_backend(true);
    EXPECT_TRUE(stream.is_continuing());
    stream.lose_backend();
    stream.meet_backend(false);
    EXPECT_FALSE(stream.is_continuing());
    EXPECT_FALSE(stream.is_opening());
}

TEST_F(BackendStreamTest, ContinuedStreamIsOpenedAnewByPrepare)
{
    open();
    stream.lose_backend();
    stream.meet_backend(true);
    stream.on_open_sent(open_id);
    EXPECT_TRUE(stream.is_continuing());
    stream.on_opened(true);
    EXPECT_FALSE(stream.is_continuing());
    stream.want_prepared(true);
    EXPECT_TRUE(stream.is_open_due());
    EXPECT_FALSE(stream.is_continuing());
}

TEST_F(BackendStreamTest, RefusedOpenIsClosedAndNothingIsExpectedOfThat)
{
    stream.want_prepared(true);
    stream.on_open_sent(open_id);
    stream.on_open_refused();
    EXPECT_TRUE(stream.is_close_due());
    EXPECT_FALSE(stream.is_opening());
    EXPECT_FALSE(stream.is_closing());
    stream.on_close_sent(close_id);
    EXPECT_FALSE(stream.is_closing());
    EXPECT_FALSE(stream.on_close_answered(close_id));
}

TEST_F(BackendStreamTest, CloseIsExpectedToBeAnswered)
{
    open();
    stream.want_closed();
    EXPECT_TRUE(stream.is_closing());
    stream.on_close_sent(close_id);
    EXPECT_TRUE(stream.is_closing());
    EXPECT_TRUE(stream.may_be_open());
    EXPECT_TRUE(stream.on_close_answered(close_id));
    EXPECT_FALSE(stream.may_be_open());
}

TEST_F(BackendStreamTest, AnswerToAnOpenThatWasClosedSinceIsNone)
{
    stream.want_prepared(true);
    stream.on_open_sent(open_id);
    stream.want_closed();
    stream.on_close_sent(close_id);
    EXPECT_FALSE(stream.is_answer_to_open(open_id));
}

TEST_F(BackendStreamTest, RefusedStartCountsUntilItIsOvertaken)
{
    open();
    send(TriggerState::Started, start_id);
    EXPECT_TRUE(stream.is_starting());
    EXPECT_EQ(stream.on_trigger_answered(start_id, refused), TriggerResult::StartRefused);
    EXPECT_FALSE(stream.is_starting());

    stream.want_reopened();
    stream.on_close_sent(close_id);
    stream.on_open_sent(open_id);
    stream.on_opened(true);
    send(TriggerState::Started, start_id);
    send(TriggerState::Stopped, stop_id);
    EXPECT_EQ(stream.on_trigger_answered(start_id, refused), TriggerResult::Harmless);
    EXPECT_EQ(stream.on_trigger_answered(stop_id, refused), TriggerResult::Harmless);
    EXPECT_FALSE(stream.is_stopping());
}

TEST_F(BackendStreamTest, RefusedStartCountsBehindAPause)
{
    open();
    send(TriggerState::Started, start_id);
    send(TriggerState::Paused, pause_id);
    EXPECT_EQ(stream.on_trigger_answered(start_id, refused), TriggerResult::StartRefused);
    EXPECT_EQ(stream.on_trigger_answered(pause_id, refused), TriggerResult::PauseRefused);
}

TEST_F(BackendStreamTest, RefusedResumeCountsUntilItIsOvertaken)
{
    open();
    send(TriggerState::Started, start_id);
    EXPECT_EQ(stream.on_trigger_answered(start_id, 0), TriggerResult::Harmless);
    send(TriggerState::Paused, pause_id);
    send(TriggerState::Started, resume_id);
    EXPECT_EQ(stream.on_trigger_answered(pause_id, 0), TriggerResult::Harmless);
    send(TriggerState::Paused, pause_id);
    EXPECT_EQ(stream.on_trigger_answered(resume_id, refused), TriggerResult::Harmless);
}

TEST_F(BackendStreamTest, RefusedStartCountsBehindPauseAndResume)
{
    open();
    send(TriggerState::Started, start_id);
    send(TriggerState::Paused, pause_id);
    send(TriggerState::Started, resume_id);
    EXPECT_EQ(stream.on_trigger_answered(start_id, refused), TriggerResult::StartRefused);
    EXPECT_TRUE(stream.is_starting());
}

TEST_F(BackendStreamTest, ResumeOfADeviceThatDidNotPauseMayBeRefused)
{
    open();
    send(TriggerState::Started, start_id);
    EXPECT_EQ(stream.on_trigger_answered(start_id, 0), TriggerResult::Harmless);
    send(TriggerState::Paused, pause_id);
    send(TriggerState::Started, resume_id);
    EXPECT_EQ(stream.on_trigger_answered(pause_id, refused), TriggerResult::PauseRefused);
    EXPECT_EQ(stream.on_trigger_answered(resume_id, refused), TriggerResult::Harmless);

    // The next pause is judged by itself.
    send(TriggerState::Paused, pause_id);
    send(TriggerState::Started, resume_id);
    EXPECT_EQ(stream.on_trigger_answered(pause_id, 0), TriggerResult::Harmless);
    EXPECT_EQ(stream.on_trigger_answered(resume_id, refused), TriggerResult::StartRefused);
}

TEST_F(BackendStreamTest, ReopenedStreamIsStartedAnew)
{
    open();
    send(TriggerState::Started, start_id);
    stream.want_reopened();
    EXPECT_TRUE(stream.is_stop_due());
    stream.on_stop_sent(stop_id);
    EXPECT_FALSE(stream.is_stop_due());
    EXPECT_TRUE(stream.is_stopping());
    EXPECT_FALSE(stream.was_started());
    EXPECT_EQ(stream.due_trigger(TriggerState::Started), nullptr);
    stream.on_close_sent(close_id);
    stream.on_open_sent(open_id);
    EXPECT_FALSE(stream.is_continuing());
    stream.on_opened(true);
    EXPECT_EQ(stream.due_trigger(TriggerState::Started)->type, wire::TriggerType::Start);
}

} // namespace

} // namespace xen_front::test
