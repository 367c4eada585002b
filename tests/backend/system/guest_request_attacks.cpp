// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>
#include <initializer_list>
#include <thread>

#include "system/hostile_guest.h"

namespace sndback::fake {

namespace {

// The directory is the guest's: it allows all of it.
void allow_anything(HostileGuest &self)
{
    self.guest().set_state(XenbusStateClosed);
    for (const auto &[node, value] :
         { std::pair { "sample-rates", "1,48000,192000,384000,4294967295" },
           { "channels-max", "255" },
           { "buffer-size", "4294967295" },
           { "sample-formats", "s16_le,u8,float64_le" } })
        self.write(node, value);
    (void)self.guest().connect(0, std::chrono::seconds(5));
}

// OPEN with one thing wrong, again and again; if it succeeds, it is started.
template <auto change> void open_with(HostileGuest &self)
{
    allow_anything(self);
    while (self.goes_on()) {
        xensnd_req request = self.stream().open_request({});
        change(request.op.open);
        self.provoke(request);
        xensnd_req trigger = request_of(XENSND_OP_TRIGGER);
        self.provoke(trigger);
        self.provoke(request_of(XENSND_OP_CLOSE));
    }
}

// A ring full of these, so that the backend never has to wait for the guest.
void send_together(HostileGuest &self, const std::vector<xensnd_req> &requests)
{
    std::uint16_t last = 0;
    for (std::size_t sent = 0; sent + requests.size() <= 30; sent += requests.size())
        for (const xensnd_req &request : requests)
            last = self.stream().send(request);
    (void)self.stream().await(last, std::chrono::seconds(2));
}

template <std::uint32_t offset, std::uint32_t length, unsigned operation>
void transfer(HostileGuest &self)
{
    self.open_and_start();
    while (self.goes_on()) {
        xensnd_req request = request_of(operation);
        request.op.rw.offset = offset;
        request.op.rw.length = length;
        self.provoke(request);
    }
}

constexpr GuestAttack request_table[] = {
    { "rate-largest", "OPEN at 2^32-1 Hz", open_with<[](xensnd_open_req &open) {
          open.pcm_rate = 0xffffffff;
      }> },
    { "rate-zero", "OPEN at 0 Hz", open_with<[](xensnd_open_req &open) {
          open.pcm_rate = 0;
      }> },
    { "period-one-frame", "OPEN with periods of one frame at 192 kHz",
      open_with<[](xensnd_open_req &open) {
          open.pcm_rate = 192'000;
          open.period_sz = 4;
      }> },
    { "period-beyond-buffer", "OPEN with a period larger than the buffer",
      open_with<[](xensnd_open_req &open) {
          open.period_sz = open.buffer_sz + 4;
      }> },
    { "period-odd", "OPEN with a period that is no whole frames",
      open_with<[](xensnd_open_req &open) {
          open.period_sz = 1023;
      }> },
    { "buffer-none", "OPEN without a buffer", open_with<[](xensnd_open_req &open) {
          open.buffer_sz = 0;
      }> },
    { "buffer-largest", "OPEN with a buffer of 4 GiB", open_with<[](xensnd_open_req &open) {
          open.buffer_sz = 0xffffffff;
      }> },
    { "format-unknown", "OPEN with a format that there is not",
      open_with<[](xensnd_open_req &open) {
          open.pcm_format = 200;
      }> },
    { "channels-none", "OPEN without channels", open_with<[](xensnd_open_req &open) {
          open.pcm_channels = 0;
      }> },
    { "channels-most", "OPEN with 255 channels of 8 octets", open_with<[](xensnd_open_req &open) {
          open.pcm_channels = 255;
          open.pcm_format = XENSND_PCM_FORMAT_F64_LE;
          open.period_sz = 255 * 8;
      }> },
    { "rate-times-channels",
      "much of what is 200 MB a second is written, given a volume and dropped",
      [](HostileGuest &self) {
          allow_anything(self);
          constexpr std::uint32_t octets = 7812 * 512;
          self.provoke(self.stream().open_request({ .rate = 384'000,
                                                    .format = XENSND_PCM_FORMAT_F64_LE,
                                                    .channels = 64,
                                                    .buffer_bytes = octets,
                                                    .period_bytes = octets / 2 }));
          std::fill_n(self.stream().buffer(0), 64 * 4, std::byte { 1 });
          xensnd_req volume = request_of(XENSND_OP_SET_VOLUME);
          volume.op.rw.length = 64 * 4;
          self.provoke(volume);
          const std::vector<xensnd_req> requests = write_start_stop(octets);
          while (self.goes_on())
              send_together(self, requests);
      },
      0.2 },
    { "open-close-largest", "OPEN of as many pages as it can and CLOSE, without end",
      [](HostileGuest &self) {
          const xensnd_req open = self.stream().open_request({ .buffer_bytes = 4'000'000 });
          while (self.goes_on())
              send_together(self, { open, request_of(XENSND_OP_CLOSE) });
      },
      0.2 },
    { "open-twice", "OPEN while it plays",
      [](HostileGuest &self) {
          self.open_and_start();
          while (self.goes_on())
              self.provoke(self.stream().open_request({}));
      } },
    { "open-anew", "OPEN while open and not started, without CLOSE",
      [](HostileGuest &self) {
          while (self.goes_on())
              self.provoke(self.stream().open_request({}));
      } },
    { "open-close-flood", "OPEN and CLOSE without end",
      [](HostileGuest &self) {
          while (self.goes_on()) {
              (void)self.stream().send(self.stream().open_request({}));
              self.provoke(request_of(XENSND_OP_CLOSE));
          }
      } },
    { "write-beyond-buffer", "WRITE that begins behind the buffer",
      transfer<0xfffffff0, 64, XENSND_OP_WRITE> },
    { "write-overflowing", "WRITE whose offset and length overflow",
      transfer<64, 0xfffffff0, XENSND_OP_WRITE> },
    { "write-nothing", "WRITE of no octets", transfer<0, 0, XENSND_OP_WRITE> },
    { "write-part-of-frame", "WRITE of parts of frames", transfer<0, 3, XENSND_OP_WRITE> },
    { "read-from-playback", "READ from a playback stream", transfer<0, 64, XENSND_OP_READ> },
    { "volume-beyond-buffer", "SET_VOLUME that lies outside the buffer",
      transfer<65'532, 8, XENSND_OP_SET_VOLUME> },
    { "triggers-wild", "triggers at random",
      [](HostileGuest &self) {
          (void)self.stream().open({});
          while (self.goes_on()) {
              xensnd_req request = request_of(XENSND_OP_TRIGGER);
              request.op.trigger.type = static_cast<std::uint8_t>(self.random() % 6);
              (void)self.stream().send(request);
          }
      } },
    { "query-inverted", "HW_PARAM_QUERY for ranges that are empty",
      [](HostileGuest &self) {
          while (self.goes_on()) {
              xensnd_req request = request_of(XENSND_OP_HW_PARAM_QUERY);
              request.op.hw_param.rates = { self.random(), self.random() };
              request.op.hw_param.buffer = { self.random(), self.random() };
              request.op.hw_param.period = { self.random(), 0 };
              request.op.hw_param.formats = self.random();
              self.provoke(request);
          }
      } },
    { "read-refused", "READ before START, and nothing after it",
      [](HostileGuest &self) {
          GuestStream &capture = self.stream(2);
          (void)capture.open({});
          (void)capture.simple(XENSND_OP_READ, 0, 4);
          (void)capture.trigger(XENSND_OP_TRIGGER_START);
          while (self.goes_on())
              std::this_thread::sleep_for(std::chrono::milliseconds(10));
      },
      0.1 },
    { "recordings-without-end", "OPEN, WRITE, CLOSE: a recording each time",
      [](HostileGuest &self) {
          while (self.goes_on()) {
              self.open_and_start();
              self.provoke(request_of(XENSND_OP_CLOSE));
          }
      } },
};

} // namespace

std::span<const GuestAttack> request_attacks_of_guest()
{
    return request_table;
}

} // namespace sndback::fake
