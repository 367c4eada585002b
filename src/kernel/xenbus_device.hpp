// SPDX-License-Identifier: GPL-2.0-only
// The device on the Xen bus, its log and its corner of XenStore.
#pragma once

#include "base/strong.hpp"
#include "base/text.hpp"
#include "kernel/memory.hpp"
#include "kshim/log.h"
#include "kshim/xenbus.h"
#include "kshim/xenstore.h"

namespace xen_front {

// Not an owner: the bus has it until its removal, and HeldDevice for longer.
class XenbusDevice {
  public:
    explicit XenbusDevice(kshim_xenbus_device *device) : device_(device)
    {
    }

    const char *path() const
    {
        return kshim_xenbus_path(device_);
    }
    // The last part of the path: the number of the card among the guest's.
    StringView index() const
    {
        StringView rest = path();
        for (size_t at = rest.find('/'); at < rest.size(); at = rest.find('/'))
            rest = rest.slice(at + 1);
        return rest;
    }
    // The same as a number; 0 when it is none.
    uint32_t number() const;
    const char *backend_path() const
    {
        return kshim_xenbus_other_path(device_);
    }
    DomainId backend_domain() const
    {
        return DomainId(kshim_xenbus_other_domain(device_));
    }
    kshim_xenbus_device *handle() const
    {
        return device_;
    }

    // The driver's object for this device.
    void set_context(void *context)
    {
        kshim_xenbus_set_context(device_, context);
    }
    void *context() const
    {
        return kshim_xenbus_context(device_);
    }

    // Publishes @state (enum xenbus_state). Context: may sleep.
    void switch_state(unsigned int state)
    {
        kshim_xenbus_switch_state(device_, state);
    }
    // As kshim_xenbus_settle_state(). Context: that of xen_front_backend_changed(), or of
    // xen_front_shutdown().
    void settle_state()
    {
        kshim_xenbus_settle_state(device_);
    }
    // Reports in the kernel log and in XenStore's error node. Context: may sleep.
    void report(Error error, const TextBuilder &text)
    {
        kshim_xenbus_error(device_, to_errno(error), text.c_string());
    }
    // One line in the kernel log. Context: any.
    void log(kshim_log_level level, const TextBuilder &text) const
    {
        kshim_log(device_, level, text.c_string());
    }

  private:
    kshim_xenbus_device *device_;
};

// Keeps a device past its removal: path(), index(), number(), backend_domain() and log() go on
// working. For what applications can hold open.
class HeldDevice {
  public:
    explicit HeldDevice(XenbusDevice device) : device_(device.handle())
    {
        kshim_xenbus_hold(device_);
    }
    HeldDevice(const HeldDevice &) = delete;
    HeldDevice &operator=(const HeldDevice &) = delete;
    ~HeldDevice()
    {
        kshim_xenbus_release(device_);
    }

  private:
    kshim_xenbus_device *device_;
};

// A value read from XenStore. Any bytes, of any length: another domain may have written them.
class XenStoreValue {
  public:
    XenStoreValue(XenStoreValue &&other) : data_(exchange(other.data_, nullptr)), size_(other.size_)
    {
    }
    XenStoreValue &operator=(XenStoreValue &&) = delete;
    ~XenStoreValue()
    {
        kshim_free(data_);
    }

    // NoEntry when there is no such node. Context: may sleep.
    static Result<XenStoreValue> read(const char *directory, const char *node);
    StringView view() const
    {
        return { data_, size_ };
    }

  private:
    XenStoreValue(char *data, size_t size) : data_(data), size_(size)
    {
    }

    char *data_;
    size_t size_;
};

// The names of the children of a directory.
class XenStoreListing {
  public:
    XenStoreListing(XenStoreListing &&other)
        : names_(exchange(other.names_, nullptr)), count_(other.count_)
    {
    }
    XenStoreListing &operator=(XenStoreListing &&) = delete;
    ~XenStoreListing()
    {
        kshim_free(names_);
    }

    // NoEntry when there is no such directory. Context: may sleep.
    static Result<XenStoreListing> read(const char *directory, const char *node);
    size_t size() const
    {
        return count_;
    }
    StringView operator[](size_t index) const
    {
        return names_[index];
    }

  private:
    XenStoreListing(char **names, size_t count) : names_(names), count_(count)
    {
    }

    char **names_;
    size_t count_;
};

// Writes that become visible together. Aborted unless committed. Errors are XenStore's. Context:
// may sleep.
class XenStoreTransaction {
  public:
    XenStoreTransaction(XenStoreTransaction &&other) : id_(exchange(other.id_, 0u))
    {
    }
    XenStoreTransaction &operator=(XenStoreTransaction &&) = delete;
    ~XenStoreTransaction();

    static Result<XenStoreTransaction> start();
    Result<void> write(const char *directory, const char *node, const char *value);
    Result<void> write(const char *directory, const char *node, uint32_t value);
    // TryAgain when another client changed the same nodes: start over.
    Result<void> commit();

  private:
    explicit XenStoreTransaction(uint32_t id) : id_(id)
    {
    }

    uint32_t id_; // KSHIM_XENSTORE_NO_TRANSACTION once ended
};

} // namespace xen_front
