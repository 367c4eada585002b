// SPDX-License-Identifier: GPL-2.0-only
//
// libxenstore, libxenevtchn and libxengnttab for a process that is started with LD_PRELOAD: they
// talk to the Machine of a test. Also what the machine's /etc/group is to say.
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

#include "machine/intruder.h"

namespace {

using namespace sndback::fake;

int connect_to_machine()
{
    const char *path = std::getenv(socket_variable);
    const int descriptor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    sockaddr_un address {};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path != nullptr ? path : "", sizeof(address.sun_path) - 1);
    if (connect(descriptor, reinterpret_cast<sockaddr *>(&address), sizeof(address)) == 0)
        return descriptor;
    close(descriptor);
    return -1;
}

bool send_request(int descriptor, Call call, std::uint32_t domain = 0, std::uint32_t number = 0,
                  const std::string &first = {}, const std::string &second = {})
{
    const Request request { call, domain, number, static_cast<std::uint32_t>(first.size()) };
    std::string packet(reinterpret_cast<const char *>(&request), sizeof(request));
    packet += first + second;
    return send(descriptor, packet.data(), packet.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(packet.size());
}

// One connection for questions and one, to be polled, for events.
class Connection {
  public:
    Connection(Call hello, Call hello_events)
        : questions_(connect_to_machine()), events_(connect_to_machine())
    {
        std::string text;
        const Reply reply = ask(hello, 0, 0, {}, {}, &text);
        (void)send_request(events_, hello_events, reply.number);
    }
    explicit Connection(Call hello) : questions_(connect_to_machine())
    {
        (void)ask(hello);
    }
    ~Connection()
    {
        close(questions_);
        if (events_ >= 0)
            close(events_);
    }

    [[nodiscard]] bool good() const
    {
        return questions_ >= 0;
    }
    // Given up by the library: nothing is asked any more.
    void give_up()
    {
        is_given_up_ = true;
    }
    [[nodiscard]] int events() const
    {
        return events_;
    }

    Reply ask(Call call, std::uint32_t domain = 0, std::uint32_t number = 0,
              const std::string &first = {}, const std::string &second = {},
              std::string *text = nullptr)
    {
        const std::lock_guard lock(mutex_);
        if (is_given_up_) {
            errno = EBADF;
            return { EBADF, 0 };
        }
        std::string packet(most_octets, '\0');
        ssize_t size = -1;
        if (send_request(questions_, call, domain, number, first, second))
            size = recv(questions_, packet.data(), packet.size(), 0);
        if (size < static_cast<ssize_t>(sizeof(Reply)))
            return { EIO, 0 };
        Reply reply {};
        std::memcpy(&reply, packet.data(), sizeof(reply));
        if (text != nullptr)
            *text = packet.substr(sizeof(reply), static_cast<std::size_t>(size) - sizeof(reply));
        errno = reply.error;
        return reply;
    }
    void tell(Call call, std::uint32_t number)
    {
        const std::lock_guard lock(mutex_);
        (void)send_request(questions_, call, 0, number);
    }
    // Nothing there: empty, with errno EAGAIN.
    std::string event()
    {
        std::string packet(8192, '\0');
        const ssize_t size = recv(events_, packet.data(), packet.size(), MSG_DONTWAIT);
        packet.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        if (size == 0)
            errno = EIO;
        return packet;
    }

  private:
    std::mutex mutex_;
    int questions_;
    int events_ = -1;
    bool is_given_up_ = false;
};

char *copy_text(const std::string &text)
{
    char *copy = static_cast<char *>(std::malloc(text.size() + 1));
    std::memcpy(copy, text.c_str(), text.size() + 1);
    return copy;
}

// One block of pointers, and behind them what they point to.
char **copy_texts(const std::vector<std::string> &texts)
{
    std::size_t size = texts.size() * sizeof(char *);
    for (const std::string &text : texts)
        size += text.size() + 1;
    char **block = static_cast<char **>(std::malloc(size + 1));
    char *at = reinterpret_cast<char *>(block + texts.size());
    for (std::size_t index = 0; index < texts.size(); ++index) {
        block[index] = at;
        std::memcpy(at, texts[index].c_str(), texts[index].size() + 1);
        at += texts[index].size() + 1;
    }
    return block;
}

std::vector<std::string> split(const std::string &text)
{
    std::vector<std::string> parts;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\0', at), text.size());
        parts.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return parts;
}

struct Grants : Connection {
    Grants() : Connection(Call::hello_grants), memory(-1)
    {
        if (const char *path = std::getenv(memory_variable))
            memory = open(path, O_RDWR | O_CLOEXEC);
    }
    int memory;
};

} // namespace

