// SPDX-License-Identifier: GPL-2.0-only
#include "protocol/event_page.hpp"

#include <gtest/gtest.h>

#include <array>

namespace sndback {
namespace {

class EventPageTest : public ::testing::Test {
  protected:
    xensnd_event_page *header()
    {
        return reinterpret_cast<xensnd_event_page *>(storage_.data());
    }
    const xensnd_evt &event(std::uint32_t index)
    {
        return reinterpret_cast<xensnd_evt *>(storage_.data() +
                                              XENSND_IN_RING_OFFS)[index % XENSND_IN_RING_LEN];
    }
    std::uint64_t position(std::uint32_t index)
    {
        return event(index).op.cur_pos.position;
    }

    alignas(page_size) std::array<std::byte, page_size> storage_ {};
};

TEST_F(EventPageTest, PublishesPositionsInOrder)
{
    EventPage page(storage_.data());
    for (std::uint32_t index = 0; index < 500; ++index) {
        EXPECT_EQ(page.put_position(0x1'0000'0000ULL + index), EventPage::Put::sent);
        EXPECT_EQ(header()->in_prod, index + 1);
        EXPECT_EQ(position(index), 0x1'0000'0000ULL + index);
        EXPECT_EQ(event(index).id, index);
        EXPECT_EQ(event(index).type, XENSND_EVT_CUR_POS);
        header()->in_cons = index + 1;
    }
}

TEST_F(EventPageTest, WaitsForAFrontendThatConfirms)
{
    EventPage page(storage_.data());
    EXPECT_EQ(page.put_position(1), EventPage::Put::sent);
    header()->in_cons = 1;
    for (std::uint32_t index = 0; index < XENSND_IN_RING_LEN; ++index)
        EXPECT_EQ(page.put_position(index), EventPage::Put::sent);
    EXPECT_EQ(page.put_position(99), EventPage::Put::full);
    header()->in_cons = 2;
    EXPECT_EQ(page.put_position(99), EventPage::Put::sent);
}

TEST_F(EventPageTest, OverwritesForAFrontendThatNeverConfirms)
{
    EventPage page(storage_.data());
    for (std::uint32_t index = 0; index < XENSND_IN_RING_LEN; ++index)
        EXPECT_EQ(page.put_position(index), EventPage::Put::sent);
    EXPECT_EQ(page.put_position(1000), EventPage::Put::overwritten);
    EXPECT_EQ(position(0), 1000U);
}

TEST_F(EventPageTest, GoesOnFromTheIndicesInThePage)
{
    constexpr std::uint32_t start = 1000;
    header()->in_prod = header()->in_cons = start;
    EventPage page(storage_.data());
    EXPECT_EQ(page.put_position(77), EventPage::Put::sent);
    EXPECT_EQ(header()->in_prod, start + 1);
    EXPECT_EQ(position(start), 77U);
    // A frontend of which nothing is known yet is not waited for.
    for (std::uint32_t count = 1; count < XENSND_IN_RING_LEN; ++count)
        EXPECT_EQ(page.put_position(count), EventPage::Put::sent);
    EXPECT_EQ(page.put_position(99), EventPage::Put::overwritten);
}

TEST_F(EventPageTest, NoticesAConsumerAheadOfTheProducer)
{
    EventPage page(storage_.data());
    header()->in_cons = 5;
    EXPECT_EQ(page.put_position(1), EventPage::Put::bad_index);
    EXPECT_EQ(header()->in_prod, 0U);
}

TEST_F(EventPageTest, DoesNotTrustItsOwnIndexInThePage)
{
    EventPage page(storage_.data());
    header()->in_prod = 1000;
    EXPECT_EQ(page.put_position(1), EventPage::Put::sent);
    EXPECT_EQ(header()->in_prod, 1U);
}

} // namespace
} // namespace sndback
