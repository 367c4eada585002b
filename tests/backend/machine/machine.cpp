// SPDX-License-Identifier: GPL-2.0-only
#include "machine/machine.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace sndback::fake {

namespace {

constexpr std::size_t memory_pages = 1U << 16;

} // namespace

Machine::Machine(const std::filesystem::path &directory)
    : socket_path_(directory / "machine"),
      memory_path_(directory / "memory"),
      listener_(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0))
{
    const int memory = open(memory_path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (ftruncate(memory, memory_pages * page_octets) != 0)
        throw std::runtime_error("no memory for the machine");
    memory_ = static_cast<std::byte *>(
        mmap(nullptr, memory_pages * page_octets, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0));
    close(memory);
    sockaddr_un address {};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket_path_.c_str(), sizeof(address.sun_path) - 1);
    if (bind(listener_, reinterpret_cast<sockaddr *>(&address), sizeof(address)) != 0 ||
        listen(listener_, 256) != 0 || pipe2(wake_, O_CLOEXEC | O_NONBLOCK) != 0)
        throw std::runtime_error("no socket for the machine");
    put("domid", "0");
    thread_ = std::thread([this] { run(); });
}

Machine::~Machine()
{
    stopping_ = true;
    wake();
    thread_.join();
    for (auto &[number, client] : clients_) {
        close(client.socket);
        if (client.event_socket >= 0)
            close(client.event_socket);
    }
    close(listener_);
    close(wake_[0]);
    close(wake_[1]);
    munmap(memory_, memory_pages * page_octets);
}

void Machine::wake()
{
    (void)!::write(wake_[1], "", 1);
}

void Machine::run()
{
    while (!stopping_) {
        std::vector<pollfd> descriptors { { listener_, POLLIN, 0 }, { wake_[0], POLLIN, 0 } };
        std::vector<int> numbers { 0, 0 };
        {
            const std::lock_guard lock(mutex_);
            for (auto &[number, client] : clients_) {
                descriptors.push_back({ client.socket, POLLIN, 0 });
                numbers.push_back(number);
                if (!client.events.empty()) {
                    descriptors.push_back({ client.event_socket, POLLOUT, 0 });
                    numbers.push_back(-number);
                }
            }
        }
        poll(descriptors.data(), descriptors.size(), -1);
        char octets[256];
        while (::read(wake_[0], octets, sizeof(octets)) > 0) {}
        const std::lock_guard lock(mutex_);
        if (descriptors[0].revents != 0) {
            const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
            clients_.emplace(next_client_, Client { socket, next_client_, -1, {}, {}, false });
            ++next_client_;
        }
        for (std::size_t index = 2; index < descriptors.size(); ++index) {
            const auto client = clients_.find(std::abs(numbers[index]));
            if (descriptors[index].revents == 0 || client == clients_.end())
                continue;
            if (numbers[index] < 0)
                flush(client->second);
            else
                serve(client->second);
        }
        changed_.notify_all();
    }
}

void Machine::put(const std::string &path, const std::string &value)
{
    for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1))
        nodes_.try_emplace(path.substr(0, at), "");
    nodes_[path] = value;
    ++changes_;
    fire(path);
}

void Machine::erase(const std::string &path)
{
    std::erase_if(nodes_, [&](const auto &node) {
        return node.first == path || node.first.starts_with(path + "/");
    });
    ++changes_;
    fire(path);
}

void Machine::fire(const std::string &path)
{
    for (const Watch &watch : watches_)
        if (path == watch.path || path.starts_with(watch.path + "/"))
            send_event(watch.client, path + '\0' + watch.token + '\0');
        else if (watch.path.starts_with(path + "/"))
            send_event(watch.client, watch.path + '\0' + watch.token + '\0');
}

void Machine::send_event(int number, const std::string &event)
{
    const auto client = clients_.find(number);
    if (client == clients_.end())
        return;
    // As xenstored: what is waiting already is not sent again.
    std::deque<std::string> &events = client->second.events;
    if (client->second.is_store && std::find(events.begin(), events.end(), event) != events.end())
        return;
    events.push_back(event);
    flush(client->second);
}

