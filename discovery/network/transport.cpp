// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/network/transport.hpp"

#include "discovery/wire/messages.hpp"

#include <sys/stat.h>

#include <cerrno>

namespace mpapi::discovery {

namespace {

constexpr std::uint64_t kLookAgain = 10'000'000; // us

// Nobody listens there: it does not run.
bool is_absent(const Error& error) {
    return error.errnum == ENOENT || error.errnum == ECONNREFUSED;
}

// Which nmbd it is: each makes its socket anew when it starts. Empty where there is none.
std::string nmbd_at(const std::string& path) {
    struct stat socket {};
    if (::stat(path.c_str(), &socket) < 0) return "";
    return std::to_string(socket.st_ino) + "." + std::to_string(socket.st_ctim.tv_sec) + "." +
           std::to_string(socket.st_ctim.tv_nsec);
}

} // namespace

Transport::Transport(sd_event* loop, Settings settings, Told told)
  : loop_(loop)
  , settings_(std::move(settings))
  , told_(std::move(told)) {}

Result<std::unique_ptr<Transport>> Transport::start(sd_event* loop, Settings settings, Fd given,
                                                    Told told) {
    std::unique_ptr<Transport> self(new Transport(loop, std::move(settings), std::move(told)));
    if (given) {
        auto port = PortSocket::take(loop, std::move(given), self->told_.received);
        if (!port) return port.error();
        self->port_ = *std::move(port);
    }
    sd_event_source* source = nullptr;
    const int r = sd_event_add_time_relative(loop, &source, CLOCK_MONOTONIC, kLookAgain,
                                             kLookAgain / 10, look_again, self.get());
    if (r < 0) return Error{"make", "timer", "", -r};
    self->timer_.reset(source);
    self->look();
    return self;
}

int Transport::look_again(sd_event_source* timer, std::uint64_t, void* userdata) {
    static_cast<Transport*>(userdata)->look();
    sd_event_source_set_time_relative(timer, kLookAgain);
    return sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

void Transport::look() {
    if (questions_) {
        if (is_beside_nmbd()) return;
        drop_nmbd();
        return become("off", "nmbd has UDP port 138, and says nothing at " + settings_.nmbd_socket);
    }
    if (!unfit_.empty() && unfit_ == nmbd_at(settings_.nmbd_socket) &&
        NmbdReader::reach(settings_.nmbd_socket))
        return;
    unfit_.clear();
    switch (settings_.way) {
    case Way::Off:
        return become("off", "switched off by the configuration");
    case Way::Socket:
        return use_port();
    case Way::Nmbd:
    case Way::Auto:
        break;
    }
    if (!reach_nmbd() && settings_.way == Way::Auto) use_port();
}

// Whether nmbd is there; if so the rest is told later.
bool Transport::reach_nmbd() {
    accepted_ = 0;
    const auto connect = [&](std::string_view mailslot) {
        return NmbdReader::connect(loop_, settings_.nmbd_socket, mailslot,
                                   {told_.received, [this] { nmbd_accepted(); },
                                    [this](const Error& why) { nmbd_ended(why); }});
    };
    auto questions = connect(kServiceMailslot);
    if (!questions) {
        if (is_absent(questions.error())) {
            if (settings_.way == Way::Nmbd) become("off", "nmbd does not run");
            return false;
        }
        drop_nmbd();
        become("off", questions.error().message());
        return true;
    }
    auto answers = connect(kDiscovererMailslot);
    auto version =
        NmbdVersion::ask(loop_, settings_.nmbd_program,
                         [this](Result<std::string> told) { nmbd_told_version(std::move(told)); });
    if (!answers || !version) {
        drop_nmbd();
        become("off", (answers ? version.error() : answers.error()).message());
        return true;
    }
    questions_ = *std::move(questions);
    answers_ = *std::move(answers);
    version_ = *std::move(version);
    if (state_.reason.empty() && std::string_view(state_.way) == "off")
        become("off", "nmbd is being asked", false);
    return true;
}

void Transport::nmbd_told_version(Result<std::string> version) {
    version_.reset();
    if (!version) {
        drop_nmbd();
        return become("off", version.error().message());
    }
    if (const Status fits = nmbd_version_fits(*version); !fits) return leave_alone(fits.error());
    nmbd_accepted();
}

// Called for each of three things, in any order.
void Transport::nmbd_accepted() {
    if (++accepted_ < kAccepted) return;
    if (!spare_) {
        auto socket = PortSocket::bind(0);
        if (!socket) {
            drop_nmbd();
            return become("off", socket.error().message());
        }
        auto spare = PortSocket::take(loop_, *std::move(socket), told_.received);
        if (!spare) {
            drop_nmbd();
            return become("off", spare.error().message());
        }
        spare_ = *std::move(spare);
    }
    if (port_) port_->listen(false);
    become("nmbd", "nmbd has UDP port 138");
}

void Transport::nmbd_ended(const Error& why) {
    if (why.reason != kNmbdEnded) return leave_alone(why);
    drop_nmbd();
    become("off", why.message());
    if (settings_.way == Way::Auto) use_port();
}

void Transport::leave_alone(const Error& why) {
    unfit_ = nmbd_at(settings_.nmbd_socket);
    drop_nmbd();
    become("off", why.message());
}

void Transport::drop_nmbd() {
    accepted_ = 0;
    questions_.reset();
    answers_.reset();
    version_.reset();
    if (port_) port_->listen(false);
}

void Transport::use_port() {
    if (state_.way == std::string_view("socket")) return;
    if (!port_) {
        auto socket = PortSocket::bind(kDatagramPort);
        if (!socket) {
            std::string why = socket.error().message();
            if (socket.error().errnum == EACCES || socket.error().errnum == EPERM)
                why += "; istd.socket has it where it is started";
            return become("off", std::move(why));
        }
        auto port = PortSocket::take(loop_, *std::move(socket), told_.received);
        if (!port) return become("off", port.error().message());
        port_ = *std::move(port);
    }
    port_->listen(true);
    become("socket", "");
}

void Transport::become(const char* way, std::string reason, bool decided) {
    State now{way, std::move(reason), decided};
    if (now == state_) return;
    state_ = std::move(now);
    told_.changed();
}

Status Transport::send(OctetView packet, std::uint32_t to, int interface, std::uint32_t from) {
    const std::string_view way = state_.way;
    PortSocket* const socket = way == "socket" ? port_.get()
                               : way == "nmbd" ? spare_.get()
                                               : nullptr;
    if (socket == nullptr) return Error{"send", "mail", state_.reason, ENETDOWN};
    return socket->send(packet, to, kDatagramPort, interface, from);
}

} // namespace mpapi::discovery
