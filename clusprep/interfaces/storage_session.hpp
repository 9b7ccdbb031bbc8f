// SPDX-License-Identifier: LGPL-2.1-or-later
//
// IClusterStorage2 (MS-CSVP 3.2), server side: one object's state, and the rules of section 3.2.4.
//
// Every method is checked in this order: prepare state (InvalidServerState), whether the DISKID
// names a LUN, whether that LUN is attached (FileNotFound for both; NotFound for IsOnline and
// SetOnline, product note 2), then what the method itself demands, such as an online LUN
// (InvalidState). Of several LUNs with one identifier the one that is attached is meant, else the
// first.
//
// What differs from Windows, and why:
// - CprepDiskRawRead reads up to 1 MiB, where Windows reads a sector. CprepDiskRawWrite writes 512
//   bytes or fails (3.2.4.2), and only the scratch sectors unless the options say otherwise.
// - CprepDiskGetProps works on a LUN that has gone and says so (DISK_MISSING).
// - Partitions count from Options::partition_base.
//
// The prepare state, what is attached and the claims of ownership die with the object: rundown()
// takes what it arbitrated for offline and then stops its defense, in that order, unless another
// session claims it too. If going offline fails the defense goes on: a file system that is mounted
// while nobody defends its disk is how data is lost.
#pragma once

#include "clusprep/interfaces/cluster_storage2.hpp"
#include "clusprep/interfaces/dispatch.hpp"
#include "clusprep/interfaces/machine.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace mpapi::csvp {

class StorageSession : public std::enable_shared_from_this<StorageSession> {
  public:
    using Interface = ClusterStorage2;
    using Methods =
        MethodList<CprepDiskRawRead, CprepDiskRawWrite, CprepPrepareNode, CprepPrepareNodePhase2,
                   CprepDiskGetProps, Reserved<8>, Reserved<9>, Reserved<10>, Reserved<11>,
                   CprepDiskStopDefense, CprepDiskOnline, CprepDiskVerifyUnique, Reserved<15>,
                   Reserved<16>, CprepDiskWriteFileData, CprepDiskVerifyFileData,
                   CprepDiskDeleteFile, CprepDiskOffline, Reserved<21>, CprepDiskGetUniqueIds,
                   CprepDiskAttach, CprepDiskPRArbitrate, CprepDiskPRRegister,
                   CprepDiskPRUnRegister, CprepDiskPRReserve, CprepDiskPRRelease,
                   CprepDiskDiskPartitionIsNtfs, CprepDiskGetArbSectors, CprepDiskIsPRPresent,
                   CprepDiskPRPreempt, CprepDiskPRClear, CprepDiskIsOnline, CprepDiskSetOnline,
                   CprepDiskGetFSName, CprepDiskIsReadable, CprepDiskGetDsms>;

    static constexpr std::uint32_t sector_size = 512;
    // Of any buffer that a client gives a size for; refused before anything is allocated.
    static constexpr std::uint32_t most_data = 1024 * 1024;

    explicit StorageSession(Machine& machine)
      : machine_(machine) {}

    Machine& machine() { return machine_; }
    // A call is under way as long as what this returned lives: a rundown waits for it, so that what
    // it wins in the end is given back as well.
    std::shared_ptr<void> begin_call();
    void rundown(std::function<void()> done);

    template <std::uint16_t number>
    void on(Reserved<number>, NoParameters, const Responder<Reserved<number>>& respond) {
        respond(Hresult::NotImplemented);
    }

    template <typename Method>
    using In = typename Method::In;

