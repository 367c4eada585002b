// SPDX-License-Identifier: GPL-2.0-only
#include "threads/kernel.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "kshim/log.h"
#include "kshim/memory.h"
#include "kshim/module.h"
#include "kshim/xenbus.h"
#include "kshim/xenstore.h"

namespace xen_front::threads {

Kernel &Kernel::instance()
{
    static Kernel kernel;
    return kernel;
}

void Kernel::set(const std::string &path, const std::string &value)
{
    const std::lock_guard guard(store_lock_);
    store_[path] = value;
}

std::string Kernel::get(const std::string &path)
{
    const std::lock_guard guard(store_lock_);
    const auto found = store_.find(path);
    return found == store_.end() ? "" : found->second;
}

std::vector<std::string> Kernel::children(const std::string &directory)
{
    const std::lock_guard guard(store_lock_);
    std::vector<std::string> names;
    for (const auto &[path, value] : store_) {
        if (!path.starts_with(directory + "/"))
            continue;
        const std::string rest = path.substr(directory.size() + 1);
        const std::string name = rest.substr(0, rest.find('/'));
        if (names.empty() || names.back() != name)
            names.push_back(name);
    }
    return names;
}

uint32_t Kernel::grant(kshim_page *page)
{
    const std::lock_guard guard(grants_lock_);
    grants_[next_reference_] = { .page = page };
    return next_reference_++;
}

void *Kernel::map(uint32_t reference)
{
    const std::lock_guard guard(grants_lock_);
    const auto found = grants_.find(reference);
    if (found == grants_.end() || found->second.is_ended)
        return nullptr;
    found->second.is_mapped = true;
    return found->second.page->bytes;
}

void Kernel::unmap(uint32_t reference)
{
    const std::lock_guard guard(grants_lock_);
    Grant &grant = grants_.at(reference);
    grant.is_mapped = false;
    if (!grant.is_ended)
        return;
    delete grant.page;
    grants_.erase(reference);
}

bool Kernel::end_grant(uint32_t reference, bool is_waiting)
{
    const std::lock_guard guard(grants_lock_);
    Grant &grant = grants_.at(reference);
    if (grant.is_mapped) {
        grant.is_ended = is_waiting;
        return is_waiting;
    }
    delete grant.page;
    grants_.erase(reference);
    return true;
}

void Kernel::add(kshim_event_channel *channel)
{
    const std::lock_guard guard(channels_lock_);
    channel->port = next_port_++;
    channels_[channel->port] = channel;
}

void Kernel::remove(kshim_event_channel *channel)
{
    const std::lock_guard guard(channels_lock_);
    channels_.erase(channel->port);
}

void Kernel::raise(uint32_t port)
{
    std::unique_lock<std::mutex> running;
    kshim_event_channel *channel = nullptr;
    {
        const std::lock_guard guard(channels_lock_);
        const auto found = channels_.find(port);
        if (found == channels_.end())
            return;
        channel = found->second;
        running = std::unique_lock(channel->is_running);
    }
    channel->handler(channel->context);
}

} // namespace xen_front::threads

using xen_front::threads::Kernel;

// ---- memory, pages, event channels ----

void *kshim_alloc(size_t size)
{
    return std::calloc(1, size);
}

void kshim_free(const void *memory)
{
    std::free(const_cast<void *>(memory));
}

kshim_page *kshim_page_alloc(void)
{
    return new kshim_page();
}

void kshim_page_free(kshim_page *page)
{
    delete page;
}

void *kshim_page_address(kshim_page *page)
{
    return page->bytes;
}

void kshim_page_touch(kshim_page *page)
{
    (void)page;
}

// No test looks at the audio itself: any address but null will do.
void *kshim_pages_map(kshim_page **pages, unsigned int)
{
    return pages[0]->bytes;
}

void kshim_pages_unmap(void *)
{
}

unsigned int kshim_grants_max()
{
    return 32768;
}

int kshim_grant(uint16_t, kshim_page *page, uint32_t *reference)
{
    *reference = Kernel::instance().grant(page);
    return 0;
}

int kshim_grant_renew(uint16_t, kshim_page *page, uint32_t *reference)
{
    const uint32_t old = *reference;
    *reference = Kernel::instance().grant(page);
    Kernel::instance().forget_grant(old);
    return 0;
}

