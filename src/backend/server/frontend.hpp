// SPDX-License-Identifier: GPL-2.0-only
//
// One virtual sound card of one guest: the xenbus handshake and the streams.
#pragma once

#include "server/backoff.hpp"
#include "server/handshake.hpp"
#include "server/store.hpp"
#include "server/stream.hpp"

namespace sndback {

// What all cards share.
struct CardEnvironment {
    Store &store;
    StreamEnvironment streams;
    RequestBudget &connections; // of streams, apart from what those that play may ask for
    std::string own_path; // /local/domain/N
    std::optional<std::string> versions; // offered to frontends; nothing: no versions node
    std::function<void()> on_broken; // called from any thread when update() of some card is due
};

class Frontend {
  public:
    // What it takes to connect a stream and to close it, in requests: two pages are mapped, two
    // event channels are bound, a thread is started, and all that is undone. A guest can have its
    // card connected again as often as it changes its state.
    static constexpr unsigned connection_price = 32;

    // `domain` and `card` are the components of the backend directory backend/vsnd/<domain>/<card>.
    Frontend(CardEnvironment &environment, unsigned domain, unsigned card);
    ~Frontend();
    Frontend(const Frontend &) = delete;
    Frontend &operator=(const Frontend &) = delete;

    // Brings the card in line with XenStore. To be called when something below its directory or the
    // frontend's state node has changed, a stream is broken, or retry_at() has come. `stopping`:
    // the daemon ends.
    void update(bool stopping);

    // After update() has thrown: it is to be called again, after a pause that grows.
    void retry_later();

    // The rules are others: closes a connection with streams that had what is not granted any more.
    void apply_rules();

    // When update() is to be called without any event.
    [[nodiscard]] std::optional<Time> retry_at() const
    {
        return retry_at_;
    }

    // Whether the frontend still holds on to a connection.
    [[nodiscard]] bool attached() const
    {
        return is_attached(frontend_state_);
    }

  private:
    [[nodiscard]] bool must_leave() const;
    [[nodiscard]] xenbus_state own_state() const;
    [[nodiscard]] std::optional<std::string> find_frontend() const;
    void act(Action action);
    [[nodiscard]] bool may_connect();
    void reset();
    void close();
    void settle();
    void offer();
    void connect();
    void connect_streams(const CardConfig &card);
    void recheck();
    void remove();
    void fail(const std::string &reason);
    void set_state(xenbus_state state);
    void write_state();

    CardEnvironment &environment_;
    unsigned domain_;
    unsigned card_;
    std::string backend_path_;
    std::string frontend_path_; // empty until the toolstack has written it
    std::string state_path_; // of the frontend
    std::string error_path_;
    Phase phase_ = Phase::reset;
    std::optional<xenbus_state> unwritten_state_; // ours, which XenStore has refused
    unsigned closings_answered_ = 0; // while the frontend stands in Closing
    xenbus_state frontend_state_ = XenbusStateUnknown;
    // When a frontend that has failed to connect is offered the next connection.
    Backoff backoff_ { std::chrono::seconds(1), std::chrono::seconds(32) };
    std::optional<Time> retry_at_;
    std::vector<std::unique_ptr<Stream>> streams_;
    std::shared_ptr<void> sabotage_; // nullptr: honest, or not connected yet
};

} // namespace sndback
