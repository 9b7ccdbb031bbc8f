// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The reservation commands of one shared disk, as ownership.hpp asks for them.
#pragma once

#include "daemon/disks/disk.hpp"
#include "daemon/disks/ownership/ownership.hpp"
#include "daemon/disks/reservations.hpp"

#include <functional>
#include <string>

namespace mpapi::disks {

class DiskReservations final : public ReservationUnit {
  public:
    // `find` gives the disk as it is now; null: it is gone. All outlive this.
    DiskReservations(Reservations& reservations, std::function<DiskPtr()> find)
      : reservations_(reservations)
      , find_(std::move(find)) {}

    // After a restart of the daemon nothing is known of paths that went meanwhile: what has our key
    // in the next answer is taken for ours. Keys are drawn for each node.
    void trust_our_key() { trust_our_key_ = true; }

    // One of the disk's paths, or one that is to be; lives no longer than this.
    std::shared_ptr<ReturningPath> path(Nexus nexus);

    void read(std::function<void(Result<Standing>)> done) override;
    void enroll(ReservationKey key, Ended ended) override;
    void enroll_path(const std::string& device, ReservationKey key, Ended ended) override;
    void withdraw(Ended ended) override;
    void withdraw_path(const std::string& device, Ended ended) override;
    void reserve(ReservationKey key, Ended ended) override;
    void preempt(ReservationKey key, ReservationKey victim, Ended ended) override;
    void release(ReservationKey key, Ended ended) override;

  private:
    class OnePath;

    void learn(const ReservationState& state);
    void judge(const Disk& disk, const Result<ReservationState>& state,
               const std::function<void(Result<Standing>)>& done);

    Reservations& reservations_;
    std::function<DiskPtr()> find_;
    std::vector<scsi::TransportId> known_; // initiator ports that were ours
    bool trust_our_key_ = false;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);

  public:
    ~DiskReservations() override { *alive_ = false; }
};

// Pure. A registration is ours when it is of one of the disk's paths, or of an initiator port among
// `known`: a path that is gone keeps its registration, and may be the holder's. Where the device
// tells keys only (READ KEYS), ours are those with our key, and which paths lack it is not known.
Standing standing_of(const Disk& disk, const ReservationState& state, ReservationKey key,
                     const std::vector<scsi::TransportId>& known);

} // namespace mpapi::disks
