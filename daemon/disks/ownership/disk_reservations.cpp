// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/ownership/disk_reservations.hpp"

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

namespace mpapi::disks {

namespace {

Error gone() {
    return Error{"reserve", "", "the disk is gone", ENODEV};
}

// That a rival removed our key just before is a conflict like any other here.
ReservationUnit::Ended conflicts(ReservationUnit::Ended ended) {
    return [ended = std::move(ended)](Status status) {
        if (!status && status.error().errnum == ENOKEY) {
            Error conflict = status.error();
            conflict.errnum = EBADE;
            return ended(std::move(conflict));
        }
        ended(std::move(status));
    };
}

} // namespace

Standing standing_of(const Disk& disk, const ReservationState& state, ReservationKey key,
                     const std::vector<scsi::TransportId>& known) {
    const auto was_ours = [&](const scsi::Registration& registration) {
        return registration.initiator &&
               std::find(known.begin(), known.end(), *registration.initiator) != known.end();
    };
    Standing standing;
    if (state.held) standing.type = state.held->type;
    std::set<std::size_t> with_our_key;
    for (const auto& each : state.registrations) {
        Standing::Registrant registrant;
        registrant.key = each.registration.key;
        registrant.holder =
            state.full ? each.registration.holder : state.held && state.held->key == registrant.key;
        registrant.ours =
            each.is_ours() || (!state.full && registrant.key == key) || was_ours(each.registration);
        if (registrant.key == key) with_our_key.insert(each.ours.begin(), each.ours.end());
        standing.registrants.push_back(registrant);
    }
    if (!state.full) return standing;
    for (std::size_t at = 0; at < disk.nexuses.size(); ++at)
        if (disk.nexuses[at].usable && with_our_key.count(at) == 0)
            standing.bare.push_back(disk.nexuses[at].device);
    return standing;
}

void DiskReservations::read(std::function<void(Result<Standing>)> done) {
    const auto disk = find_();
    if (!disk) return done(gone());
    reservations_.read(disk, [this, alive = alive_, disk,
                              done = std::move(done)](const Result<ReservationState>& state) {
        if (*alive) judge(*disk, state, done);
    });
}

void DiskReservations::judge(const Disk& disk, const Result<ReservationState>& state,
                             const std::function<void(Result<Standing>)>& done) {
    if (!state) return done(state.error());
    learn(*state);
    done(standing_of(disk, *state, reservations_.key(), known_));
}

class DiskReservations::OnePath final : public ReturningPath {
  public:
    OnePath(DiskReservations& of, Nexus nexus)
      : of_(of)
      , nexus_(std::move(nexus)) {}

    void read(std::function<void(Result<Standing>)> done) override {
        const auto disk = with_it();
        if (!disk) return done(gone());
        of_.reservations_.read_through(
            disk, nexus_,
            [&of = of_, alive = of_.alive_, disk,
             done = std::move(done)](const Result<ReservationState>& state) {
                if (*alive) of.judge(*disk, state, done);
            });
    }

    void enroll(ReservationKey, Ended ended) override {
        const auto disk = with_it();
        if (!disk) return ended(gone());
        of_.reservations_.register_some(
            disk, {nexus_},
            [ended = std::move(ended)](const auto& results) { ended(results.front().status); });
    }

    void withdraw(Ended ended) override {
        const auto disk = with_it();
        if (!disk) return ended(gone());
        of_.reservations_.unregister_some(
            disk, {nexus_},
            [ended = std::move(ended)](const auto& results) { ended(results.front().status); });
    }

  private:
    // The disk as if it had the path already: what is registered for it is this node's.
    DiskPtr with_it() const {
        const auto disk = of_.find_();
        if (!disk || std::any_of(disk->nexuses.begin(), disk->nexuses.end(), [&](const auto& each) {
                return each.number == nexus_.number && each.same_place(nexus_);
            }))
            return disk;
        Disk made = *disk;
        made.nexuses.push_back(nexus_);
        return std::make_shared<const Disk>(std::move(made));
    }

    DiskReservations& of_;
    const Nexus nexus_;
};

std::shared_ptr<ReturningPath> DiskReservations::path(Nexus nexus) {
    return std::make_shared<OnePath>(*this, std::move(nexus));
}

void DiskReservations::learn(const ReservationState& state) {
    constexpr std::size_t most = 1024; // ports
    for (const auto& each : state.registrations) {
        const auto& initiator = each.registration.initiator;
        const bool ours =
            each.is_ours() || (trust_our_key_ && each.registration.key == reservations_.key());
        if (!ours || !initiator || known_.size() >= most) continue;
        if (std::find(known_.begin(), known_.end(), *initiator) == known_.end())
            known_.push_back(*initiator);
    }
    trust_our_key_ = false;
}

void DiskReservations::enroll(ReservationKey, Ended ended) {
    const auto disk = find_();
    if (!disk) return ended(gone());
    reservations_.register_all(
        disk, [ended = std::move(ended)](const auto& results) { ended(outcome_of(results)); });
}

void DiskReservations::enroll_path(const std::string& device, ReservationKey, Ended ended) {
    const auto disk = find_();
    if (!disk) return ended(gone());
    std::vector<Nexus> nexuses;
    std::copy_if(disk->nexuses.begin(), disk->nexuses.end(), std::back_inserter(nexuses),
                 [&](const Nexus& nexus) { return nexus.device == device; });
    reservations_.register_some(
        disk, std::move(nexuses),
        [ended = std::move(ended)](const auto& results) { ended(outcome_of(results)); });
}

void DiskReservations::withdraw(Ended ended) {
    const auto disk = find_();
    if (!disk) return ended(gone());
    reservations_.unregister_all(
        disk, [ended = std::move(ended)](const auto& results) { ended(outcome_of(results)); });
}

// Lost: none of our nexuses is to be registered any more, so which one it was does not matter.
void DiskReservations::withdraw_path(const std::string&, Ended ended) {
    withdraw(std::move(ended));
}

void DiskReservations::reserve(ReservationKey, Ended ended) {
    const auto disk = find_();
    if (!disk) return ended(gone());
    reservations_.reserve(disk, conflicts(std::move(ended)));
}

void DiskReservations::preempt(ReservationKey, ReservationKey victim, Ended ended) {
    const auto disk = find_();
    if (!disk) return ended(gone());
    reservations_.preempt_key(disk, victim, conflicts(std::move(ended)));
}

void DiskReservations::release(ReservationKey, Ended ended) {
    const auto disk = find_();
    if (!disk) return ended(gone());
    reservations_.release(disk, conflicts(std::move(ended)));
}

} // namespace mpapi::disks
