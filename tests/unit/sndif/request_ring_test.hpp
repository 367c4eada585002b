// SPDX-License-Identifier: GPL-2.0-only
// A request ring under test, and the backend at its other end.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "sndif/request_ring.hpp"

namespace xen_front::test {

inline wire::Request make_request(wire::Operation operation, uint32_t offset = 0)
{
    wire::Request request = {};
    request.operation = operation;
    request.transfer = { offset, 4 };
    return request;
}

// The ring, and the backend at its other end: io/ring.h from the other side.
class RequestRingTest : public ::testing::Test {
  protected:
    RequestRingTest()
    {
        ring.attach(page.get());
    }

    RequestId push(wire::Operation operation, uint32_t offset = 0)
    {
        wire::Request request = make_request(operation, offset);
        auto id = ring.push(request);
        EXPECT_FALSE(id.is_error());
        return id.is_error() ? RequestId() : id.release_value();
    }
    // The backend takes the next request, which has to be there.
    wire::Request consume()
    {
        EXPECT_NE(page->req_prod, request_consumed);
        return page->slots[request_consumed++ % wire::ring_size].request;
    }
    // The backend answers. True when the frontend wants to be interrupted.
    bool respond(uint16_t id, wire::Operation operation, int32_t status = 0)
    {
        wire::Response response = {};
        response.id = id;
        response.operation = static_cast<uint8_t>(operation);
        response.status = status;
        const uint32_t before = page->rsp_prod;
        page->slots[before % wire::ring_size].response = response;
        page->rsp_prod = before + 1;
        return page->rsp_prod - page->rsp_event < page->rsp_prod - before;
    }
    bool respond(RequestId id, wire::Operation operation, int32_t status = 0)
    {
        return respond(id.value(), operation, status);
    }
    bool take()
    {
        return ring.take(answer, violation);
    }

    std::unique_ptr<wire::RingPage> page = std::make_unique<wire::RingPage>();
    RequestRing ring;
    uint32_t request_consumed = 0;
    Response answer = {};
    Violation violation = Violation::None;
};

} // namespace xen_front::test
