// SPDX-License-Identifier: GPL-2.0-only
#include "system/hostile_guest.h"

namespace sndback::fake {

namespace {

constexpr std::size_t entries = page_size / sizeof(std::uint32_t);

// OPEN by a directory that `change` has spoilt, again and again.
template <auto change> void open_by(HostileGuest &self)
{
    while (self.goes_on()) {
        const xensnd_req request = self.stream().open_request({});
        change(self, reinterpret_cast<std::uint32_t *>(self.stream().directory().bytes));
        self.provoke(request);
        self.provoke(request_of(XENSND_OP_CLOSE));
    }
}

// OPEN by the largest buffer that the backend lets it have.
void open_largest(GuestStream &stream)
{
    for (std::uint32_t octets = 8 * 1024 * 1024; octets >= page_size; octets /= 2)
        if (stream.open({ .buffer_bytes = octets, .period_bytes = page_size }) == 0)
            return;
}

constexpr GuestAttack attacks[] = {
    { "directory-loops", "the directory links to itself",
      open_by<[](HostileGuest &self, std::uint32_t *words) {
          words[0] = self.stream().directory().grant;
          words[5] = 0;
      }> },
    { "directory-empty", "the directory has no grants",
      open_by<[](HostileGuest &, std::uint32_t *words) {
          std::fill_n(words, entries, 0);
      }> },
    { "directory-one-page", "the directory lists one page for the whole buffer",
      open_by<[](HostileGuest &, std::uint32_t *words) {
          std::fill_n(words + 2, entries - 2, words[1]);
      }> },
    { "directory-invalid", "the directory lists grants that there are not",
      open_by<[](HostileGuest &self, std::uint32_t *words) {
          for (std::size_t index = 1; index < entries; ++index)
              words[index] = self.random() | 0x40000000;
      }> },
    { "directory-of-others", "the directory lists pages that another guest has granted",
      open_by<[](HostileGuest &, std::uint32_t *words) {
          for (std::size_t index = 1; index < entries; ++index)
              words[index] = 16 + static_cast<std::uint32_t>(index);
      }> },
    { "directory-of-itself", "the directory lists itself and the ring as the buffer",
      open_by<[](HostileGuest &self, std::uint32_t *words) {
          words[1] = self.stream().directory().grant;
          words[2] = self.stream().ring_grant();
      }> },
    { "directory-changes", "the directory changes while it is read",
      [](HostileGuest &self) {
          while (self.goes_on()) {
              (void)self.stream().send(self.stream().open_request({}));
              for (unsigned count = 0; count < 200; ++count)
                  reinterpret_cast<std::uint32_t *>(
                      self.stream().directory().bytes)[self.random() % entries] = self.random();
              self.provoke(request_of(XENSND_OP_CLOSE));
          }
      } },
    { "directory-none", "OPEN by a grant that there is not",
      [](HostileGuest &self) {
          while (self.goes_on()) {
              xensnd_req request = self.stream().open_request({});
              request.op.open.gref_directory = self.random();
              self.provoke(request);
          }
      } },
    { "grants-revoked", "the buffer's grants are revoked under a stream that plays",
      [](HostileGuest &self) {
          self.open_and_start();
          const std::uint32_t first = self.stream().directory().grant;
          for (std::uint32_t grant = first - 20; grant < first + 20; ++grant)
              self.xen().revoke(self.guest().domain(), grant);
          while (self.goes_on())
              self.provoke(self.stream().open_request({}));
      } },
    { "buffers-at-limit", "every stream maps as much as it can",
      [](HostileGuest &self) {
          for (std::size_t index = 0; index < self.guest().stream_count(); ++index)
              open_largest(self.stream(index));
          while (self.goes_on())
              self.provoke(request_of(XENSND_OP_GET_VOLUME));
      } },
    { "buffer-changes", "the buffer changes while it is played",
      [](HostileGuest &self) {
          self.open_and_start();
          while (self.goes_on())
              self.stream().buffer(self.random() % 16)[self.random() % 4096] =
                  static_cast<std::byte>(self.random());
      } },
};

} // namespace

std::span<const GuestAttack> memory_attacks_of_guest()
{
    return attacks;
}

} // namespace sndback::fake
