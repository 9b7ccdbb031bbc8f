// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/errands/client.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace mpapi::disks {

namespace {

constexpr std::size_t kMostErrands = 24; // the socket's unit takes 32 connections
constexpr std::uint64_t kTimerAccuracyUs = 1'000;

} // namespace

struct ErrandClient::Errand {
    ErrandClient* client = nullptr;
    Then then;
    std::string request;
    std::size_t given = 0;
    std::string reply;
    Fd passed;
    Fd socket;
    EventSource ready;
    EventSource deadline;
    EventSource refused; // tells what failed at the beginning
    Error failure;
};

ErrandClient::ErrandClient(sd_event* loop, std::string socket, std::string program)
  : loop_(loop)
  , socket_(std::move(socket))
  , program_(std::move(program)) {}

ErrandClient::~ErrandClient() = default;

Error ErrandClient::failed(std::string reason, int errnum) const {
    return Error{"ask", program_, std::move(reason), errnum};
}

void ErrandClient::send(const Lines& request, std::chrono::milliseconds limit, Then then) {
    auto made = std::make_unique<Errand>();
    Errand& errand = *made;
    errand.client = this;
    errand.then = std::move(then);
    errand.request = build_errand(request);
    const bool room = errands_.size() < kMostErrands;
    errands_.emplace(&errand, std::move(made));
    auto begun =
        room ? connect(errand, limit) : Status(failed("too many errands are under way", EBUSY));
    if (begun) return;
    errand.ready.reset();
    errand.deadline.reset();
    errand.failure = std::move(begun).error();
    sd_event_source* source = nullptr;
    const auto tell = [](sd_event_source*, void* data) {
        auto& self = *static_cast<Errand*>(data);
        self.client->finish(self, self.failure);
        return 0;
    };
    sd_event_add_defer(loop_, &source, tell, &errand);
    errand.refused.reset(source);
}

Status ErrandClient::connect(Errand& errand, std::chrono::milliseconds limit) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    if (socket_.empty() || socket_.size() >= sizeof name.sun_path) return failed("", ENAMETOOLONG);
    socket_.copy(name.sun_path, socket_.size());
    errand.socket = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!errand.socket) return failed("", errno);
    if (::connect(errand.socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) < 0)
        return failed("", errno);
    sd_event_source* source = nullptr;
    const auto on_ready = [](sd_event_source*, int, std::uint32_t events, void* data) {
        auto& self = *static_cast<Errand*>(data);
        self.client->ready(self, events);
        return 0;
    };
    int r =
        sd_event_add_io(loop_, &source, errand.socket.get(), EPOLLIN | EPOLLOUT, on_ready, &errand);
    if (r < 0) return failed("", -r);
    errand.ready.reset(source);
    const auto on_deadline = [](sd_event_source*, std::uint64_t, void* data) {
        auto& self = *static_cast<Errand*>(data);
        self.client->finish(self, self.client->failed("no answer in time", ETIMEDOUT));
        return 0;
    };
    const auto time = std::chrono::microseconds(std::max(limit, std::chrono::milliseconds(0)));
    r = sd_event_add_time_relative(loop_, &source, CLOCK_MONOTONIC,
                                   static_cast<std::uint64_t>(time.count()), kTimerAccuracyUs,
                                   on_deadline, &errand);
    if (r < 0) return failed("", -r);
    errand.deadline.reset(source);
    return Done{};
}

void ErrandClient::ready(Errand& errand, std::uint32_t events) {
    if (errand.given < errand.request.size() && (events & EPOLLOUT) != 0) return give(errand);
    if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) take(errand);
}

void ErrandClient::give(Errand& errand) {
    const ssize_t sent = ::send(errand.socket.get(), errand.request.data() + errand.given,
                                errand.request.size() - errand.given, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EINTR || errno == EAGAIN)) return;
    // It may have answered before it read all.
    if (sent < 0) return take(errand);
    errand.given += static_cast<std::size_t>(sent);
    if (errand.given == errand.request.size())
        sd_event_source_set_io_events(errand.ready.get(), EPOLLIN);
}

void ErrandClient::take(Errand& errand) {
    std::array<char, 65536> piece{};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    iovec part{piece.data(), piece.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t got = ::recvmsg(errand.socket.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (got < 0) return finish(errand, failed("", errno));
    for (cmsghdr* each = CMSG_FIRSTHDR(&message); each; each = CMSG_NXTHDR(&message, each)) {
        if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS) continue;
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(each), sizeof fd);
        errand.passed.reset(fd);
    }
    errand.reply.append(piece.data(), static_cast<std::size_t>(got));
    if (errand.reply.size() > kLargestErrand)
        return finish(errand, failed("its answer is too large", EMSGSIZE));
    if (got != 0 && !is_whole(errand.reply)) return;
    auto lines = parse_errand(errand.reply);
    if (!lines) return finish(errand, failed("it gave no answer: " + lines.error().reason, EIO));
    Error failure;
    if (lines->size() == 1 && read_failure(lines->front(), failure)) return finish(errand, failure);
    finish(errand, ErrandReply{std::move(*lines), std::move(errand.passed)});
}

// The last thing that its callers do: who is told may send again, or end the client.
void ErrandClient::finish(Errand& errand, Result<ErrandReply> result) {
    const auto place = errands_.find(&errand);
    const auto ended = std::move(place->second);
    errands_.erase(place);
    ended->ready.reset();
    ended->deadline.reset();
    ended->refused.reset();
    ended->socket.reset();
    ended->then(std::move(result));
}

} // namespace mpapi::disks
