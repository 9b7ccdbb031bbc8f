// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The disks of the machine as the six interfaces need them (MS-CSVP 3.2.1.1): a LUN is a multipath
// LU, or a disk that is in none. Part of the seam node.hpp.
//
// A LUN is named by its key: an opaque text that stays with the LUN for as long as it exists and is
// not used again for another one. Device numbers (CPREP_DISKID, ClearPR) are given out above this
// seam (disk_numbers.hpp). A key that is unknown, or whose LUN has gone, fails with DeviceGone.
//
// Who may touch which disk is decided below this seam: a refusal is AccessDenied. A device that
// does not answer ends with SemaphoreTimeout at last, never with silence; its errors are IoDevice,
// a reservation conflict is Busy.
#pragma once

#include "clusprep/interfaces/outcome.hpp"
#include "clusprep/rpc/ndr/guid.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace mpapi::csvp {

// DISK_PROPS.Flags (MS-CSVP 2.2.5).
enum DiskFlag : std::uint32_t {
    DiskBoot = 0x00000001,
    DiskSystem = 0x00000002,
    DiskPageFile = 0x00000004,
    DiskHibernate = 0x00000008,
    DiskCrashDump = 0x00000010,
    DiskRemovable = 0x00000020,
    DiskClusterNotSupported = 0x00000040,
    DiskBusNotSupported = 0x00000100,
    DiskSystemBus = 0x00000200,
    DiskAlreadyClustered = 0x00000400,
    DiskStyleMbr = 0x00001000,
    DiskStyleGpt = 0x00002000,
    DiskStyleRaw = 0x00004000,
    DiskBasic = 0x00008000,
    DiskDynamic = 0x00010000,
    DiskClusteredOnline = 0x00020000,
    DiskUnreadable = 0x00040000,
    DiskMpio = 0x00080000,
    DiskClusteredOther = 0x00100000,
    DiskMissing = 0x00200000, // set above the seam
    DiskRedundant = 0x00400000,
    DiskSnapshot = 0x00800000,
};

// MS-CSVP 2.2.5; NVMe and virtio are Unknown.
enum class BusType : std::uint32_t {
    Unknown = 0,
    Scsi = 1,
    Atapi = 2,
    Ata = 3,
    Ieee1394 = 4,
    Ssa = 5,
    Fibre = 6,
    Usb = 7,
    Raid = 8,
    Iscsi = 9,
    Sas = 10,
    Sata = 11,
};

// Where one of the LUN's paths is. No client reads it (MS-CSVP 2.2.4).
struct DiskAddress {
    std::uint8_t port = 0, path = 0, target = 0, lun = 0;
    bool operator==(const DiskAddress&) const = default;
};

// By what is on the disk: an MBR's signature, a GPT's disk GUID, neither.
using DiskSignature = std::variant<std::monostate, std::uint32_t, ndr::Guid>;

struct Disk {
    std::string key;
    DiskSignature signature;
    BusType bus = BusType::Unknown;
    DiskAddress address;
    bool clusterable = false;
    std::string adapter; // of the host bus adapter, for a person; UTF-8, cut to 259 UTF-16 units
    std::uint32_t paths = 1;
    std::uint32_t flags = 0; // of DiskFlag

    bool operator==(const Disk&) const = default;
};

// Multipath LUs first, then disks in none; each in an order that a restart keeps. Shared: the same
// pointer while nothing has changed, so who is told of changes answers list() at once and for free.
using DiskList = std::shared_ptr<const std::vector<Disk>>;

struct RawRead {
    std::vector<std::uint8_t> data; // as many bytes as the device gave, at most what was asked for
    std::chrono::milliseconds latency{};
};

struct ScratchSectors {
    std::uint32_t x = 0, y = 0; // in units of 512 bytes, never the same
};

// One designator of VPD page 83h (SPC-3 7.6.3.1), as the device sent it.
struct UniqueId {
    std::uint8_t code_set = 0, type = 0, association = 0;
    std::vector<std::uint8_t> identifier;
    bool operator==(const UniqueId&) const = default;
};

struct Partition {
    // As CprepDiskGetFSName answers: "NTFS"; "FAT" for each of its kinds; "RAW" for none that is
    // known; others by their usual name, "EXT4".
    std::string file_system;
    bool operator==(const Partition&) const = default;
};

enum class Ownership : std::uint8_t { NotOwned, OwnedByAnother, OwnedByThisServer };

