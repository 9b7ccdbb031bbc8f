// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/client/pinger.hpp"

#include "clusprep/dcom/object_exporter_messages.hpp"

#include <algorithm>
#include <ctime>
#include <iterator>
#include <vector>

namespace mpapi::client {
namespace {

constexpr rpc::SyntaxId resolver = {dcom::kObjectExporterId, 0, 0};

std::vector<std::uint64_t> only_in(const std::set<std::uint64_t>& one,
                                   const std::set<std::uint64_t>& other) {
    std::vector<std::uint64_t> found;
    std::set_difference(one.begin(), one.end(), other.begin(), other.end(),
                        std::back_inserter(found));
    return found;
}

} // namespace

Pinger::Pinger(sd_event* loop, std::string host, std::uint16_t port, std::chrono::seconds period)
  : loop_(loop)
  , host_(std::move(host))
  , port_(port)
  , period_(period) {}

void Pinger::add(std::uint64_t oid) {
    wanted_.insert(oid);
    if (!timer_) arm();
}

void Pinger::remove(std::uint64_t oid) {
    wanted_.erase(oid);
}

void Pinger::arm() {
    const auto when = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now().time_since_epoch() + period_);
    sd_event_source* timer = nullptr;
    if (sd_event_add_time(loop_, &timer, CLOCK_MONOTONIC, static_cast<std::uint64_t>(when.count()),
                          0, due, this) >= 0)
        timer_.reset(timer);
}

int Pinger::due(sd_event_source*, std::uint64_t, void* userdata) {
    auto& self = *static_cast<Pinger*>(userdata);
    self.arm();
    self.ping();
    return 0;
}

void Pinger::ping() {
    if (wanted_.empty() && told_.empty()) return;
    // One that failed, or hangs, is no reason to do without the next.
    connection_ = std::make_unique<rpc::Client>(loop_);
    connection_->connect(host_, port_, [this](const Status& connected) {
        if (!connected) return;
        connection_->bind(resolver, rpc::AuthType::None, rpc::AuthLevel::None, nullptr,
                          [this](const Status& bound) {
                              if (bound) send();
                          });
    });
}

void Pinger::send() {
    dcom::ComplexPing::In in;
    const std::vector<std::uint64_t> added = only_in(wanted_, told_);
    const std::vector<std::uint64_t> removed = only_in(told_, wanted_);
    in.set = set_;
    in.sequence = ++sequence_;
    in.add_count = static_cast<std::uint16_t>(added.size());
    in.remove_count = static_cast<std::uint16_t>(removed.size());
    if (!added.empty()) in.add = added;
    if (!removed.empty()) in.remove = removed;
    auto stub = ndr::write(in);
    if (!stub) return;
    connection_->call(
        resolver, std::nullopt, dcom::ComplexPing::opnum, std::move(*stub),
        [this, told = wanted_](const Result<std::vector<std::uint8_t>>& answer, std::uint32_t) {
            if (!answer) return;
            const auto out = ndr::read<dcom::ComplexPing::Out>(*answer);
            // A set that the node has lost is begun anew by the next ping.
            const bool kept = out && out->error == 0;
            set_ = kept ? out->set : 0;
            told_ = kept ? told : std::set<std::uint64_t>{};
        });
}

} // namespace mpapi::client
