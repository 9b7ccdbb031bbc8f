// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/holders/process_client.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace mpapi::holders {

namespace {

constexpr std::uint64_t kTimerAccuracyUs = 1'000;

Error failed(std::string reason, int errnum) {
    return Error{"ask", "mpapi-holders", std::move(reason), errnum};
}

} // namespace

ProcessQuestion::ProcessQuestion(sd_event* loop, const std::string& socket,
                                 const std::vector<dm::DeviceNumber>& devices,
                                 std::chrono::milliseconds limit, Answer answer)
  : answer_(std::move(answer))
  , request_(build_request(devices)) {
    auto begun = begin(loop, socket, limit);
    if (begun) return;
    failure_ = std::move(begun).error();
    sd_event_source* source = nullptr;
    const auto tell = [](sd_event_source*, void* data) {
        auto* self = static_cast<ProcessQuestion*>(data);
        self->finish(self->failure_);
        return 0;
    };
    sd_event_add_defer(loop, &source, tell, this);
    refused_.reset(source);
}

Status ProcessQuestion::begin(sd_event* loop, const std::string& path,
                              std::chrono::milliseconds limit) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof name.sun_path) return failed("", ENAMETOOLONG);
    path.copy(name.sun_path, path.size());
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) return failed("", errno);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) < 0)
        return failed("", errno);
    // A socket that was just connected takes a request, which is small, whole.
    const auto sent = ::send(socket.get(), request_.data(), request_.size(), MSG_NOSIGNAL);
    if (sent < 0) return failed("", errno);
    if (static_cast<std::size_t>(sent) != request_.size()) return failed("", EMSGSIZE);

    socket_ = std::move(socket);
    sd_event_source* source = nullptr;
    const auto on_ready = [](sd_event_source*, int, std::uint32_t, void* data) {
        static_cast<ProcessQuestion*>(data)->receive();
        return 0;
    };
    int r = sd_event_add_io(loop, &source, socket_.get(), EPOLLIN, on_ready, this);
    if (r < 0) return failed("", -r);
    ready_.reset(source);
    const auto on_deadline = [](sd_event_source*, std::uint64_t, void* data) {
        static_cast<ProcessQuestion*>(data)->finish(failed("no answer in time", ETIMEDOUT));
        return 0;
    };
    const auto time = std::chrono::microseconds(std::max(limit, std::chrono::milliseconds(0)));
    r = sd_event_add_time_relative(loop, &source, CLOCK_MONOTONIC,
                                   static_cast<std::uint64_t>(time.count()), kTimerAccuracyUs,
                                   on_deadline, this);
    if (r < 0) return failed("", -r);
    deadline_.reset(source);
    return Done{};
}

void ProcessQuestion::receive() {
    std::array<char, 16384> piece{};
    const ssize_t got = ::recv(socket_.get(), piece.data(), piece.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (got < 0) return finish(failed("", errno));
    if (got == 0)
        return reply_.empty() ? finish(failed("it closed the connection without an answer", 0))
                              : finish(parse_report(reply_));
    reply_.append(piece.data(), static_cast<std::size_t>(got));
    if (reply_.size() > kLargestReply) finish(parse_report(reply_));
}

// The last thing that its callers do: the answer may destroy the question.
void ProcessQuestion::finish(Result<ProcessReport> result) {
    ready_.reset();
    deadline_.reset();
    refused_.reset();
    socket_.reset();
    const Answer answer = std::exchange(answer_, nullptr);
    answer(std::move(result));
}

} // namespace mpapi::holders
