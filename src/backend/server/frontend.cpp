// SPDX-License-Identifier: GPL-2.0-only
#include "server/frontend.hpp"

#include <algorithm>

#include "server/log.hpp"

namespace sndback {

namespace {

// How long a frontend in state Closing is shown Closing, and then the offer of a new connection:
// Linux's in-tree driver looks every 10 ms. Likewise Closed in Closed.
constexpr std::chrono::milliseconds closing_pause { 200 };
// How many times a frontend that stays in Closing is shown Closing, and then the offer: its guest
// may not be scheduled while Closing is shown.
constexpr unsigned closings_answered_max = 5;

} // namespace

Frontend::Frontend(CardEnvironment &environment, unsigned domain, unsigned card)
    : environment_(environment),
      domain_(domain),
      card_(card),
      backend_path_(fmt::format("{}/backend/" XENSND_DRIVER_NAME "/{}/{}", environment.own_path,
                                domain, card)),
      error_path_(fmt::format("{}/error/backend/" XENSND_DRIVER_NAME "/{}/{}/error",
                              environment.own_path, domain, card))
{
}

Frontend::~Frontend()
{
    if (!state_path_.empty())
        environment_.store.unwatch(state_path_);
}

void Frontend::update(bool stopping)
{
    if (stopping)
        sabotage_.reset();
    // What was due is now looked at, whether there is anything to do or not.
    if (retry_at_ && *retry_at_ <= monotonic_now())
        retry_at_.reset();
    if (frontend_path_.empty()) {
        const auto path = find_frontend();
        if (!path)
            return;
        environment_.store.watch(*path + "/state");
        frontend_path_ = *path;
        state_path_ = frontend_path_ + "/state";
        frontend_state_ = parse_state(environment_.store.read(state_path_).value_or(""));
        // An earlier backend may have been killed. Its frontend must let go of that connection
        // before there can be a new one, or it would be asked for the old one's rings.
        if (is_attached(frontend_state_) && !stopping)
            reset();
    }
    write_state();
    frontend_state_ = parse_state(environment_.store.read(state_path_).value_or(""));
    if (frontend_state_ != XenbusStateClosing)
        closings_answered_ = 0;
    if (phase_ == Phase::connected && frontend_state_ == XenbusStateConnected)
        backoff_.succeed();

    if (std::any_of(streams_.begin(), streams_.end(),
                    [](const auto &stream) { return stream->broken(); }))
        fail("a stream broke the protocol or its device; see the log");

    const Action action = decide(phase_, frontend_state_, stopping || must_leave());
    // A toolstack that has made the card anew, or written its state late, has not left the offer.
    if (action == Action::none && phase_ == Phase::offered && own_state() != XenbusStateInitWait)
        return offer();
    act(action == Action::close && closings_answered_ >= closings_answered_max ? Action::none
                                                                               : action);
}

void Frontend::retry_later()
{
    if (!retry_at_)
        retry_at_ = monotonic_now() + backoff_.fail();
}

void Frontend::apply_rules()
{
    bool is_revoked = false;
    for (const auto &stream : streams_)
        is_revoked |= stream->is_revoked();
    if (is_revoked)
        fail("a stream has lost the device that it was granted");
}

void Frontend::act(Action action)
{
    switch (action) {
    case Action::none:
        break;
    case Action::offer:
        offer();
        break;
    case Action::connect:
        if (may_connect())
            connect();
        break;
    case Action::check:
        if (may_connect())
            recheck();
        break;
    case Action::close:
        close();
        break;
    case Action::settle:
        settle();
        break;
    case Action::remove:
        remove();
        break;
    }
}

// False: the guest has had more connected than is its share; update() looks again when that is
// over.
bool Frontend::may_connect()
{
    const std::optional<Time> until = environment_.connections.charge(monotonic_now(), 0);
    if (until)
        retry_at_ = until;
    return !until;
}

// The toolstack writes online = 0 and state = Closing to have the device removed.
bool Frontend::must_leave() const
{
    const Store &store = environment_.store;
    if (!store.domain_alive(domain_) || store.read(backend_path_ + "/online") == "0")
        return true;
    return phase_ != Phase::removed && phase_ != Phase::closing &&
           own_state() == XenbusStateClosing;
}

// As XenStore has it, in which the toolstack may have written as well.
xenbus_state Frontend::own_state() const
{
    return parse_state(environment_.store.read(backend_path_ + "/state").value_or(""));
}

std::optional<std::string> Frontend::find_frontend() const
{
    auto path = environment_.store.read(backend_path_ + "/frontend");
    // Only a directory of the very domain: whatever else the node says, that domain's state would
    // be trusted.
    const std::string expected = fmt::format("/local/domain/{}/", domain_);
    if (path && !path->starts_with(expected)) {
        log(LogLevel::error, "{}/frontend = '{}': must begin with {}; the card is ignored",
            backend_path_, *path, expected);
        return std::nullopt;
    }
    return path;
}

void Frontend::reset()
{
    streams_.clear();
    phase_ = Phase::reset;
    set_state(XenbusStateClosed);
}

void Frontend::close()
{
    // It stands in Closing, and has not had the time to see the offer.
    if (closings_answered_ != 0 && retry_at_)
        return;
    streams_.clear();
    phase_ = Phase::closing;
    retry_at_ = monotonic_now() + closing_pause;
    set_state(XenbusStateClosing);
}

void Frontend::settle()
{
    phase_ = Phase::closed;
    retry_at_ = monotonic_now() + closing_pause;
    set_state(XenbusStateClosed);
}

void Frontend::offer()
{
    // Only the one that stays where it is has to wait.
    if ((phase_ == Phase::closing && frontend_state_ != XenbusStateClosing) ||
        (phase_ == Phase::closed && frontend_state_ != XenbusStateClosed))
        retry_at_.reset();
    if (retry_at_)
        return;
    streams_.clear();
    const std::string versions_path = backend_path_ + "/" XENSND_FIELD_BE_VERSIONS;
    if (environment_.versions)
        environment_.store.write(versions_path, *environment_.versions);
    else
        environment_.store.remove(versions_path);
    phase_ = Phase::offered;
    set_state(XenbusStateInitWait);
    if (frontend_state_ == XenbusStateClosing) {
        ++closings_answered_;
        retry_at_ = monotonic_now() + closing_pause;
    }
}

void Frontend::connect()
{
    try {
        const CardConfig card = read_card(environment_.store, frontend_path_);
        if (!card.version.empty() && card.version != std::to_string(XENSND_PROTOCOL_VERSION))
            throw BadConfig(fmt::format("{}/" XENSND_FIELD_FE_VERSION
                                        " = '{}': this backend speaks version {} only",
                                        frontend_path_, card.version, XENSND_PROTOCOL_VERSION));
        connect_streams(card);
    } catch (const std::runtime_error &error) {
        fail(error.what());
        return;
    }
    environment_.store.remove(error_path_);
    phase_ = Phase::connected;
    set_state(XenbusStateConnected);
    if (!sabotage_ && environment_.streams.sabotage != nullptr)
        sabotage_ = environment_.streams.sabotage->on_card(backend_path_, frontend_path_);
}

void Frontend::connect_streams(const CardConfig &card)
{
    for (const StreamConfig &stream : card.streams) {
        StreamName name { domain_,      card_,           stream.device,
                          stream.index, stream.playback, stream.unique_id };
        (void)environment_.connections.charge(monotonic_now());
        streams_.push_back(std::make_unique<Stream>(stream, std::move(name), environment_.streams,
                                                    environment_.on_broken));
    }
}

// Initialised while connected is what a frontend says before it has seen our Connected. One that
// has started anew meanwhile has other rings.
void Frontend::recheck()
{
    std::vector<Transport> published;
    try {
        for (const StreamConfig &stream : read_card(environment_.store, frontend_path_).streams)
            published.push_back(stream.transport);
    } catch (const BadConfig &error) {
        fail(error.what());
        return;
    }
    if (std::equal(published.begin(), published.end(), streams_.begin(), streams_.end(),
                   [](const Transport &transport, const auto &stream) {
                       return transport == stream->transport();
                   }))
        return;
    streams_.clear();
    connect();
}

void Frontend::remove()
{
    retry_at_.reset();
    set_state(XenbusStateClosing);
    streams_.clear();
    phase_ = Phase::removed;
    set_state(XenbusStateClosed);
}

void Frontend::fail(const std::string &reason)
{
    const std::chrono::seconds pause = backoff_.fail();
    retry_at_ = monotonic_now() + pause;
    log(LogLevel::error, "dom{}/{}: connection closed: {}; a new one is offered in {} s", domain_,
        card_, reason, pause.count());
    // The connection goes first: it must not stay because XenStore refuses a message.
    reset();
    environment_.store.write(error_path_, printable(reason));
}

void Frontend::set_state(xenbus_state state)
{
    unwritten_state_ = state;
    write_state();
}

void Frontend::write_state()
{
    if (!unwritten_state_)
        return;
    const xenbus_state state = *unwritten_state_;
    environment_.store.write(backend_path_ + "/state", std::to_string(state));
    unwritten_state_.reset();
    log(LogLevel::info, "dom{}/{}: frontend {}, backend -> {}", domain_, card_,
        state_name(frontend_state_), state_name(state));
    environment_.streams.trace.write(
        "state", fmt::format(R"("dom":{},"card":{},"frontend":"{}","backend":"{}")", domain_, card_,
                             state_name(frontend_state_), state_name(state)));
    environment_.streams.trace.flush();
}

} // namespace sndback
