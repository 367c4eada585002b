// SPDX-License-Identifier: GPL-2.0-only
#include "attack/stored_card.h"

#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <thread>

// The header does not say that the library is C.
extern "C" {
#include <xenstore.h>
}

#include "attack/restoration.h"

namespace sndback {

namespace {

struct Free {
    void operator()(void *memory) const
    {
        std::free(memory);
    }
};

} // namespace

void StoredCard::Closer::operator()(xs_handle *handle) const
{
    xs_close(handle);
}

StoredCard::StoredCard(std::string backend_path, std::string frontend_path)
    : StoreTarget(std::move(backend_path), std::move(frontend_path)), handle_(xs_open(0))
{
    if (handle_ == nullptr)
        throw std::runtime_error("cannot reach the XenStore daemon");
    remember(backend());
    remember(frontend());
    for (const auto &[path, node] : nodes_)
        if (path.starts_with(frontend() + "/") && !is_live(path) && children(path).empty() &&
            !path.ends_with("/backend") && !path.ends_with("/backend-id"))
            configuration_.push_back(path);
}

StoredCard::~StoredCard()
{
    remove_strangers(backend());
    remove_strangers(frontend());
    // Parents come before their children: the order of the paths.
    for (const auto &[path, node] : nodes_)
        restore(path, node);
}

void StoredCard::remember(const std::string &path)
{
    unsigned length = 0;
    const std::unique_ptr<void, Free> value(
        xs_read(handle_.get(), XBT_NULL, path.c_str(), &length));
    unsigned count = 0;
    const std::unique_ptr<xs_permissions, Free> permissions(
        xs_get_permissions(handle_.get(), XBT_NULL, path.c_str(), &count));
    if (value == nullptr || permissions == nullptr)
        return;
    Node &node = nodes_[path];
    node.value.assign(static_cast<const char *>(value.get()), length);
    for (unsigned i = 0; i < count; i++)
        node.permissions.push_back({ permissions.get()[i].id, permissions.get()[i].perms });
    for (const std::string &child : children(path))
        remember(path + "/" + child);
}

std::vector<std::string> StoredCard::children(const std::string &path) const
{
    unsigned count = 0;
    const std::unique_ptr<char *, Free> names(
        xs_directory(handle_.get(), XBT_NULL, path.c_str(), &count));
    if (names == nullptr)
        return {};
    return { names.get(), names.get() + count };
}

void StoredCard::remove_strangers(const std::string &path)
{
    for (const std::string &child : children(path)) {
        const std::string below = path + "/" + child;
        if (nodes_.contains(below))
            remove_strangers(below);
        else if (!is_live(below))
            remove(below);
    }
}

void StoredCard::restore(const std::string &path, const Node &node)
{
    unsigned length = 0;
    const std::unique_ptr<void, Free> now(xs_read(handle_.get(), XBT_NULL, path.c_str(), &length));
    std::optional<std::string_view> present;
    if (now != nullptr)
        present = std::string_view(static_cast<const char *>(now.get()), length);
    const auto value = value_to_restore(frontend(), path, node.value, present);
    if (!value)
        return;
    write(path, *value);
    std::vector<xs_permissions> permissions;
    for (const Permissions &entry : node.permissions)
        permissions.push_back({ entry.id, entry.bits });
    (void)xs_set_permissions(handle_.get(), XBT_NULL, path.c_str(), permissions.data(),
                             static_cast<unsigned>(permissions.size()));
}

void StoredCard::write(const std::string &path, const std::string &value)
{
    (void)xs_write(handle_.get(), XBT_NULL, path.c_str(), value.data(),
                   static_cast<unsigned>(value.size()));
}

void StoredCard::remove(const std::string &path)
{
    (void)xs_rm(handle_.get(), XBT_NULL, path.c_str());
}

void StoredCard::pause(unsigned milliseconds)
{
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

} // namespace sndback
