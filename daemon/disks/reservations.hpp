// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Persistent reservations of a shared disk with all its paths (SPC-4 5.13): a logical unit knows
// I_T nexuses, not disks, so what is one step for a node is a command for each nexus, or one
// through the right nexus.
//
//   register, unregister   REGISTER AND IGNORE EXISTING KEY through every nexus
//   reserve, preempt,      once, through a registered nexus, the holder's before others. Where none
//   clear                  is registered it is sent as well: what the device says to that is what a
//                          validating client asks for. Nobody is registered silently
//   release                through the holder's nexus (through any other the device answers GOOD
//                          and does nothing), verified by READ RESERVATION; where this node holds
//                          nothing, through a registered one
//   read                   READ FULL STATUS, or READ KEYS and READ RESERVATION where there is none,
//                          through the first nexus that answers: a silent one is not waited for
//
// Two actions are not sent as they are asked for. PREEMPT of our own key would take the
// registrations of our other nexuses away while I/O goes through them: where this node holds the
// reservation already, nothing is sent. And where nobody holds one there is no key to preempt (0 is
// an invalid field, SPC-4 5.13.11.2.4): RESERVE gets the caller what PREEMPT would have.
//
// Where the holder's path is dead, the reservation is moved before it is released. Each living
// nexus first changes its registration to a passing key, which leaves it registered all the time;
// then our own key is the dead one's alone, PREEMPT of it makes a living nexus the holder, RELEASE
// goes through that, and the living ones change back. No write of ours meets a conflict meanwhile.
// A usable nexus that cannot change stops it before anything is preempted.
//
// The type is Write Exclusive - Registrants Only. A unit attention is retried. Each command is sent
// over a descriptor through which VPD 83h has just named the unit. Loop's thread only; the commands
// are on workers. Errors: EBADE reservation conflict, ENOKEY the same where this node is not
// registered, ETIMEDOUT, EOPNOTSUPP, ENODEV no path, EXDEV every path leads elsewhere.
#pragma once

#include "common/scsi/persistent_reserve_in.hpp"
#include "common/scsi/persistent_reserve_out.hpp"
#include "daemon/disks/disk.hpp"
#include "daemon/disks/nexus_results.hpp"
#include "daemon/disks/whose_nexus.hpp"
#include "daemon/hardware.hpp"
#include "daemon/workers/workers.hpp"

#include <systemd/sd-event.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace mpapi::disks {

class ReservationCommands;

struct ReservationState {
    std::uint32_t generation = 0;
    std::optional<scsi::Reservation> held;
    bool full = true; // false: from READ KEYS, so whose nexuses these are is not known
    std::vector<RegisteredNexus> registrations;

    bool registered(std::uint64_t key) const;
    bool held_by(std::uint64_t key) const;
};

class Reservations {
  public:
    // All outlive every job. `key` is this node's, not 0.
    struct Means {
        sd_event* loop;
        daemon::Hardware& hardware;
        daemon::Workers& workers;
        std::chrono::milliseconds timeout; // of one command
        std::uint64_t key;
        // So long a path may be silent before another is asked as well; a fourth of it the next.
        std::chrono::milliseconds patience{1000};
    };
    explicit Reservations(Means means);
    ~Reservations();
    Reservations(const Reservations&) = delete;
    Reservations& operator=(const Reservations&) = delete;

    std::uint64_t key() const { return means_.key; }

    // Callbacks come once, from the loop, from within only where the disk has no path; none when
    // this is gone by then.
    using PerNexus = std::function<void(std::vector<NexusResult>)>;
    using Ended = std::function<void(Status)>;

    void register_all(const DiskPtr& disk, PerNexus then);
    void unregister_all(const DiskPtr& disk, PerNexus then);
    // The same for some nexuses only: paths that are new or came back.
    void register_some(const DiskPtr& disk, std::vector<Nexus> nexuses, PerNexus then);
    void unregister_some(const DiskPtr& disk, std::vector<Nexus> nexuses, PerNexus then);

    void reserve(const DiskPtr& disk, Ended then);
    void release(const DiskPtr& disk, Ended then);
    // PREEMPT of the holder's key, read just before; RESERVE where nobody holds; nothing where this
    // node does.
    void preempt_holder(const DiskPtr& disk, Ended then);
    // PREEMPT of this key: takes all its registrations away, and the reservation where it holds it.
    void preempt_key(const DiskPtr& disk, std::uint64_t victim, Ended then);
    void clear(const DiskPtr& disk, Ended then);
    using Read = std::function<void(Result<ReservationState>)>;
    void read(const DiskPtr& disk, Read then);
    void read_through(const DiskPtr& disk, const Nexus& nexus, Read then);

  private:
    class SlowNexuses;
    struct Releasing;
    struct PerNexusJob;
    template <typename T>
    struct FirstThatAnswers;
    template <typename T>
    using Ask = std::function<Result<T>(ReservationCommands&)>;
    // Null: none has answered.
    template <typename T>
    using Through = std::function<void(Result<T>, const Nexus*)>;

    template <typename T>
    void ask_first(const DiskPtr& disk, std::vector<Nexus> nexuses, bool only_reads, Ask<T> ask,
                   Through<T> then);

    void read_some(const DiskPtr& disk, std::vector<Nexus> nexuses, Read then);
    void register_with(const DiskPtr& disk, std::vector<Nexus> nexuses, std::uint64_t new_key,
                       PerNexus then);
    // Through a registered nexus; where none is, through any.
    void send(const DiskPtr& disk, const ReservationState& state, scsi::ReserveOutAction action,
              std::uint64_t victim, Ended then);

    Means means_;
    const std::unique_ptr<SlowNexuses> slow_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace mpapi::disks
