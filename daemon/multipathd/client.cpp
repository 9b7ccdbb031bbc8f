// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/multipathd/client.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace mpapi::multipathd {

namespace {

constexpr std::size_t header_size = sizeof(std::size_t);
constexpr std::size_t longest_command = 511; // _MAX_CMD_LEN of multipathd, with its NUL
// How much is taken from the socket before other sources have their turn.
constexpr std::size_t read_at_once = std::size_t{256} << 10U;
// A full backlog tells nobody when it empties (unix(7), EAGAIN of connect()).
constexpr std::uint64_t retry_after_us = 20'000;
constexpr std::uint64_t timer_accuracy_us = 1'000;

Error error(std::string_view command, std::string reason, int errnum) {
    return Error{"ask multipathd", "\"" + std::string(command.substr(0, longest_command)) + "\"",
                 std::move(reason), errnum};
}

// execute_handler() and its callers in multipathd/uxlsnr.c: what is said instead of a reply.
std::optional<Error> refusal(std::string_view command, std::string_view reply) {
    if (reply == "timeout\n") return error(command, "multipathd is too busy to answer", EAGAIN);
    if (reply.starts_with("permission deny")) return error(command, "", EACCES);
    if (reply == "fail\n") return error(command, "multipathd could not do it", EIO);
    // genhelp_handler(): the beginning of its list of commands.
    if (reply.find("CLI commands reference:") < 200)
        return error(command, "multipathd does not know this command", EOPNOTSUPP);
    return std::nullopt;
}

} // namespace

struct Client::Pending {
    std::string command;
    Answer answer;
    Client* client = nullptr;
    EventSource deadline;
    std::optional<Error> failed; // told to the asker from the loop
};

Client::Client(sd_event* loop)
  : Client(loop, Options()) {}

Client::Client(sd_event* loop, Options options)
  : loop_(loop)
  , options_(std::move(options)) {}

Client::~Client() = default;

void Client::request(std::string command, std::chrono::milliseconds limit, Answer answer) {
    auto pending = std::make_unique<Pending>();
    pending->command = std::move(command);
    pending->answer = std::move(answer);
    pending->client = this;
    if (pending->command.size() > longest_command ||
        pending->command.find('\0') != std::string::npos) {
        pending->failed = error(pending->command, "no command of multipathd", EINVAL);
    } else if (pending_.size() >= options_.largest_queue) {
        pending->failed = error(pending->command, "too many requests wait for it", EBUSY);
    } else {
        const auto on_deadline = [](sd_event_source*, std::uint64_t, void* data) {
            auto* expired = static_cast<Pending*>(data);
            expired->failed = error(expired->command, "no answer in time", ETIMEDOUT);
            expired->client->wake();
            return 0;
        };
        const auto time = std::max(std::chrono::microseconds(limit), std::chrono::microseconds(0));
        sd_event_source* source = nullptr;
        const int r = sd_event_add_time_relative(loop_, &source, CLOCK_MONOTONIC,
                                                 static_cast<std::uint64_t>(time.count()),
                                                 timer_accuracy_us, on_deadline, pending.get());
        pending->deadline.reset(source);
        if (r < 0) pending->failed = error(pending->command, "no timer", -r);
    }
    pending_.push_back(std::move(pending));
    wake();
}

// Runs pump() from the loop, once, however often it is asked for.
void Client::wake() {
    if (!wake_) {
        sd_event_source* source = nullptr;
        const auto on_wake = [](sd_event_source*, void* data) {
            static_cast<Client*>(data)->pump();
            return 0;
        };
        if (sd_event_add_defer(loop_, &source, on_wake, this) < 0) return;
        wake_.reset(source);
    }
    sd_event_source_set_enabled(wake_.get(), SD_EVENT_ONESHOT);
}

// One answer at most, and as the last thing: it may destroy the client.
void Client::pump() {
    const auto found = std::find_if(pending_.begin(), pending_.end(), [](const auto& pending) {
        return pending->failed.has_value();
    });
    if (found == pending_.end()) {
        start();
        return;
    }
    const std::unique_ptr<Pending> pending = std::move(*found);
    if (found == pending_.begin()) disconnect();
    pending_.erase(found);
    if (!pending_.empty()) wake();
    pending->answer(*std::move(pending->failed));
}

