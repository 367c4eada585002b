// SPDX-License-Identifier: GPL-2.0-only
//
// A card's nodes in XenStore under attack: its own, and the frontend's.
#pragma once

#include <string>
#include <vector>

namespace sndback {

class StoreTarget {
  public:
    StoreTarget(std::string backend_path, std::string frontend_path)
        : backend_path_(std::move(backend_path)), frontend_path_(std::move(frontend_path))
    {
    }

    [[nodiscard]] const std::string &backend() const
    {
        return backend_path_;
    }
    [[nodiscard]] const std::string &frontend() const
    {
        return frontend_path_;
    }
    void set_state(unsigned state)
    {
        write(backend_path_ + "/state", std::to_string(state));
    }

    // The paths of the frontend's nodes that hold its configuration.
    [[nodiscard]] virtual const std::vector<std::string> &configuration() const = 0;
    // Failures are of no interest: the next attempt comes.
    virtual void write(const std::string &path, const std::string &value) = 0;
    virtual void remove(const std::string &path) = 0;
    virtual void pause(unsigned milliseconds) = 0;

    // What XenStore takes is path and value together: XENSTORE_PAYLOAD_MAX.
    [[nodiscard]] static std::string longest_value()
    {
        return std::string(4000, 'x');
    }

    unsigned count = 0; // for an attack to remember

  protected:
    ~StoreTarget() = default;

  private:
    std::string backend_path_;
    std::string frontend_path_;
};

} // namespace sndback
