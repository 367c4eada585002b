// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <memory>
#include <numeric>

#include "protocol/event_page.hpp"
#include "protocol/format.hpp"
#include "protocol/hw_params.hpp"
#include "protocol/page_directory.hpp"
#include "protocol/request_ring.hpp"

namespace sndback {
namespace {

// A page as a frontend prepares it, and the frontend's half of the ring on it.
class FrontRing {
  public:
    FrontRing()
    {
        header()->req_event = 1;
        header()->rsp_event = 1;
    }
    explicit FrontRing(std::uint32_t start) : FrontRing()
    {
        produced_ = start;
        header()->req_prod = header()->rsp_prod = start;
        header()->req_event = header()->rsp_event = start + 1;
    }

    std::byte *page()
    {
        return storage_->data();
    }
    xen_sndif_sring *header()
    {
        return reinterpret_cast<xen_sndif_sring *>(page());
    }

    // Returns whether the backend wants a notification.
    bool push(std::uint16_t id)
    {
        xensnd_req request {};
        request.id = id;
        std::memcpy(slot(produced_), &request, sizeof(request));
        header()->req_prod = ++produced_;
        return header()->req_event == produced_;
    }
    xensnd_resp response(std::uint32_t index)
    {
        xensnd_resp response;
        std::memcpy(&response, slot(index), sizeof(response));
        return response;
    }

  private:
    std::byte *slot(std::uint32_t index)
    {
        return page() + offsetof(xen_sndif_sring, ring) +
               index % RequestRing::slots * sizeof(xensnd_req);
    }

