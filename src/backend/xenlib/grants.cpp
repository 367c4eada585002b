// SPDX-License-Identifier: GPL-2.0-only
#include "xenlib/grants.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <vector>

#include <fmt/core.h>

// The header does not say that the library is C.
extern "C" {
#include <xengnttab.h>
}

namespace sndback {

namespace {

class MappedGrants final : public GuestPages {
  public:
    // Counts its pages in `mapped` until it is destroyed. map() maps them.
    MappedGrants(xengnttab_handle *handle, std::size_t pages, std::atomic<std::size_t> &mapped)
        : handle_(handle), pages_(pages), mapped_(mapped), total_(mapped.fetch_add(pages) + pages)
    {
    }
    ~MappedGrants() override
    {
        if (address_ != nullptr)
            (void)xengnttab_unmap(handle_, address_, static_cast<std::uint32_t>(pages_));
        mapped_ -= pages_;
    }
    // The pages of all mappings, as it was made.
    [[nodiscard]] std::size_t total() const
    {
        return total_;
    }
    [[nodiscard]] bool map(unsigned domain, std::span<const grant_ref_t> grants)
    {
        std::vector<std::uint32_t> references(grants.begin(), grants.end());
        address_ =
            xengnttab_map_domain_grant_refs(handle_, static_cast<std::uint32_t>(pages_), domain,
                                            references.data(), PROT_READ | PROT_WRITE);
        return address_ != nullptr;
    }
    MappedGrants(const MappedGrants &) = delete;
    MappedGrants &operator=(const MappedGrants &) = delete;

    [[nodiscard]] std::span<std::byte> bytes() const override
    {
        return { static_cast<std::byte *>(address_), pages_ * page_size };
    }

  private:
    xengnttab_handle *handle_;
    void *address_ = nullptr;
    std::size_t pages_;
    std::atomic<std::size_t> &mapped_;
    std::size_t total_;
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
    auto pages = std::make_unique<MappedGrants>(handle_.get(), grants.size(), mapped_);
    if (pages->total() > limit_)
        throw MappingRefused(fmt::format("{} pages more would be mapped than this guest's quota of "
                                         "{} leaves",
                                         grants.size(), limit_.load()));
    if (!pages->map(domain_, grants))
        throw std::runtime_error(fmt::format(
            "cannot map {} granted pages of domain {}, the first being grant {}: {}", grants.size(),
            domain_, grants.front(), std::generic_category().message(errno)));
    return pages;
}

} // namespace sndback
