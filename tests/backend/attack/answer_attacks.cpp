// SPDX-License-Identifier: GPL-2.0-only
//
// Responses to no request, that say what they must not, come twice, late, or never.
#include "attack/attack.h"

namespace sndback {

namespace {

using Query = xensnd_query_hw_param;

// Changes the answers to one operation.
template <unsigned operation, void (*change)(xensnd_resp &)>
bool falsify(StreamTarget &, const xensnd_req &request, xensnd_resp &response)
{
    if (request.operation == operation)
        change(response);
    return true;
}

// Changes the answers to TRIGGER: the stream has started then.
template <void (*change)(xensnd_resp &)>
bool falsify_trigger(StreamTarget &target, const xensnd_req &request, xensnd_resp &response)
{
    return falsify<XENSND_OP_TRIGGER, change>(target, request, response);
}

template <void (*change)(Query &)>
bool falsify_query(StreamTarget &, const xensnd_req &request, xensnd_resp &response)
{
    if (request.operation == XENSND_OP_HW_PARAM_QUERY) {
        response.status = 0;
        change(response.resp.hw_param);
    }
    return true;
}

template <std::int32_t status> void set_status(xensnd_resp &response)
{
    response.status = status;
}

template <unsigned operation>
bool withhold(StreamTarget &, const xensnd_req &request, xensnd_resp &)
{
    return request.operation != operation;
}

template <typename Body> void for_each_interval(Query &query, Body &&body)
{
    body(query.rates.min, query.rates.max);
    body(query.channels.min, query.channels.max);
    body(query.buffer.min, query.buffer.max);
    body(query.period.min, query.period.max);
}

template <std::uint32_t min, std::uint32_t max> void set_intervals(Query &query)
{
    query.formats = ~std::uint64_t { 0 };
    for_each_interval(query, [](auto &low, auto &high) {
        low = min;
        high = max;
    });
}

constexpr Attack answer_table[] = {
    { .name = "response-unsolicited",
      .description = "a response to no request",
      .after_answer =
          [](StreamTarget &target, const xensnd_resp &response) {
              if (response.operation != XENSND_OP_TRIGGER)
                  return;
              xensnd_resp unasked {};
              unasked.id = 0x7777;
              unasked.operation = XENSND_OP_WRITE;
              target.respond(unasked);
          } },
    { .name = "response-twice",
      .description = "the same response a second time",
      .after_answer =
          [](StreamTarget &target, const xensnd_resp &response) {
              if (response.operation == XENSND_OP_TRIGGER)
                  target.respond(response);
          } },
    { .name = "response-old-id",
      .description = "a response with the id that its slot had once",
      .on_answer = falsify_trigger<[](xensnd_resp &response) {
          response.id = static_cast<std::uint16_t>(response.id - 32);
      }> },
    { .name = "response-wrong-id",
      .description = "a response with the id next to the right one",
      .on_answer = falsify_trigger<[](xensnd_resp &response) {
          response.id ^= 1;
      }> },
    { .name = "response-wrong-operation",
      .description = "a response names another operation than its request",
      .on_answer = falsify_trigger<[](xensnd_resp &response) {
          response.operation = XENSND_OP_WRITE;
      }> },
    { .name = "response-unknown-operation",
      .description = "a response names operation 255",
      .on_answer = falsify_trigger<[](xensnd_resp &response) {
          response.operation = 0xff;
      }> },
    { .name = "response-garbage",
      .description = "every byte of every response to TRIGGER is random",
      .on_answer = falsify_trigger<[](xensnd_resp &response) {
          for (auto &byte : std::as_writable_bytes(std::span(&response, 1)))
              byte = static_cast<std::byte>(random_number());
      }> },
    { .name = "ring-bytes-flipping",
      .description = "bytes of all responses change all the time, between any two reads of them",
      .background =
          [](StreamTarget &target) {
              target.flip_ring_byte();
              if (random_number() % 256 == 0)
                  target.notify_requests();
          } },
    { .name = "status-random",
      .description = "every status is random",
      .on_answer =
          [](StreamTarget &, const xensnd_req &, xensnd_resp &response) {
              response.status = static_cast<std::int32_t>(random_number());
              return true;
          } },
    { .name = "status-open-lowest",
      .description = "OPEN has status -2^31",
      .on_answer = falsify<XENSND_OP_OPEN, set_status<INT32_MIN>> },
    { .name = "status-open-restart",
      .description = "OPEN has status -512, the kernel's own ERESTARTSYS",
      .on_answer = falsify<XENSND_OP_OPEN, set_status<-512>> },
    { .name = "status-open-positive",
      .description = "OPEN has status 1, which is no error number",
      .on_answer = falsify<XENSND_OP_OPEN, set_status<1>> },
    { .name = "write-refused",
      .description = "every WRITE is refused, although it was done",
      .on_answer = falsify<XENSND_OP_WRITE, set_status<-5>> },
    { .name = "read-refused",
      .description = "every READ is refused, although it was done",
      .on_answer = falsify<XENSND_OP_READ, set_status<-5>> },
    { .name = "trigger-refused",
      .description = "every TRIGGER is refused, although it was done",
      .on_answer = falsify_trigger<set_status<-5>> },
    { .name = "close-refused",
      .description = "every CLOSE is refused, although it was done",
      .on_answer = falsify<XENSND_OP_CLOSE, set_status<-5>> },
    { .name = "open-withheld",
      .description = "OPEN is carried out and never answered",
      .on_answer = withhold<XENSND_OP_OPEN> },
    { .name = "close-withheld",
      .description = "CLOSE is carried out and never answered",
      .on_answer = withhold<XENSND_OP_CLOSE> },
    { .name = "trigger-withheld",
      .description = "TRIGGER is carried out and never answered",
      .on_answer = withhold<XENSND_OP_TRIGGER> },
    { .name = "transfer-withheld",
      .description = "WRITE and READ are carried out and never answered",
      .on_answer =
          [](StreamTarget &, const xensnd_req &request, xensnd_resp &) {
              return request.operation != XENSND_OP_WRITE && request.operation != XENSND_OP_READ;
          } },
    { .name = "silence",
      .description = "nothing is ever answered",
      .on_answer =
          [](StreamTarget &, const xensnd_req &, xensnd_resp &) {
              return false;
          } },
    { .name = "open-late",
      .description = "OPEN is answered when the frontend has given up on it",
      .late_operation = XENSND_OP_OPEN },
    { .name = "query-late",
      .description = "HW_PARAM_QUERY is answered when the frontend has given up on it",
      .late_operation = XENSND_OP_HW_PARAM_QUERY },
    { .name = "close-late",
      .description = "CLOSE is answered when the frontend has given up on it",
      .late_operation = XENSND_OP_CLOSE },
    { .name = "query-min-above-max",
      .description = "HW_PARAM_QUERY is answered with minimums above maximums",
      .on_answer = falsify_query<set_intervals<4096, 1>> },
    { .name = "query-zero",
      .description = "HW_PARAM_QUERY is answered with zeros",
      .on_answer = falsify_query<[](Query &query) {
          query = {};
      }> },
    { .name = "query-all-ones",
      .description = "HW_PARAM_QUERY is answered with all ones",
      .on_answer = falsify_query<set_intervals<~std::uint32_t { 0 }, ~std::uint32_t { 0 }>> },
    { .name = "query-anything",
      .description = "HW_PARAM_QUERY is answered with 0 to 2^32-1 for everything, asked for or not",
      .on_answer = falsify_query<set_intervals<0, ~std::uint32_t { 0 }>> },
    { .name = "query-no-format",
      .description = "HW_PARAM_QUERY is answered with an empty format mask",
      .on_answer = falsify_query<[](Query &query) {
          query.formats = 0;
      }> },
    { .name = "query-one",
      .description = "HW_PARAM_QUERY is answered with 1 to 1 for everything",
      .on_answer = falsify_query<set_intervals<1, 1>> },
    { .name = "query-random",
      .description = "HW_PARAM_QUERY is answered with something else each time",
      .on_answer = falsify_query<[](Query &query) {
          for_each_interval(query, [](auto &low, auto &high) {
              low = random_number() >> random_number() % 32;
              high = random_number() >> random_number() % 32;
          });
      }> },
};

} // namespace

std::span<const Attack> answer_attacks()
{
    return answer_table;
}

} // namespace sndback
