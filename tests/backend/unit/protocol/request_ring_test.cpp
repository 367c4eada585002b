// SPDX-License-Identifier: GPL-2.0-only
#include "protocol/request_ring.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>

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
    response.status = -XEN_EIO;
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
        EXPECT_EQ(front.response(0xffff'fff0U + id).status, -XEN_EIO);
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

TEST(RequestRing, AsksForNoNotificationThatIsNotWanted)
{
    FrontRing front;
    RequestRing ring(front.page());
    EXPECT_FALSE(ring.final_check());
    EXPECT_TRUE(front.push(0));
    EXPECT_TRUE(ring.final_check(false));
    (void)ring.answer(response_to(*ring.take()));
    EXPECT_FALSE(ring.final_check(false));
    EXPECT_FALSE(front.push(1));
    EXPECT_TRUE(ring.final_check(false)) << "it is seen all the same";
}

TEST(RequestRing, KnowsWhetherAnAnswerIsAwaited)
{
    FrontRing front;
    RequestRing ring(front.page());
    front.header()->rsp_event = 1;
    EXPECT_TRUE(ring.is_answer_awaited());
    (void)front.push(0);
    (void)ring.answer(response_to(*ring.take()));
    EXPECT_FALSE(ring.is_answer_awaited());
    front.header()->rsp_event = 3;
    EXPECT_FALSE(ring.is_answer_awaited()) << "that of the one after the next";
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

} // namespace
} // namespace sndback
