// SPDX-License-Identifier: GPL-2.0-only
// READ ahead of what is recorded: which backends are asked, and what their responses say.
#include "capture_run_test.hpp"

namespace xen_front::test {

namespace {

class ReadAheadRunTest : public CaptureRunTest {
  protected:
    ReadAheadRunTest()
    {
        run.meet_backend();
        EXPECT_TRUE(run.apply(RunCommand::Start));
        run.set_recording(true);
    }
    // The backend holds the next READ until it has recorded a period.
    void hold()
    {
        EXPECT_EQ(send().size(), 1u);
        EXPECT_TRUE(run.is_ahead());
        recorded_ += 100;
        report(recorded_);
        respond_to_all();
        EXPECT_EQ(position(), recorded_);
        EXPECT_TRUE(leave(0));
    }
    uint64_t recorded_ = 0;
};

TEST_F(ReadAheadRunTest, BackendThatHoldsThreeNeedsToReportNothing)
{
    for (int i = 0; i < 3; i++) {
        EXPECT_FALSE(run.needs_no_reports());
        hold();
    }
    EXPECT_EQ(send(), Ranges({ { 300, 100 } }));
    EXPECT_TRUE(run.needs_no_reports());
}

TEST_F(ReadAheadRunTest, WhatIsAnsweredBeforeItIsReportedIsShownWhenItIs)
{
    EXPECT_EQ(send(), Ranges({ { 0, 100 } }));
    EXPECT_EQ(respond(0), TransferResult::Done);
    EXPECT_EQ(position(), 0u);
    EXPECT_EQ(report(60), Move::InPeriod);
    EXPECT_EQ(position(), 60u);
    EXPECT_EQ(report(130), Move::Period);
    EXPECT_EQ(position(), 100u);
    EXPECT_EQ(send(), Ranges({ { 100, 30 } })); // nothing ahead any more
    respond_to_all();
    EXPECT_EQ(send(), Ranges());
}

// The backend answers a later READ first, which it had reported.
TEST_F(ReadAheadRunTest, ResponseToAnotherReadIsNoVerdict)
{
    EXPECT_EQ(send(), Ranges({ { 0, 100 } }));
    report(250);
    EXPECT_EQ(send(), Ranges({ { 100, 150 } }));
    EXPECT_EQ(respond(1), TransferResult::Done);
    EXPECT_TRUE(run.is_ahead());
    EXPECT_EQ(position(), 0u);
    EXPECT_EQ(respond(0), TransferResult::Done);
    EXPECT_FALSE(run.is_ahead());
    EXPECT_EQ(position(), 250u);
}

TEST_F(ReadAheadRunTest, OneReportBehindItsResponseIsForgiven)
{
    for (int i = 0; i < 3; i++)
        hold();
    send();
    respond_to_all();
    EXPECT_EQ(position(), 300u);
    report(recorded_ += 100);
    EXPECT_EQ(position(), 400u);
    EXPECT_TRUE(leave(0));
    hold();
    send();
    EXPECT_TRUE(run.needs_no_reports());
}

TEST_F(ReadAheadRunTest, TwoReportsBehindTheirResponsesAreNot)
{
    for (int i = 0; i < 3; i++)
        hold();
    for (int i = 0; i < 2; i++) {
        EXPECT_EQ(send().size(), 1u);
        respond_to_all();
        report(recorded_ += 100);
        EXPECT_TRUE(leave(0));
    }
    EXPECT_EQ(send(), Ranges());
}

TEST_F(ReadAheadRunTest, WhatIsRefusedBeforeItIsThereIsAskedForWhenItIs)
{
    send();
    EXPECT_EQ(respond(0, -11), TransferResult::Done);
    EXPECT_EQ(send(), Ranges());
    report(100);
    EXPECT_EQ(send(), Ranges({ { 0, 100 } }));
    EXPECT_EQ(respond(1, -11), TransferResult::Refused);
}

TEST_F(ReadAheadRunTest, BackendThatHoldsRefusesForAnotherReason)
{
    hold();
    send();
    EXPECT_EQ(respond(1, -5), TransferResult::Refused);
}

// The driver asks again, and still knows that the backend holds READs.
TEST_F(ReadAheadRunTest, RefusalAtAPauseSaysNothing)
{
    for (int i = 0; i < 3; i++)
        hold();
    send();
    ASSERT_TRUE(run.apply(RunCommand::Pause));
    run.set_recording(false);
    EXPECT_EQ(respond(3, -11), TransferResult::Done);
    ASSERT_TRUE(run.apply(RunCommand::Resume));
    run.set_recording(true);
    EXPECT_EQ(send(), Ranges({ { 300, 100 } }));
    EXPECT_TRUE(run.needs_no_reports());
}

// The report came before the device stopped.
TEST_F(ReadAheadRunTest, WhatIsReportedAndRefusedAtAPauseIsAskedForAgain)
{
    send();
    report(100);
    ASSERT_TRUE(run.apply(RunCommand::Pause));
    run.set_recording(false);
    EXPECT_EQ(respond(0, -11), TransferResult::Done);
    ASSERT_TRUE(run.apply(RunCommand::Resume));
    EXPECT_EQ(send(), Ranges({ { 0, 100 } }));
    EXPECT_EQ(respond(1, -11), TransferResult::Refused);
}

// A READ of reported frames does not show whether the backend holds READs of later ones.
TEST_F(ReadAheadRunTest, NothingGoesAheadOfWhatIsReported)
{
    report(450);
    EXPECT_EQ(send(), Ranges({ { 0, 400 } }));
    respond_to_all();
    EXPECT_EQ(send(), Ranges());
    EXPECT_TRUE(leave(200));
    EXPECT_EQ(send(), Ranges({ { 0, 50 } }));
    EXPECT_FALSE(run.is_ahead());
    respond_to_all();
    EXPECT_EQ(send(), Ranges({ { 50, 50 } }));
    EXPECT_TRUE(run.is_ahead());
}

} // namespace

} // namespace xen_front::test
