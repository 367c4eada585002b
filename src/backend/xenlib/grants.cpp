// SPDX-License-Identifier: GPL-2.0-only
#include "xenlib/grants.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include <fmt/core.h>

// The header does not say that the library is C.
extern "C" {
#include <xengnttab.h>
}

namespace sndback {

namespace {

class MappedGrants final : public GuestPages {
  public:
    MappedGrants(xengnttab_handle *handle, void *address, std::size_t pages,
                 std::atomic<std::size_t> &mapped)
        : handle_(handle), address_(address), pages_(pages), mapped_(mapped)
    {
    }
    ~MappedGrants() override
    {
        (void)xengnttab_unmap(handle_, address_, static_cast<std::uint32_t>(pages_));
        mapped_ -= pages_;
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
    std::atomic<std::size_t> &mapped_;
};

} // namespace

void GrantMapper::Closer::operator()(xengntdev_handle *handle) const
{
    xengnttab_close(handle);
}

GrantMapper::GrantMapper(unsigned domain) : domain_(domain), handle_(xengnttab_open(nullptr, 0))
{
    if (handle_ == nullptr)
        throw std::runtime_error(
            fmt::format("cannot open /dev/xen/gntdev (is the module xen-gntdev loaded?): {}",
                        std::generic_category().message(errno)));
}

std::unique_ptr<GuestPages> GrantMapper::map(std::span<const grant_ref_t> grants)
{
    if (mapped_.fetch_add(grants.size()) + grants.size() > limit_) {
        mapped_ -= grants.size();
        throw MappingRefused(fmt::format("{} pages more would be mapped than this guest's quota of "
                                         "{} leaves",
                                         grants.size(), limit_.load()));
    }
    std::vector<std::uint32_t> references(grants.begin(), grants.end());
    void *address = xengnttab_map_domain_grant_refs(
        handle_.get(), static_cast<std::uint32_t>(references.size()), domain_, references.data(),
        PROT_READ | PROT_WRITE);
    if (address == nullptr) {
        mapped_ -= grants.size();
        throw std::runtime_error(
            fmt::format("cannot map {} granted pages of domain {}, the first being grant {}: {}",
                        references.size(), domain_, references.front(),
                        std::generic_category().message(errno)));
    }
    return std::make_unique<MappedGrants>(handle_.get(), address, references.size(), mapped_);
}

} // namespace sndback
