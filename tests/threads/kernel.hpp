// SPDX-License-Identifier: GPL-2.0-only
// A kernel of real threads for ThreadSanitizer: include/kshim over the standard library's locks.
// Unlike tests/fake it keeps no account of resources and checks no rules; all it has to be is as
// concurrent as the real one.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "kshim/control.h"
#include "kshim/event_channel.h"
#include "kshim/page.h"
#include "kshim/pcm.h"
#include "kshim/proc.h"
#include "sndif/protocol.hpp"

struct kshim_page {
    alignas(4096) uint8_t bytes[KSHIM_PAGE_SIZE];
};

struct kshim_xenbus_device {
    void *context;
};

struct kshim_event_channel {
    kshim_event_handler handler;
    void *context;
    uint32_t port;
    std::mutex is_running; // held while the handler runs: no interrupt runs twice at a time
    bool is_closed = false;
};

// What an application opens. The lock is ALSA's stream lock.
struct kshim_substream {
    std::mutex lock;
    void *stream = nullptr; // the driver's
    kshim_pcm_params params = {};
    // Of ALSA, in frames since prepare.
    // Written with the stream lock held, and looked at without it, as ALSA's are.
    std::atomic<uint64_t> application_pointer = 0;
    std::atomic<uint64_t> hardware_pointer = 0;
    bool is_running = false;
    std::atomic<uint64_t> periods_elapsed = 0;
    // Of the last stop that the application did not ask for.
    std::atomic<bool> is_stopped = false;
};

struct kshim_card {
    void *context;
    std::mutex open_mutex; // of opening, closing and disconnecting
    std::vector<kshim_substream *> substreams; // that are open
    bool is_disconnected = false;
    std::atomic<unsigned int> users = 1; // the driver, until it releases the card, and open files
    void *pcm_context = nullptr;
    void *proc_context = nullptr;
    std::vector<std::pair<void *, unsigned int>> controls; // the driver's, and their channels
};

struct kshim_proc_text {
    std::string text;
};

namespace xen_front::threads {

// XenStore, grants, event channels and the card, each behind a lock of its own.
class Kernel {
  public:
    static Kernel &instance();

    // ---- XenStore ----

    void set(const std::string &path, const std::string &value);
    // "" when there is no such node.
    std::string get(const std::string &path);
    std::vector<std::string> children(const std::string &directory);

    // ---- grants and event channels ----

    uint32_t grant(kshim_page *page);
    // nullptr when it was ended.
    void *map(uint32_t reference);
    void unmap(uint32_t reference);
    // Frees the page when the backend does not map it: now, or later if @is_waiting. False when it
    // stays.
    bool end_grant(uint32_t reference, bool is_waiting);
    // Ends a grant, but not its page.
    void forget_grant(uint32_t reference)
    {
        const std::lock_guard guard(grants_lock_);
        grants_.erase(reference);
    }
    void add(kshim_event_channel *channel);
    void remove(kshim_event_channel *channel);
    // Interrupts the frontend: calls the handler in this thread.
    void raise(uint32_t port);

    // ---- the card ----

    // The one that applications see, with its open_mutex locked by @guard; nullptr when there is
    // none.
    kshim_card *lock_card(std::unique_lock<std::mutex> &guard);
    void show(kshim_card *card);
    void hide(kshim_card *card);

    kshim_xenbus_device device = {};

  private:
    std::mutex store_lock_;
    std::map<std::string, std::string> store_;
    std::mutex grants_lock_;
    struct Grant {
        kshim_page *page;
        bool is_mapped = false;
        bool is_ended = false;
    };
    std::map<uint32_t, Grant> grants_;
    uint32_t next_reference_ = 8;
    std::mutex channels_lock_;
    std::map<uint32_t, kshim_event_channel *> channels_;
    uint32_t next_port_ = 17;
    std::mutex card_lock_;
    kshim_card *card_ = nullptr;
};

// One user of @card less; the last one frees it. Called without locks.
void put(kshim_card *card);

} // namespace xen_front::threads