    void on(CprepDiskRawRead, In<CprepDiskRawRead>, const Responder<CprepDiskRawRead>&);
    void on(CprepDiskRawWrite, In<CprepDiskRawWrite>, const Responder<CprepDiskRawWrite>&);
    void on(CprepPrepareNode, NoParameters, const Responder<CprepPrepareNode>&);
    void on(CprepPrepareNodePhase2, In<CprepPrepareNodePhase2>,
            const Responder<CprepPrepareNodePhase2>&);
    void on(CprepDiskGetProps, DiskOnly, const Responder<CprepDiskGetProps>&);
    void on(CprepDiskStopDefense, DiskOnly, const Responder<CprepDiskStopDefense>&);
    void on(CprepDiskOnline, DiskOnly, const Responder<CprepDiskOnline>&);
    void on(CprepDiskVerifyUnique, DiskOnly, const Responder<CprepDiskVerifyUnique>&);
    void on(CprepDiskWriteFileData, FileContent, const Responder<CprepDiskWriteFileData>&);
    void on(CprepDiskVerifyFileData, FileContent, const Responder<CprepDiskVerifyFileData>&);
    void on(CprepDiskDeleteFile, const In<CprepDiskDeleteFile>&,
            const Responder<CprepDiskDeleteFile>&);
    void on(CprepDiskOffline, DiskOnly, const Responder<CprepDiskOffline>&);
    void on(CprepDiskGetUniqueIds, In<CprepDiskGetUniqueIds>,
            const Responder<CprepDiskGetUniqueIds>&);
    void on(CprepDiskAttach, DiskOnly, const Responder<CprepDiskAttach>&);
    void on(CprepDiskPRArbitrate, DiskOnly, const Responder<CprepDiskPRArbitrate>&);
    void on(CprepDiskPRRegister, DiskOnly, const Responder<CprepDiskPRRegister>&);
    void on(CprepDiskPRUnRegister, DiskOnly, const Responder<CprepDiskPRUnRegister>&);
    void on(CprepDiskPRReserve, DiskOnly, const Responder<CprepDiskPRReserve>&);
    void on(CprepDiskPRRelease, DiskOnly, const Responder<CprepDiskPRRelease>&);
    void on(CprepDiskDiskPartitionIsNtfs, In<CprepDiskDiskPartitionIsNtfs>,
            const Responder<CprepDiskDiskPartitionIsNtfs>&);
    void on(CprepDiskGetArbSectors, DiskOnly, const Responder<CprepDiskGetArbSectors>&);
    void on(CprepDiskIsPRPresent, DiskOnly, const Responder<CprepDiskIsPRPresent>&);
    void on(CprepDiskPRPreempt, DiskOnly, const Responder<CprepDiskPRPreempt>&);
    void on(CprepDiskPRClear, DiskOnly, const Responder<CprepDiskPRClear>&);
    void on(CprepDiskIsOnline, DiskOnly, const Responder<CprepDiskIsOnline>&);
    void on(CprepDiskSetOnline, DiskOnly, const Responder<CprepDiskSetOnline>&);
    void on(CprepDiskGetFSName, In<CprepDiskGetFSName>, const Responder<CprepDiskGetFSName>&);
    void on(CprepDiskIsReadable, DiskOnly, const Responder<CprepDiskIsReadable>&);
    void on(CprepDiskGetDsms, In<CprepDiskGetDsms>, const Responder<CprepDiskGetDsms>&);

  private:
    enum class PrepareState { Initial, Preparing, Online };
    using Key = Disks::Key;
    using DiskOperation = void (Disks::*)(const Key&, Completion<Done>);

    Disks& disks() { return machine_.node().disks(); }
    std::optional<std::uint32_t> find(const DiskId& id) const;
    bool attached(std::uint32_t number) const;

    // The checks that methods share; `then` gets what passed them.
    template <typename Method, typename Then> // then(device number)
    void on_lun(const DiskId& id, const Responder<Method>& respond, Then then);
    template <typename Method, typename Then> // then(key)
    void on_attached(const DiskId& id, const Responder<Method>& respond, Then then);
    template <typename Method, typename Then> // then(key)
    void on_online(const DiskId& id, const Responder<Method>& respond, Then then);
    template <typename Method, typename Then> // then(partition)
    void on_partition(const DiskId& id, std::uint32_t number, const Responder<Method>& respond,
                      Then then);
    template <typename Method, typename Then> // then(key, partition from 0, path)
    void on_file(const DiskId& id, std::uint32_t number, const std::u16string& name,
                 const Responder<Method>& respond, Then then);
    template <typename Method>
    void run(DiskOperation operation, const DiskId& id, const Responder<Method>& respond);
    template <typename Then> // then(whether the sector is one of the two)
    void check_scratch(const Key& key, std::uint32_t sector,
                       const Responder<CprepDiskRawWrite>& respond, Then then);

    std::optional<std::uint32_t> partition_index(std::uint32_t number) const;

    void go_on_with_rundown();

    Machine& machine_;
    PrepareState prepare_state_ = PrepareState::Initial;
    std::shared_ptr<DiskNumbers> numbers_; // from PrepareNodePhase2 on
    std::set<Key> attached_;
    std::set<Key> claimed_; // arbitrated for
    std::map<Key, ScratchSectors> scratch_;

    std::function<void()> rundown_done_;
    bool running_down_ = false;
    unsigned calls_ = 0;     // under way
    unsigned giving_up_ = 0; // LUNs
};

} // namespace mpapi::csvp
