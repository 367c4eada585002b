// SPDX-License-Identifier: GPL-2.0-only
//
// What the faked Xen libraries, in the process under test, and the machine, in the test's, say to
// each other over a socket that keeps the borders of messages.
#pragma once

#include <cstdint>

namespace sndback::fake {

// Environment of the process under test.
inline constexpr const char *socket_variable = "FAKE_XEN_SOCKET";
inline constexpr const char *memory_variable = "FAKE_XEN_MEMORY";

enum class Call : std::uint32_t {
    hello_store, // then a second connection is made with hello_store_events
    hello_store_events, // domain: number of the first connection
    hello_channels,
    hello_channel_events, // domain: likewise
    hello_grants,
    store_read, // text
    store_list,
    store_write, // text, second text; number: of the transaction, if it is one
    store_begin, // a transaction: its number
    store_end, // number: the transaction; domain: 1 if it is given up
    store_remove, // text; number: as of store_write
    store_watch, // path, token
    store_unwatch,
    store_alive, // domain
    channel_bind, // domain, number: remote port
    channel_unbind, // number: port
    channel_notify, // number: port, no answer
    channel_unmask, // number: port, no answer
    channel_taken, // an event was read, no answer
    channel_restrict, // domain
    grant_map, // domain, numbers in the text
    grant_unmap, // number of pages
};

struct Request {
    Call call;
    std::uint32_t domain;
    std::uint32_t number;
    std::uint32_t first_octets; // of the text behind it
};

struct Reply {
    std::int32_t error; // an errno
    std::uint32_t number;
};

// Number of a reply to grant_map: what the process does from now on.
enum class Intrusion : std::uint32_t {
    none, // it is in its own hands; otherwise in the guest's:
    asks, // its supervisor without end
    watches, // nodes of the guest, each below the other, as many as it may
    reports, // more statistics than there are
    looks, // around: what it finds becomes the error of its card
};

inline constexpr std::size_t most_octets = 128 * 1024;
inline constexpr std::size_t page_octets = 4096;

} // namespace sndback::fake