bool kshim_grant_try_end(uint32_t reference, kshim_page *)
{
    return Kernel::instance().end_grant(reference, false);
}

void kshim_grant_end(uint32_t reference, kshim_page *)
{
    Kernel::instance().end_grant(reference, true);
}

int kshim_event_channel_open(kshim_xenbus_device *, const char *, kshim_event_handler handler,
                             void *context, kshim_event_channel **result)
{
    auto *channel = new kshim_event_channel { handler, context, 0, {}, false };
    Kernel::instance().add(channel);
    *result = channel;
    return 0;
}

uint32_t kshim_event_channel_port(const kshim_event_channel *channel)
{
    return channel->port;
}

// The backend looks for requests all the time.
void kshim_event_channel_notify(kshim_event_channel *)
{
}

// No application here has period wake-ups switched off.
void kshim_event_channel_mask(kshim_event_channel *)
{
    std::abort();
}

void kshim_event_channel_unmask(kshim_event_channel *)
{
    std::abort();
}

void kshim_event_channel_synchronize(kshim_event_channel *channel)
{
    const std::lock_guard guard(channel->is_running);
}

void kshim_event_channel_close(kshim_event_channel *channel)
{
    Kernel::instance().remove(channel);
    kshim_event_channel_synchronize(channel);
    delete channel;
}

// ---- the bus, XenStore, log ----

void kshim_xenbus_hold(kshim_xenbus_device *)
{
}

void kshim_xenbus_release(kshim_xenbus_device *)
{
}

const char *kshim_xenbus_path(const kshim_xenbus_device *)
{
    return "device/vsnd/0";
}

const char *kshim_xenbus_other_path(const kshim_xenbus_device *)
{
    return "backend/vsnd/1/0";
}

uint16_t kshim_xenbus_other_domain(const kshim_xenbus_device *)
{
    return 0;
}

void kshim_xenbus_set_context(kshim_xenbus_device *device, void *context)
{
    device->context = context;
}

void *kshim_xenbus_context(const kshim_xenbus_device *device)
{
    return device->context;
}

void kshim_xenbus_switch_state(kshim_xenbus_device *, unsigned int state)
{
    Kernel::instance().set("device/vsnd/0/state", std::to_string(state));
}

void kshim_xenbus_settle_state(kshim_xenbus_device *)
{
}

void kshim_xenbus_error(kshim_xenbus_device *, int, const char *)
{
}

void kshim_log(kshim_xenbus_device *, kshim_log_level, const char *)
{
}

unsigned int kshim_module_request_timeout_ms(void)
{
    // Real time: a test on a busy machine is not to be taken for a dead backend.
    return 10000;
}

unsigned int kshim_module_reconnect_timeout_ms(void)
{
    return 0; // for ever: real time
}

unsigned int kshim_module_period_min_us(void)
{
    return 500;
}

unsigned int kshim_module_position_step_us(void)
{
    return 5000;
}

int kshim_xenstore_read(uint32_t, const char *directory, const char *node, char **value,
                        size_t *length)
{
    const std::string text = Kernel::instance().get(std::string(directory) + "/" + node);
    if (text.empty())
        return -ENOENT;
    *value = strdup(text.c_str());
    *length = text.size();
    return 0;
}

int kshim_xenstore_list(uint32_t, const char *directory, const char *node, char ***names,
                        unsigned int *count)
{
    std::string path = directory;
    if (*node != '\0')
        path += std::string("/") + node;
    const auto children = Kernel::instance().children(path);
    size_t size = 0;
    for (const std::string &child : children)
        size += sizeof(char *) + child.size() + 1;
    auto **list = static_cast<char **>(std::calloc(1, size + 1));
    char *text = reinterpret_cast<char *>(list + children.size());
    for (size_t i = 0; i < children.size(); i++) {
        list[i] = text;
        text = stpcpy(text, children[i].c_str()) + 1;
    }
    *names = list;
    *count = static_cast<unsigned int>(children.size());
    return 0;
}

int kshim_xenstore_write(uint32_t, const char *directory, const char *node, const char *value)
{
    Kernel::instance().set(std::string(directory) + "/" + node, value);
    return 0;
}

int kshim_xenstore_transaction_start(uint32_t *transaction)
{
    *transaction = 1;
    return 0;
}

int kshim_xenstore_transaction_end(uint32_t, bool)
{
    return 0;
}