void Machine::flush(Client &client)
{
    while (!client.events.empty() && client.event_socket >= 0) {
        const std::string &event = client.events.front();
        if (send(client.event_socket, event.data(), event.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            break;
        client.events.pop_front();
    }
    if (!client.events.empty())
        wake();
}

void Machine::deliver(std::uint32_t number)
{
    Port &port = ports_.at(number);
    if (port.client == -1)
        return;
    if (std::exchange(port.masked, true)) {
        port.pending = true;
        return;
    }
    // The kernel has a ring of that size. What finds no room in it makes the handle useless: poll()
    // does not wait any more, and nothing can be read.
    constexpr unsigned most_unread = 64;
    Client &client = clients_.at(port.client);
    if (client.unread_ports++ < most_unread)
        send_event(port.client,
                   std::string(reinterpret_cast<const char *>(&number), sizeof(number)));
    else
        ++lost_notifications_;
}

void Machine::write(const std::string &path, const std::string &value)
{
    const std::lock_guard lock(mutex_);
    put(path, value);
}

void Machine::remove(const std::string &path)
{
    const std::lock_guard lock(mutex_);
    erase(path);
}

void Machine::keep(const std::string &path)
{
    const std::lock_guard lock(mutex_);
    kept_.insert(path);
}

std::optional<std::string> Machine::read(const std::string &path)
{
    const std::lock_guard lock(mutex_);
    const auto node = nodes_.find(path);
    return node == nodes_.end() ? std::nullopt : std::optional(node->second);
}

void Machine::introduce(unsigned domain, const std::string &name)
{
    const std::lock_guard lock(mutex_);
    domains_.insert(domain);
    const std::string home = "/local/domain/" + std::to_string(domain);
    put(home + "/name", name);
    put(home + "/vm", "/vm/00000000-0000-0000-0000-" +
                          std::string(12, '0').replace(10, 2, std::to_string(domain + 10)));
}

void Machine::release(unsigned domain)
{
    const std::lock_guard lock(mutex_);
    domains_.erase(domain);
    fire("@releaseDomain");
}

void Machine::break_store()
{
    const std::lock_guard lock(mutex_);
    for (auto &[number, client] : clients_)
        if (client.is_store) {
            shutdown(client.socket, SHUT_RDWR);
            if (client.event_socket >= 0)
                shutdown(client.event_socket, SHUT_RDWR);
        }
}

void Machine::refuse_writes(const std::string &path)
{
    const std::lock_guard lock(mutex_);
    refused_ = path;
}

void Machine::take_over(unsigned domain, Intrusion intrusion)
{
    const std::lock_guard lock(mutex_);
    intruders_[domain] = intrusion;
}

std::size_t Machine::watches(const std::string &path)
{
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(
        std::count_if(watches_.begin(), watches_.end(), [&](const Watch &watch) {
            return watch.path == path || watch.path.starts_with(path + "/");
        }));
}

void Machine::before_write(const std::string &path, std::function<void()> what)
{
    const std::lock_guard lock(mutex_);
    before_write_[path] = std::move(what);
}

Machine::Page Machine::grant_page(unsigned domain)
{
    const std::lock_guard lock(mutex_);
    if (next_page_ == memory_pages)
        throw std::runtime_error("the machine has no more pages");
    const std::uint32_t page = next_page_++;
    grants_[{ domain, page }] = page;
    return { page, memory_ + page * page_octets };
}

void Machine::revoke(unsigned domain, std::uint32_t grant)
{
    const std::lock_guard lock(mutex_);
    grants_.erase({ domain, grant });
}

std::uint32_t Machine::allocate_port(unsigned domain)
{
    const std::lock_guard lock(mutex_);
    ports_.emplace(next_port_, Port { domain });
    return next_port_++;
}

void Machine::notify(std::uint32_t port)
{
    const std::lock_guard lock(mutex_);
    if (ports_.contains(port))
        deliver(port);
}

std::uint64_t Machine::notifications(std::uint32_t port)
{
    const std::lock_guard lock(mutex_);
    return ports_.at(port).notified;
}

bool Machine::wait(const std::function<bool()> &condition, std::chrono::milliseconds patience)
{
    std::unique_lock lock(mutex_);
    const auto until = std::chrono::steady_clock::now() + patience;
    // Pages change without a call.
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= until)
            return false;
        changed_.wait_for(lock, std::chrono::milliseconds(5));
    }
    return true;
}

} // namespace sndback::fake