void Client::start() {
    if (socket_ || pending_.empty()) return;
    std::optional<Error> last;
    for (const std::string& address : options_.addresses) {
        const Status connected = connect_to(address);
        if (connected) {
            std::size_t length = pending_.front()->command.size() + 1;
            outgoing_.assign(header_size, '\0');
            std::memcpy(outgoing_.data(), &length, header_size);
            outgoing_ += pending_.front()->command;
            outgoing_ += '\0';
            return;
        }
        last = connected.error();
        if (last->errnum == EAGAIN) break;
    }
    if (last && last->errnum == EAGAIN) {
        sd_event_source* source = nullptr;
        const auto on_retry = [](sd_event_source*, std::uint64_t, void* data) {
            static_cast<Client*>(data)->start();
            return 0;
        };
        if (sd_event_add_time_relative(loop_, &source, CLOCK_MONOTONIC, retry_after_us,
                                       timer_accuracy_us, on_retry, this) >= 0) {
            retry_.reset(source);
            return;
        }
    }
    fail(last ? last->reason : "no address", last ? last->errnum : EDESTADDRREQ);
}

Status Client::connect_to(const std::string& address) {
    const auto failed = [&](std::string reason, int errnum) {
        return Error{"connect to", address, std::move(reason), errnum};
    };
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    if (address.size() < 2 || address.size() >= sizeof name.sun_path)
        return failed("no socket address", EINVAL);
    address.copy(name.sun_path, address.size());
    const bool abstract = address.front() == '@';
    if (abstract) name.sun_path[0] = '\0';
    // An abstract name ends with its length, a path with its NUL (unix(7)).
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size() +
                                               (abstract ? 0 : 1));

    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) return failed("", errno);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&name), length) < 0)
        return failed("", errno);

    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
        return failed("", errno);
    if (peer.uid != options_.peer)
        return failed("user " + std::to_string(peer.uid) + " answers at its socket", EPERM);

    sd_event_source* source = nullptr;
    const auto on_ready = [](sd_event_source*, int, std::uint32_t events, void* data) {
        static_cast<Client*>(data)->on_ready(events);
        return 0;
    };
    const int r = sd_event_add_io(loop_, &source, socket.get(), EPOLLIN | EPOLLOUT, on_ready, this);
    if (r < 0) return failed("", -r);
    ready_.reset(source);
    socket_ = std::move(socket);
    return Done{};
}

void Client::on_ready(std::uint32_t events) {
    if (sent_ < outgoing_.size() && (events & EPOLLOUT) != 0)
        send();
    else
        receive();
}

void Client::send() {
    const ssize_t n = ::send(socket_.get(), outgoing_.data() + sent_, outgoing_.size() - sent_,
                             MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR) fail("", errno);
        return;
    }
    sent_ += static_cast<std::size_t>(n);
    if (sent_ == outgoing_.size()) sd_event_source_set_io_events(ready_.get(), EPOLLIN);
}

void Client::receive() {
    std::array<char, 65536> buffer{};
    for (std::size_t taken = 0; taken < read_at_once;) {
        const ssize_t n = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return;
        if (n < 0) return fail("", errno);
        if (n == 0) {
            const bool nothing = incoming_.size() < header_size;
            return fail(nothing ? "it closed the connection without an answer"
                                : "it closed the connection amid its answer",
                        ECONNRESET);
        }
        taken += static_cast<std::size_t>(n);
        // Kept are the bytes that came, whatever length was announced for them.
        incoming_.append(buffer.data(), static_cast<std::size_t>(n));
        if (incoming_.size() < header_size) continue;
        std::size_t length = 0;
        std::memcpy(&length, incoming_.data(), header_size);
        if (length == 0 || length > options_.largest_reply)
            return fail("a reply of " + std::to_string(length) + " bytes", EMSGSIZE);
        if (incoming_.size() - header_size < length) continue;

        std::string reply = std::exchange(incoming_, std::string());
        reply.resize(header_size + length);
        reply.erase(0, header_size);
        while (!reply.empty() && reply.back() == '\0')
            reply.pop_back();
        if (reply.find('\0') != std::string::npos) return fail("a reply that is no text", EBADMSG);
        if (auto refused = refusal(pending_.front()->command, reply))
            return finish(*std::move(refused));
        return finish(std::move(reply));
    }
}

void Client::fail(std::string reason, int errnum) {
    finish(error(pending_.front()->command, std::move(reason), errnum));
}

// The last thing that its callers do: the answer may destroy the client.
void Client::finish(Result<std::string> result) {
    const std::unique_ptr<Pending> pending = std::move(pending_.front());
    pending_.pop_front();
    disconnect();
    if (!pending_.empty()) wake();
    pending->answer(std::move(result));
}

void Client::disconnect() {
    ready_.reset();
    retry_.reset();
    socket_.reset();
    outgoing_.clear();
    sent_ = 0;
    incoming_ = std::string(); // a reply may have been large
}

} // namespace mpapi::multipathd