// What the LUN is just now on this machine (MS-CSVP 3.2.1.1), whoever asked for it.
struct DiskState {
    bool online = false;
    Ownership ownership = Ownership::NotOwned;
};

// A device-specific module (MS-CSVP 2.2.6); here a SCSI hardware handler or a multipath tool.
struct Dsm {
    std::string name; // UTF-8, cut to 63 UTF-16 units
    std::uint32_t major = 0, minor = 0, build = 0, qfe = 0;
    bool operator==(const Dsm&) const = default;
};

class Disks {
  public:
    using Key = std::string;
    using Bytes = std::span<const std::uint8_t>; // lives as long as the call: copy what is kept

    virtual ~Disks() = default;

    virtual void list(Completion<DiskList> done) = 0;
    virtual void state(const Key& key, Completion<DiskState> done) = 0;

    // Direct, past every cache. `sector` counts 512 bytes; `length` and `data` are multiples of it
    // and 1 MiB at most. A write outside the scratch sectors of a disk that holds anything is
    // refused unless the configuration allows it.
    virtual void read(const Key& key, std::uint32_t sector, std::uint32_t length,
                      Completion<RawRead> done) = 0;
    virtual void write(const Key& key, std::uint32_t sector, Bytes data,
                       Completion<std::chrono::milliseconds> done) = 0;
    // The same two from every node that sees the LUN.
    virtual void find_scratch_sectors(const Key& key, Completion<ScratchSectors> done) = 0;
    virtual void check_readable(const Key& key, Completion<Done> done) = 0;
    // NotSupported when the device has no device identification.
    virtual void unique_ids(const Key& key, Completion<std::vector<UniqueId>> done) = 0;

    // Persistent reservations (SPC-3 6.11, 6.12) by the rules of the whole LUN: a registration goes
    // to every I_T nexus, what goes to one is looked at afterwards. Type: Write Exclusive -
    // Registrants Only; the key is this node's.
    virtual void register_key(const Key& key, Completion<Done> done) = 0;
    virtual void unregister_key(const Key& key, Completion<Done> done) = 0;
    virtual void reserve(const Key& key, Completion<Done> done) = 0;
    virtual void release(const Key& key, Completion<Done> done) = 0;
    virtual void preempt(const Key& key, Completion<Done> done) = 0;
    virtual void clear(const Key& key, Completion<Done> done) = 0; // never registers
    virtual void reservation_present(const Key& key, Completion<bool> done) = 0;
    // REGISTER AND IGNORE EXISTING KEY, then CLEAR (MS-CSVP 3.6.4.2). Never on the system's disks.
    virtual void register_and_clear(const Key& key, Completion<Done> done) = 0;

    // Ownership (MS-CSVP 3.2.4.15): challenge, and on success defend until stop_defense() or until
    // a rival wins. Busy when somebody else defends it; Ok at once when this server owns it
    // already.
    virtual void arbitrate(const Key& key, Completion<Done> done) = 0;
    // Gives up our reservation. InvalidState unless owned by this server and offline.
    virtual void stop_defense(const Key& key, Completion<Done> done) = 0;

    // Both end when the LUN is what was asked for; Busy names who uses it. Nothing to do is
    // success.
    virtual void take_offline(const Key& key, Completion<Done> done) = 0;
    virtual void bring_online(const Key& key, Completion<Done> done) = 0;

    // Of an online LUN (else InvalidState), in the order of their place on the disk.
    virtual void partitions(const Key& key, Completion<std::vector<Partition>> done) = 0;

    // Files of an online LUN (else InvalidState). `partition` counts from 0 in partitions() (beyond
    // it: InvalidParameter). `path`: components as file_path() checked them, none empty. A
    // directory on the way that is missing is not made (FileNotFound).
    using Path = std::vector<std::string>;
    // Made if missing, filled from offset 0, cut to the length of `data`, on the medium at success.
    virtual void write_file(const Key& key, std::uint32_t partition, const Path& path, Bytes data,
                            Completion<Done> done) = 0;
    // CrcMismatch when its content or its length is another one.
    virtual void verify_file(const Key& key, std::uint32_t partition, const Path& path, Bytes data,
                             Completion<Done> done) = 0;
    virtual void delete_file(const Key& key, std::uint32_t partition, const Path& path,
                             Completion<Done> done) = 0;

    virtual void dsms(Completion<std::vector<Dsm>> done) = 0;
};

} // namespace mpapi::csvp
