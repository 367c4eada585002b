// SPDX-License-Identifier: GPL-2.0-only
//
// One connected stream: its shared pages, its event channels and the thread that serves them.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <thread>

#include "audio/file.hpp"
#include "protocol/event_page.hpp"
#include "protocol/request_ring.hpp"
#include "server/real_time_share.hpp"
#include "server/request_budget.hpp"
#include "server/sabotage.hpp"
#include "server/session.hpp"
#include "xenlib/event_channel_pool.hpp"

namespace sndback {

// What all streams share.
struct StreamEnvironment {
    TraceFile &trace;
    StatisticsTable &statistics;
    DeviceFactory &devices;
    GuestMemory &memory;
    EventChannelPool &channels;
    RequestBudget &budget;
    RealTimeShare &real_time;
    Session::Settings settings;
    unsigned realtime_priority = 0; // 0: scheduled like others
    std::chrono::microseconds respond_delay {}; // between taking a request and answering it
    Sabotage *sabotage = nullptr; // nullptr: honest
};

class Stream {
  public:
    // Maps, binds and starts to serve. `on_broken` is called, from the stream's thread, when the
    // frontend has made the connection unusable. Throws std::runtime_error, ProtocolBroken
    // included.
    Stream(StreamConfig config, StreamName name, const StreamEnvironment &environment,
           std::function<void()> on_broken);
    // Ends the thread and closes what is open.
    ~Stream();
    Stream(const Stream &) = delete;
    Stream &operator=(const Stream &) = delete;

    [[nodiscard]] const Transport &transport() const
    {
        return config_.transport;
    }
    // The rules are others. Whether they have taken away what it may capture from, or all that it
    // had. From one thread.
    [[nodiscard]] bool is_revoked();
    [[nodiscard]] bool broken() const
    {
        return broken_;
    }

  private:
    struct Pending {
        xensnd_req request;
        Time answer_at;
    };
    // The order of the descriptors that are always there.
    enum Descriptor : std::size_t {
        stop_descriptor,
        notification_descriptor,
        timer_descriptor,
        device_descriptors
    };

    void run() noexcept;
    void choose_scheduling();
    void serve();
    void service_device(std::span<pollfd> ready);
    void send_position(std::uint64_t position);
    // All of them, or those before the first that is another `operation`.
    void answer_requests(std::optional<unsigned> operation);
    // Returns whether requests may be waiting.
    [[nodiscard]] bool serve_requests();
    [[nodiscard]] bool answer_next();
    void put_answer(const xensnd_req &request, Answer &answer);
    [[nodiscard]] bool is_end_queued() const;
    [[nodiscard]] std::optional<Time> next_deadline();
    void sleep(bool busy);
    [[nodiscard]] Time patience(Time now);
    void take_notifications();
    [[nodiscard]] bool is_throttled();
    void charge(std::uint64_t requests);

    StreamConfig config_;
    DeviceFactory &devices_;
    std::string granted_; // its device, by the rules that it knows
    std::chrono::microseconds respond_delay_;
    std::function<void()> on_broken_;
    Journal journal_;
    RequestBudget &budget_;
    RealTimeShare &real_time_;
    unsigned realtime_priority_;
    BorrowedChannels channels_;
    std::unique_ptr<GuestPages> ring_page_;
    std::unique_ptr<GuestPages> event_page_;
    RequestRing ring_;
    EventPage events_;
    unsigned request_port_;
    unsigned event_port_;
    Session session_;
    std::unique_ptr<StreamSabotage> sabotage_; // nullptr: honest
    File timer_;
    File stop_event_;
    std::deque<Pending> queue_; // taken and not answered, in order
    bool is_guest_waiting_ = false; // it was to be notified of the last answer
    std::optional<Time> look_at_; // at the ring, of which no notification is wanted
    std::optional<Time> throttled_until_; // the guest has asked for more than its quota
    Time charged_time_ {}; // of a processor, of the thread
    bool is_in_real_time_ = false;
    std::optional<Time> ordinary_until_; // the guest has taken more than its share of real time
    std::optional<std::uint64_t> unsent_position_; // the event page was full
    std::vector<pollfd> descriptors_; // stop, notifications, timer, then those of the device
    std::atomic<bool> stopping_ { false };
    std::atomic<bool> broken_ { false };
    std::thread thread_;
};

} // namespace sndback