    struct alignas(page_size) Page : std::array<std::byte, page_size> {};
    std::unique_ptr<Page> storage_ = std::make_unique<Page>();
    std::uint32_t produced_ = 0;
};

xensnd_resp response_to(const xensnd_req &request)
{
    xensnd_resp response {};
    response.id = request.id;
    return response;
}

TEST(RequestRing, CarriesRequestsAndAnswersAcrossTheIndexWrap)
{
    FrontRing front(0xffff'fff0);
    RequestRing ring(front.page());
    for (std::uint16_t id = 0; id < 100; ++id) {
        EXPECT_FALSE(ring.final_check());
        EXPECT_TRUE(front.push(id));
        const auto request = ring.take();
        ASSERT_TRUE(request);
        EXPECT_EQ(request->id, id);
        (void)ring.answer(response_to(*request));
        EXPECT_EQ(front.response(0xffff'fff0U + id).id, id);
    }
    EXPECT_FALSE(ring.take());
}

TEST(RequestRing, TakesWhatAnEarlierBackendLeftUnanswered)
{
    FrontRing front;
    (void)front.push(7);
    RequestRing ring(front.page());
    EXPECT_EQ(ring.take()->id, 7);
}

TEST(RequestRing, HonoursResponseHoldOff)
{
    FrontRing front;
    RequestRing ring(front.page());
    for (std::uint16_t id = 0; id < 3; ++id)
        (void)front.push(id);
    front.header()->rsp_event = 3;
    EXPECT_FALSE(ring.answer(response_to(*ring.take())));
    EXPECT_FALSE(ring.answer(response_to(*ring.take())));
    EXPECT_TRUE(ring.answer(response_to(*ring.take())));
    (void)front.push(3);
    EXPECT_FALSE(ring.answer(response_to(*ring.take())));
}

TEST(RequestRing, AsksForNotificationOnlyWhenEmpty)
{
    FrontRing front;
    RequestRing ring(front.page());
    (void)front.push(0);
    EXPECT_TRUE(ring.final_check());
    (void)ring.answer(response_to(*ring.take()));
    EXPECT_FALSE(ring.final_check());
    EXPECT_EQ(front.header()->req_event, 2U);
}

TEST(RequestRing, RefusesMoreRequestsThanSlots)
{
    FrontRing front;
    RequestRing ring(front.page());
    front.header()->req_prod = RequestRing::slots + 1;
    EXPECT_THROW((void)ring.take(), ProtocolBroken);
    EXPECT_THROW((void)ring.final_check(), ProtocolBroken);
    EXPECT_THROW(RequestRing(front.page()), ProtocolBroken);
}

TEST(RequestRing, RefusesAProducerThatRunsBackwards)
{
    FrontRing front;
    RequestRing ring(front.page());
    for (std::uint16_t id = 0; id < 4; ++id)
        (void)front.push(id);
    (void)ring.answer(response_to(*ring.take()));
    (void)ring.take();
    front.header()->req_prod = 1;
    EXPECT_THROW((void)ring.take(), ProtocolBroken);
}

TEST(RequestRing, TakesAFullRingWithoutAnswering)
{
    FrontRing front;
    RequestRing ring(front.page());
    for (std::uint16_t id = 0; id < RequestRing::slots; ++id)
        (void)front.push(id);
    for (std::uint16_t id = 0; id < RequestRing::slots; ++id)
        EXPECT_EQ(ring.take()->id, id);
    EXPECT_FALSE(ring.take());
    // One more while none is answered would overwrite the first one's slot.
    front.header()->req_prod = RequestRing::slots + 1;
    EXPECT_THROW((void)ring.take(), ProtocolBroken);
}

class EventPageTest : public ::testing::Test {
  protected:
    xensnd_event_page *header()
    {
        return reinterpret_cast<xensnd_event_page *>(storage_.data());
    }
    std::uint64_t position(std::uint32_t index)
    {
        return reinterpret_cast<xensnd_evt *>(storage_.data() +
                                              XENSND_IN_RING_OFFS)[index % XENSND_IN_RING_LEN]
            .op.cur_pos.position;
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

// Directory pages by grant reference.
class PageDirectoryTest : public ::testing::Test {
  protected:
    static constexpr std::size_t entries = page_size / sizeof(grant_ref_t);
    using Page = std::array<std::uint32_t, entries>;

    std::vector<grant_ref_t> walk(grant_ref_t first, std::uint32_t bytes)
    {
        return walk_page_directory(first, bytes, [this](grant_ref_t grant, const auto &use) {
            ++reads_;
            use(DirectoryPage(pages_.at(grant)));
        });
    }

    std::map<grant_ref_t, Page> pages_;
    int reads_ = 0;
};

TEST_F(PageDirectoryTest, CollectsAcrossPages)
{
    const std::uint32_t count = entries - 1 + 5;
    pages_[10][0] = 11;
    for (std::uint32_t index = 0; index < count; ++index)
        pages_[index < entries - 1 ? 10 : 11][1 + index % (entries - 1)] = 1000 + index;
    const auto grants = walk(10, count * page_size - 100);
    ASSERT_EQ(grants.size(), count);
    for (std::uint32_t index = 0; index < count; ++index)
        EXPECT_EQ(grants[index], 1000 + index);
    EXPECT_EQ(reads_, 2);
}

TEST_F(PageDirectoryTest, RefusesAChainThatLoops)
{
    pages_[10].fill(10);
    EXPECT_THROW((void)walk(10, 16 * 1024 * 1024), BadDirectory);
    EXPECT_EQ(reads_, 1);
}

TEST_F(PageDirectoryTest, RefusesMissingLinksAndEntries)
{
    EXPECT_THROW((void)walk(0, 1), BadDirectory);
    pages_[10] = {};
    EXPECT_THROW((void)walk(10, 1), BadDirectory);
    std::iota(pages_[10].begin(), pages_[10].end(), 0);
    EXPECT_THROW((void)walk(10, 1024 * page_size), BadDirectory);
    EXPECT_EQ(walk(10, 1023 * page_size).size(), 1023U);
    pages_[10][0] = 77;
    EXPECT_THROW((void)walk(10, page_size), BadDirectory);
}

// 4096 entries of one page would be 4096 mappings.
TEST_F(PageDirectoryTest, RefusesAPageThatIsListedTwice)
{
    std::iota(pages_[10].begin(), pages_[10].end(), 0);
    pages_[10][900] = 7;
    EXPECT_EQ(walk(10, 899 * page_size).size(), 899U);
    EXPECT_THROW((void)walk(10, 900 * page_size), BadDirectory);
}

TEST(Format, FindsAllAndNothingElse)
{
    for (unsigned wire = 0; wire < formats.size(); ++wire) {
        ASSERT_NE(find_format(wire), nullptr);
        EXPECT_EQ(find_format(find_format(wire)->name), find_format(wire));
    }
    EXPECT_EQ(find_format(25U), nullptr);
    EXPECT_EQ(find_format("s16"), nullptr);
    // xl's names of the floating-point formats.
    EXPECT_EQ(find_format("f32_le"), find_format("float_le"));
    EXPECT_EQ(find_format("f32_be"), find_format("float_be"));
    EXPECT_EQ(find_format("f64_le"), find_format("float64_le"));
    EXPECT_EQ(find_format("f64_be"), find_format("float64_be"));
}

TEST(Format, ConvertsBetweenFramesAndOctets)
{
    const StreamFormat s24 { find_format("s24_le"), 48000, 6 };
    EXPECT_EQ(s24.unit(), 24U);
    EXPECT_EQ(s24.bytes(10), 240U);
    EXPECT_EQ(s24.frames(250), 10U);
    const StreamFormat adpcm { find_format("ima_adpcm"), 8000, 3 };
    EXPECT_EQ(adpcm.unit(), 3U);
    EXPECT_EQ(adpcm.frames(3), 2U);
    EXPECT_EQ(adpcm.bytes(1), 1U);
    EXPECT_EQ(s24.bytes(std::uint64_t { 1 } << 50), std::uint64_t { 24 } << 50);
}

xensnd_query_hw_param anything()
{
    xensnd_query_hw_param question {};
    question.formats = all_formats_mask;
    question.rates = { 1, ~0U };
    question.channels = { 1, ~0U };
    question.buffer = { 1, ~0U };
    question.period = { 1, ~0U };
    return question;
}

constexpr std::uint64_t s16_bit = 1 << XENSND_PCM_FORMAT_S16_LE;
constexpr std::uint64_t s32_bit = 1 << XENSND_PCM_FORMAT_S32_LE;

TEST(HwParams, NarrowsToTheLimits)
{
    Limits limits;
    limits.formats = s16_bit;
    limits.rates = { 8000, 44100, 48000 };
    limits.channels = { 1, 2 };
    limits.buffer_bytes = 65536;
    auto question = anything();
    question.rates = { 10000, 47000 };
    question.channels = { 2, 6 };
    const auto answer = narrow(question, limits);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->formats, s16_bit);
    EXPECT_EQ(answer->rates.min, 44100U);
    EXPECT_EQ(answer->rates.max, 44100U);
    EXPECT_EQ(answer->channels.min, 2U);
    EXPECT_EQ(answer->channels.max, 2U);
    EXPECT_EQ(answer->buffer.max, 16384U);
    EXPECT_EQ(answer->period.max, 16384U);
}

TEST(HwParams, DropsFormatsAndChannelsThatTheBufferCannotHold)
{
    Limits limits;
    limits.formats = s16_bit | s32_bit;
    limits.channels = { 1, 8 };
    limits.buffer_bytes = 8192;
    auto question = anything();
    question.channels = { 2, 8 };
    question.buffer = { 2048, 4096 };
    const auto answer = narrow(question, limits);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->formats, s16_bit);
    EXPECT_EQ(answer->channels.max, 2U);
    EXPECT_EQ(answer->buffer.max, 2048U);
}

TEST(HwParams, AnswerIsAFixedPoint)
{
    Limits limits;
    limits.channels = { 1, 8 };
    limits.buffer_bytes = 65536;
    auto question = anything();
    question.period = { 64, 100000 };
    const auto once = narrow(question, limits);
    ASSERT_TRUE(once);
    const auto twice = narrow(*once, limits);
    ASSERT_TRUE(twice);
    EXPECT_EQ(std::memcmp(&*once, &*twice, sizeof(*once)), 0);
    EXPECT_EQ(once->buffer.min, 64U);
}

TEST(HwParams, RefusesWhatLeavesNothing)
{
    Limits limits;
    limits.rates = { 8000, 48000 };
    auto question = anything();
    question.rates = { 9000, 47000 };
    EXPECT_FALSE(narrow(question, limits));
    question = anything();
    question.formats = 0;
    EXPECT_FALSE(narrow(question, limits));
    question = anything();
    question.channels = { 4, 2 };
    EXPECT_FALSE(narrow(question, limits));
    question = anything();
    question.period = { 1 << 20, ~0U };
    limits.buffer_bytes = 4096;
    EXPECT_FALSE(narrow(question, limits));
}

TEST(HwParams, IntersectsRateLists)
{
    Limits left, right;
    left.rates = { 8000, 44100, 48000 };
    EXPECT_EQ(intersect(left, right).rates, left.rates);
    right.rates = { 44100, 96000 };
    EXPECT_EQ(intersect(left, right).rates, std::vector<std::uint32_t> { 44100 });
    right.rates = { 96000 };
    EXPECT_TRUE(intersect(left, right).rate_range.empty());
}

} // namespace
} // namespace sndback
