// SPDX-License-Identifier: GPL-2.0-only
#include "xenlib/grants.h"

#include <sys/mman.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "attack/stream_target.h"

// The header does not say that the library is C.
extern "C" {
#include <xengnttab.h>
}

namespace sndback {

namespace {

// Stays mapped when it should not be any more.
class KeptGrants final : public GuestPages {
  public:
    explicit KeptGrants(std::span<std::byte> bytes) : bytes_(bytes)
    {
    }
    ~KeptGrants() override
    {
        KeptPages::add(bytes_);
    }
    KeptGrants(const KeptGrants &) = delete;
    KeptGrants &operator=(const KeptGrants &) = delete;

    [[nodiscard]] std::span<std::byte> bytes() const override
    {
        return bytes_;
    }

  private:
    std::span<std::byte> bytes_;
};

class MappedGrants final : public GuestPages {
  public:
    MappedGrants(xengnttab_handle *handle, void *address, std::size_t pages)
        : handle_(handle), address_(address), pages_(pages)
    {
    }
    ~MappedGrants() override
    {
        (void)xengnttab_unmap(handle_, address_, static_cast<std::uint32_t>(pages_));
    }
    MappedGrants(const MappedGrants &) = delete;
    MappedGrants &operator=(const MappedGrants &) = delete;

    [[nodiscard]] std::span<std::byte> bytes() const override
    {
        return { static_cast<std::byte *>(address_), pages_ * page_size };
    }

  private:
    xengnttab_handle *handle_;
    void *address_;
    std::size_t pages_;
};

} // namespace

void GrantMapper::Closer::operator()(xengntdev_handle *handle) const
{
    xengnttab_close(handle);
}

GrantMapper::GrantMapper(unsigned domain, bool keeps_mappings)
    : domain_(domain), keeps_mappings_(keeps_mappings), handle_(xengnttab_open(nullptr, 0))
{
    if (handle_ == nullptr)
        throw std::runtime_error(
            fmt::format("cannot open /dev/xen/gntdev (is the module xen-gntdev loaded?): {}",
                        std::generic_category().message(errno)));
}

std::unique_ptr<GuestPages> GrantMapper::map(std::span<const grant_ref_t> grants)
{
    std::vector<std::uint32_t> references(grants.begin(), grants.end());
    void *address = xengnttab_map_domain_grant_refs(
        handle_.get(), static_cast<std::uint32_t>(references.size()), domain_, references.data(),
        PROT_READ | PROT_WRITE);
    if (address == nullptr)
        throw std::runtime_error(
            fmt::format("cannot map {} granted pages of domain {}, the first being grant {}: {}",
                        references.size(), domain_, references.front(),
                        std::generic_category().message(errno)));
    if (keeps_mappings_)
        return std::make_unique<KeptGrants>(
            std::span(static_cast<std::byte *>(address), references.size() * page_size));
    return std::make_unique<MappedGrants>(handle_.get(), address, references.size());
}

} // namespace sndback