extern "C" {

// ---- libxenstore -----------------------------------------------------------------------------

Connection *xs_open(unsigned long)
{
    auto *connection = new Connection(Call::hello_store, Call::hello_store_events);
    if (connection->good())
        return connection;
    delete connection;
    errno = ECONNREFUSED;
    return nullptr;
}

void xs_close(Connection *handle)
{
    delete handle;
}

void *xs_read(Connection *handle, std::uint32_t, const char *path, unsigned *length)
{
    std::string value;
    if (handle->ask(Call::store_read, 0, 0, path, {}, &value).error != 0)
        return nullptr;
    *length = static_cast<unsigned>(value.size());
    return copy_text(value);
}

char **xs_directory(Connection *handle, std::uint32_t, const char *path, unsigned *count)
{
    std::string names;
    if (handle->ask(Call::store_list, 0, 0, path, {}, &names).error != 0)
        return nullptr;
    // As of oxenstored, which does not cut its answers to what libxenstore takes.
    constexpr std::size_t longest_answer = 4096;
    if (names.size() > longest_answer) {
        handle->give_up();
        errno = E2BIG;
        return nullptr;
    }
    const std::vector<std::string> parts = split(names);
    *count = static_cast<unsigned>(parts.size());
    return copy_texts(parts);
}

std::uint32_t xs_transaction_start(Connection *handle)
{
    return handle->ask(Call::store_begin).number;
}

bool xs_transaction_end(Connection *handle, std::uint32_t transaction, bool abort)
{
    return handle->ask(Call::store_end, abort ? 1 : 0, transaction).error == 0;
}

bool xs_write(Connection *handle, std::uint32_t transaction, const char *path, const void *data,
              unsigned length)
{
    return handle
               ->ask(Call::store_write, 0, transaction, path,
                     std::string(static_cast<const char *>(data), length))
               .error == 0;
}

bool xs_rm(Connection *handle, std::uint32_t transaction, const char *path)
{
    return handle->ask(Call::store_remove, 0, transaction, path).error == 0;
}

bool xs_watch(Connection *handle, const char *path, const char *token)
{
    return handle->ask(Call::store_watch, 0, 0, path, token).error == 0;
}

bool xs_unwatch(Connection *handle, const char *path, const char *token)
{
    return handle->ask(Call::store_unwatch, 0, 0, path, token).error == 0;
}

int xs_fileno(Connection *handle)
{
    return handle->events();
}

char **xs_check_watch(Connection *handle)
{
    const std::string event = handle->event();
    if (event.empty())
        return nullptr;
    return copy_texts(split(event));
}

bool xs_is_domain_introduced(Connection *handle, unsigned domain)
{
    return handle->ask(Call::store_alive, domain).error == 0;
}

// ---- libxenevtchn ----------------------------------------------------------------------------

Connection *xenevtchn_open(void *, unsigned)
{
    auto *connection = new Connection(Call::hello_channels, Call::hello_channel_events);
    if (connection->good())
        return connection;
    delete connection;
    errno = ENOENT;
    return nullptr;
}

int xenevtchn_close(Connection *handle)
{
    delete handle;
    return 0;
}

int xenevtchn_fd(Connection *handle)
{
    return handle->events();
}

int xenevtchn_restrict(Connection *handle, std::uint16_t domain)
{
    return handle->ask(Call::channel_restrict, domain).error == 0 ? 0 : -1;
}

int xenevtchn_bind_interdomain(Connection *handle, std::uint32_t domain, std::uint32_t port)
{
    const Reply reply = handle->ask(Call::channel_bind, domain, port);
    return reply.error == 0 ? static_cast<int>(reply.number) : -1;
}

int xenevtchn_notify(Connection *handle, std::uint32_t port)
{
    handle->tell(Call::channel_notify, port);
    return 0;
}

int xenevtchn_unbind(Connection *handle, std::uint32_t port)
{
    return handle->ask(Call::channel_unbind, 0, port).error == 0 ? 0 : -1;
}

int xenevtchn_pending(Connection *handle)
{
    const std::string event = handle->event();
    std::uint32_t port = 0;
    if (event.size() < sizeof(port))
        return -1;
    std::memcpy(&port, event.data(), sizeof(port));
    handle->tell(Call::channel_taken, port);
    return static_cast<int>(port);
}

int xenevtchn_unmask(Connection *handle, std::uint32_t port)
{
    handle->tell(Call::channel_unmask, port);
    return 0;
}

// ---- libxengnttab ----------------------------------------------------------------------------

Grants *xengnttab_open(void *, unsigned)
{
    auto *grants = new Grants;
    if (grants->good() && grants->memory >= 0)
        return grants;
    delete grants;
    errno = ENOENT;
    return nullptr;
}

int xengnttab_close(Grants *handle)
{
    delete handle;
    return 0;
}

void *xengnttab_map_domain_grant_refs(Grants *handle, std::uint32_t count, std::uint32_t domain,
                                      std::uint32_t *references, int protection)
{
    std::string pages;
    const std::string asked(reinterpret_cast<const char *>(references),
                            count * sizeof(std::uint32_t));
    const Reply reply = handle->ask(Call::grant_map, domain, count, asked, {}, &pages);
    if (reply.error != 0)
        return nullptr;
    if (const auto intrusion = static_cast<Intrusion>(reply.number); intrusion != Intrusion::none)
        intrude(intrusion, domain);
    void *area = mmap(nullptr, count * page_octets, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED)
        return nullptr;
    for (std::uint32_t index = 0; index < count; ++index) {
        std::uint32_t page = 0;
        std::memcpy(&page, pages.data() + index * sizeof(page), sizeof(page));
        if (mmap(static_cast<char *>(area) + index * page_octets, page_octets, protection,
                 MAP_SHARED | MAP_FIXED, handle->memory,
                 static_cast<off_t>(page * page_octets)) == MAP_FAILED)
            return nullptr;
    }
    return area;
}

int xengnttab_unmap(Grants *handle, void *address, std::uint32_t count)
{
    (void)handle->ask(Call::grant_unmap, 0, count);
    return munmap(address, count * page_octets);
}

// ---- the C library ---------------------------------------------------------------------------

// Every user is in one group that has to do with sound, and in one that has not.
int getgrouplist(const char *, gid_t primary, gid_t *groups, int *count)
{
    constexpr int present = 3;
    const bool fits = *count >= present;
    *count = present;
    if (!fits)
        return -1;
    groups[0] = primary;
    groups[1] = getgrnam("adm")->gr_gid;
    groups[2] = getgrnam("audio")->gr_gid;
    return present;
}

} // extern "C"
