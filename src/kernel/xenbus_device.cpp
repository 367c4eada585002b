// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/xenbus_device.hpp"

#include "base/checked.hpp"

namespace xen_front {

uint32_t XenbusDevice::number() const
{
    auto number = parse_decimal(index());
    return number.is_error() ? 0 : number.value();
}

Result<XenStoreValue> XenStoreValue::read(const char *directory, const char *node)
{
    char *data = nullptr;
    size_t size = 0;
    const int status =
        kshim_xenstore_read(KSHIM_XENSTORE_NO_TRANSACTION, directory, node, &data, &size);
    if (status < 0)
        return from_errno(status);
    return XenStoreValue(data, size);
}

Result<XenStoreListing> XenStoreListing::read(const char *directory, const char *node)
{
    char **names = nullptr;
    unsigned int count = 0;
    const int status =
        kshim_xenstore_list(KSHIM_XENSTORE_NO_TRANSACTION, directory, node, &names, &count);
    if (status < 0)
        return from_errno(status);
    return XenStoreListing(names, count);
}

XenStoreTransaction::~XenStoreTransaction()
{
    if (id_ != KSHIM_XENSTORE_NO_TRANSACTION)
        (void)Result<void>::from_status(kshim_xenstore_transaction_end(id_, true));
}

Result<XenStoreTransaction> XenStoreTransaction::start()
{
    uint32_t id = KSHIM_XENSTORE_NO_TRANSACTION;
    TRY(Result<void>::from_status(kshim_xenstore_transaction_start(&id)));
    return XenStoreTransaction(id);
}

Result<void> XenStoreTransaction::write(const char *directory, const char *node, const char *value)
{
    return Result<void>::from_status(kshim_xenstore_write(id_, directory, node, value));
}

Result<void> XenStoreTransaction::write(const char *directory, const char *node, uint32_t value)
{
    Text<12> text;
    text << value;
    return write(directory, node, text.c_string());
}

Result<void> XenStoreTransaction::commit()
{
    return Result<void>::from_status(
        kshim_xenstore_transaction_end(exchange(id_, KSHIM_XENSTORE_NO_TRANSACTION), false));
}

} // namespace xen_front
