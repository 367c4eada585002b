// SPDX-License-Identifier: GPL-2.0-only
//
// XenStore: nodes and watches of this domain. One thread only.
#pragma once

#include <functional>
#include <memory>

#include "server/config.hpp"

struct xs_handle;

namespace sndback {

class XenStore final : public StoreReader {
  public:
    // Throws std::runtime_error if the XenStore daemon cannot be reached.
    XenStore();

    [[nodiscard]] std::optional<std::string> read(const std::string &path) const override;
    [[nodiscard]] std::vector<std::string> list(const std::string &path) const override;
    // Likewise of a node below which a guest writes. It can make so many children that libxenstore
    // gives up the connection on which it is asked: this one is asked on one of its own, which is
    // closed then. Empty also if there is no such connection, or it is given up.
    [[nodiscard]] std::vector<std::string> list_apart(const std::string &path) const;
    // Throws std::runtime_error.
    void write(const std::string &path, const std::string &value);
    // Writes if the other node is there at that moment. Throws std::runtime_error.
    void write_beside(const std::string &other, const std::string &path, const std::string &value);
    void remove(const std::string &path);
    // Removes a directory if nodes in it have these values at that moment, and the one above it if
    // it has no other. Throws std::runtime_error.
    void remove_if(const std::string &path,
                   const std::vector<std::pair<std::string, std::string>> &values);
    // Whether the daemon still answers; it is asked.
    [[nodiscard]] bool answers() const;

    // /local/domain/N of this domain. Throws std::runtime_error if it cannot be found out.
    [[nodiscard]] std::string own_path() const;

    // Whether a domain is there and not dying. Domains other than Dom0 cannot ask; they are told it
    // is.
    [[nodiscard]] bool domain_alive(unsigned domain) const;

    // Readable when a watch has fired.
    [[nodiscard]] int descriptor() const;
    struct Event {
        std::string path;
        std::string token; // of the watch
    };
    // A watch that has fired, nothing if there is none. Does not block.
    [[nodiscard]] std::optional<Event> next_event();

    // A watch, fired once at the start and whenever the node or one below it changes.
    class Watch {
      public:
        // Throws std::runtime_error.
        Watch(XenStore &store, std::string path, std::string token);
        ~Watch();
        Watch(const Watch &) = delete;
        Watch &operator=(const Watch &) = delete;

      private:
        XenStore &store_;
        std::string path_;
        std::string token_;
    };

  private:
    struct Closer {
        void operator()(xs_handle *handle) const;
    };
    enum class Change {
        made,
        unwanted,
        refused // errno says why
    };
    // Makes a change in a transaction. False: it is refused, and errno says why.
    [[nodiscard]] bool transact(const std::function<Change(std::uint32_t transaction)> &change);
    [[nodiscard]] std::optional<std::string> read(std::uint32_t transaction,
                                                  const std::string &path) const;
    std::unique_ptr<xs_handle, Closer> handle_;
};

} // namespace sndback
