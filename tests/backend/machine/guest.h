// SPDX-License-Identifier: GPL-2.0-only
//
// A guest of the machine, with a sound frontend that does exactly what a test wants.
#pragma once

#include <memory>
#include <vector>

#include "machine/xen.h"
#include "protocol/shared.hpp"

namespace sndback::fake {

// One stream of a guest, from the frontend's side: raw pages, and what an honest frontend does.
class GuestStream {
  public:
    GuestStream(Xen &xen, unsigned domain, std::string path);

    // Writes the four transport parameters.
    void publish();

    // Puts a request into the ring and announces it. Returns its id.
    std::uint16_t send(xensnd_req request);
    // Puts a request into the ring, and announces it if the backend wants that, which it returns.
    bool post(xensnd_req request);
    // The backend is not to notify of the next answers.
    void want_no_answer();
    // The answer to that request; nothing within the time.
    [[nodiscard]] std::optional<xensnd_resp>
    await(std::uint16_t id, std::chrono::milliseconds patience = std::chrono::seconds(20));
    // send() and await(): the status; nothing if there is no answer.
    [[nodiscard]] std::optional<int> call(const xensnd_req &request);

    struct Parameters {
        std::uint32_t rate = 48'000;
        std::uint8_t format = XENSND_PCM_FORMAT_S16_LE;
        std::uint8_t channels = 2;
        std::uint32_t buffer_bytes = 65'536;
        std::uint32_t period_bytes = 7680;
    };
    [[nodiscard]] std::optional<int> open(const Parameters &parameters);
    [[nodiscard]] std::optional<int> simple(unsigned operation, std::uint32_t offset = 0,
                                            std::uint32_t length = 0);
    [[nodiscard]] std::optional<int> trigger(unsigned type);
    // The last position reported, in octets; what is in the event page is taken.
    [[nodiscard]] std::uint64_t position();

    // An OPEN that lists pages of its own for a buffer.
    [[nodiscard]] xensnd_req open_request(const Parameters &parameters);

    [[nodiscard]] std::byte *ring() const
    {
        return ring_.bytes;
    }
    [[nodiscard]] std::byte *events() const
    {
        return event_page_.bytes;
    }
    [[nodiscard]] std::byte *buffer(std::size_t page) const
    {
        return buffer_.at(page).bytes;
    }
    [[nodiscard]] Xen::Page directory() const
    {
        return directory_.at(0);
    }
    [[nodiscard]] std::uint32_t ring_grant() const
    {
        return ring_.grant;
    }
    [[nodiscard]] std::uint32_t request_port() const
    {
        return request_port_;
    }
    [[nodiscard]] std::uint32_t event_port() const
    {
        return event_port_;
    }
    void notify()
    {
        xen_.notify(request_port_);
    }
    [[nodiscard]] const std::string &path() const
    {
        return path_;
    }

    std::uint16_t next_id = 1;

  private:
    void put(xensnd_req &request);

    Xen &xen_;
    unsigned domain_;
    std::string path_;
    Xen::Page ring_;
    Xen::Page event_page_;
    std::vector<Xen::Page> directory_;
    std::vector<Xen::Page> buffer_;
    std::uint32_t request_port_;
    std::uint32_t event_port_;
    std::uint32_t sent_ = 0;
    std::uint32_t taken_ = 0;
    std::uint64_t position_ = 0;
};

class Guest {
  public:
    // Its domain exists, as a toolstack has made it.
    Guest(Xen &xen, unsigned domain, const std::string &name, unsigned backend_domain = 0);

    // The nodes of a card, as a toolstack writes them; `streams`: 'p' or 'c' for each.
    void add_card(const std::string &streams, unsigned card = 0);
    // Publishes and goes to Initialised, as a driver does. False: the backend does not connect.
    [[nodiscard]] bool connect(unsigned card = 0,
                               std::chrono::milliseconds patience = std::chrono::seconds(60));
    void set_state(unsigned state, unsigned card = 0);
    [[nodiscard]] unsigned backend_state(unsigned card = 0);
    [[nodiscard]] bool
    wait_for_backend(unsigned state, unsigned card = 0,
                     std::chrono::milliseconds patience = std::chrono::seconds(60));

    [[nodiscard]] GuestStream &stream(std::size_t index)
    {
        return *streams_.at(index);
    }
    [[nodiscard]] std::size_t stream_count() const
    {
        return streams_.size();
    }
    [[nodiscard]] std::string frontend(unsigned card = 0) const;
    [[nodiscard]] std::string backend(unsigned card = 0) const;
    [[nodiscard]] unsigned domain() const
    {
        return domain_;
    }
    [[nodiscard]] Xen &xen()
    {
        return xen_;
    }

  private:
    Xen &xen_;
    unsigned domain_;
    unsigned backend_domain_;
    std::vector<std::unique_ptr<GuestStream>> streams_;
};

} // namespace sndback::fake
