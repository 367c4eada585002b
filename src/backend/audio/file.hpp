// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace sndback {

// An open file descriptor.
class File {
  public:
    explicit File(int descriptor) : descriptor_(descriptor)
    {
    }
    // What `call` has returned; throws std::system_error if that is no descriptor.
    File(int descriptor, const char *call) : descriptor_(descriptor)
    {
        if (descriptor < 0)
            throw std::system_error(errno, std::generic_category(), call);
    }
    ~File()
    {
        if (descriptor_ >= 0)
            ::close(descriptor_);
    }
    File(File &&other) noexcept : descriptor_(std::exchange(other.descriptor_, -1))
    {
    }
    File(const File &) = delete;
    File &operator=(const File &) = delete;
    File &operator=(File &&) = delete;

    [[nodiscard]] int get() const
    {
        return descriptor_;
    }

  private:
    int descriptor_;
};

} // namespace sndback
