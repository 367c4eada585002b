// SPDX-License-Identifier: GPL-2.0-only
//
// Xen as far as a backend needs it: XenStore, event channels, granted pages. The process under test
// reaches it by fake_libraries.cpp, the test directly.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "machine/wire.h"
#include "machine/xen.h"

namespace sndback::fake {

class Machine final : public Xen {
  public:
    // Sockets and memory lie in that directory.
    explicit Machine(const std::filesystem::path &directory);
    ~Machine() override;
    Machine(const Machine &) = delete;
    Machine &operator=(const Machine &) = delete;

    [[nodiscard]] std::string socket_path() const
    {
        return socket_path_;
    }
    [[nodiscard]] std::string memory_path() const
    {
        return memory_path_;
    }

    // ---- XenStore ----
    void write(const std::string &path, const std::string &value) override;
    void remove(const std::string &path) override;
    // The toolstack's own node, which the backend may not remove.
    void keep(const std::string &path);
    [[nodiscard]] std::optional<std::string> read(const std::string &path) override;
    void introduce(unsigned domain, const std::string &name) override;
    void release(unsigned domain) override;
    // xenstored is killed.
    void break_store();
    // The backend may not write below that node: its quota, for one, is used up.
    void refuse_writes(const std::string &path);
    // That the backend has on that node, and on those below it.
    [[nodiscard]] std::size_t watches(const std::string &path);
    // Done once, at the moment at which the backend is about to write that node.
    void before_write(const std::string &path, std::function<void()> what);

    // ---- pages ----
    [[nodiscard]] Page grant_page(unsigned domain) override;
    void revoke(unsigned domain, std::uint32_t grant) override;
    [[nodiscard]] unsigned mapped_pages() const
    {
        return mapped_pages_;
    }

    // A worker that maps pages of that domain is taken over by it.
    void take_over(unsigned domain, Intrusion intrusion);

    // ---- event channels ----
    [[nodiscard]] std::uint32_t allocate_port(unsigned domain) override;
    void notify(std::uint32_t port) override;
    // How often the backend has notified the port.
    [[nodiscard]] std::uint64_t notifications(std::uint32_t port);
    // How often the backend has bound a port.
    [[nodiscard]] unsigned binds() const
    {
        return binds_;
    }
    // Of those for the backend, which has let its handles run over.
    [[nodiscard]] unsigned lost_notifications() const
    {
        return lost_notifications_;
    }

    bool wait(const std::function<bool()> &condition,
              std::chrono::milliseconds patience = std::chrono::seconds(60)) override;

    // Calls from the process under test, of all kinds, since the start.
    [[nodiscard]] std::uint64_t calls() const
    {
        return calls_;
    }

  private:
    struct Client {
        int socket;
        int number;
        int event_socket = -1;
        std::deque<std::string> events; // not taken yet
        std::optional<std::uint32_t> domain; // restricted to
        unsigned unread_ports = 0;
        bool is_store = false;
    };
    struct Watch {
        int client;
        std::string path;
        std::string token;
    };
    struct Port {
        unsigned domain;
        int client = -1; // that has bound it
        bool masked = false;
        bool pending = false;
        std::uint64_t notified = 0;
    };

    // Of XenStore: what is to be written if no other client writes until its end.
    struct Transaction {
        std::uint64_t begun;
        std::vector<std::pair<std::string, std::optional<std::string>>> writes; // nothing: removed
    };

    void run();
    void serve(Client &client);
    [[nodiscard]] std::pair<Reply, std::string> answer(Client &client, const Request &request,
                                                       const std::string &first,
                                                       const std::string &second);
    [[nodiscard]] int write_for_backend(const std::string &path,
                                        const std::optional<std::string> &value,
                                        std::uint32_t transaction);
    void change(const std::string &path, const std::optional<std::string> &value);
    [[nodiscard]] int end_transaction(std::uint32_t number, bool is_given_up);
    [[nodiscard]] std::pair<Reply, std::string> map(Client &client, const Request &request,
                                                    const std::string &text);
    void put(const std::string &path, const std::string &value);
    void erase(const std::string &path);
    void fire(const std::string &path);
    void send_event(int client, const std::string &event);
    void flush(Client &client);
    void deliver(std::uint32_t number);
    void wake();

    std::string socket_path_;
    std::string memory_path_;
    int listener_;
    int wake_[2];
    std::byte *memory_;
    std::atomic<bool> stopping_ { false };
    std::atomic<unsigned> mapped_pages_ { 0 };
    std::atomic<std::uint64_t> calls_ { 0 };
    std::atomic<unsigned> binds_ { 0 };
    std::atomic<unsigned> lost_notifications_ { 0 };

    std::recursive_mutex mutex_;
    std::condition_variable_any changed_;
    std::map<std::string, std::string> nodes_;
    std::set<std::string> kept_;
    std::vector<Watch> watches_;
    std::map<std::uint32_t, Transaction> transactions_;
    std::uint32_t next_transaction_ = 1;
    std::uint64_t changes_ = 0; // of nodes
    std::map<std::string, std::function<void()>> before_write_;
    std::string refused_; // what the backend may not write begins with; empty: it may
    std::set<unsigned> domains_;
    std::map<unsigned, Intrusion> intruders_; // by domain
    std::map<int, Client> clients_; // by number
    std::map<std::pair<unsigned, std::uint32_t>, std::uint32_t> grants_; // domain, grant -> page
    std::map<std::uint32_t, Port> ports_;
    std::uint32_t next_page_ = 16;
    std::uint32_t next_port_ = 1;
    int next_client_ = 1;
    std::thread thread_;
};

} // namespace sndback::fake
