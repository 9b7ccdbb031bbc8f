// SPDX-License-Identifier: LGPL-2.1-or-later
//
// IClusterStorage2 (MS-CSVP 3.2): the messages of its methods in opnum order.
#pragma once

#include "clusprep/interfaces/disk_id.hpp"
#include "clusprep/interfaces/parameters.hpp"

#include <string>
#include <vector>

namespace mpapi::csvp {

using namespace ndr::literals;

struct ClusterStorage2 {
    static constexpr const char* name = "IClusterStorage2";
    static constexpr ndr::Guid iid = "12108a88-6858-4467-b92f-e6cf4568dfb6"_guid;
    static constexpr ndr::Guid clsid = "c72b09db-4d53-4f41-8dcc-2d752ab56f7c"_guid;
};

// [in] CPREP_DISKID DiskId and nothing else.
struct DiskOnly {
    DiskId disk;

    bool operator==(const DiskOnly&) const = default;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("DiskId", self.disk);
    }
};

struct CprepDiskRawRead {
    static constexpr std::uint16_t opnum = 3;
    static constexpr const char* name = "CprepDiskRawRead";
    struct In {
        DiskId disk;
        std::uint32_t sector = 0;
        std::uint32_t data_size = 0;

        bool operator==(const In&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("DiskId", self.disk);
            v("ulSector", self.sector);
            v("cbData", self.data_size);
        }
    };
    struct Out {
        ndr::Asked data_size; // cbData
        std::vector<std::uint8_t> data;
        std::uint32_t data_read = 0;
        std::uint32_t latency = 0; // ms
        Hresult result = Hresult::Ok;

        bool operator==(const Out&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v.varying("pbData", self.data, self.data_size, self.data_read);
            v("pcbDataRead", self.data_read);
            v("ulLatency", self.latency);
            v("return", self.result);
        }
    };
    // The empty answer to a request: its size_is is the request's.
    static Out answer_to(const In& in) {
        Out out;
        out.data_size.count = in.data_size;
        return out;
    }
};

struct CprepDiskRawWrite {
    static constexpr std::uint16_t opnum = 4;
    static constexpr const char* name = "CprepDiskRawWrite";
    static constexpr bool changes_something = true;
    struct In {
        DiskId disk;
        std::uint32_t sector = 0;
        std::uint32_t data_size = 0;
        std::vector<std::uint8_t> data;

        bool operator==(const In&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("DiskId", self.disk);
            v("ulSector", self.sector);
            v("cbData", self.data_size);
            v.conformant("pbData", self.data, self.data_size);
        }
    };
    struct Out {
        std::uint32_t data_written = 0;
        std::uint32_t latency = 0; // ms
        Hresult result = Hresult::Ok;

        bool operator==(const Out&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("pcbDataWritten", self.data_written);
            v("ulLatency", self.latency);
            v("return", self.result);
        }
    };
};

struct CprepPrepareNode {
    static constexpr std::uint16_t opnum = 5;
    static constexpr const char* name = "CprepPrepareNode";
    using In = NoParameters;
    struct Out {
        std::uint32_t major_version = 0;
        std::uint32_t minor_version = 0;
        std::uint32_t clusprep_version = 0;
        Hresult result = Hresult::Ok;

        bool operator==(const Out&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("pulMajorVersion", self.major_version);
            v("pulMinorVersion", self.minor_version);
            v("pdwCPrepVersion", self.clusprep_version);
            v("return", self.result);
        }
    };
};

struct CprepPrepareNodePhase2 {
    static constexpr std::uint16_t opnum = 6;
    static constexpr const char* name = "CprepPrepareNodePhase2";
    struct In {
        std::uint32_t attach_disks_on_system_bus = 1;

        bool operator==(const In&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("AttachDisksOnSystemBus", self.attach_disks_on_system_bus);
        }
    };
    struct Out {
        std::uint32_t disks = 0;
        Hresult result = Hresult::Ok;

        bool operator==(const Out&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("pulNumDisks", self.disks);
            v("return", self.result);
        }
    };
};

struct CprepDiskGetProps {
    static constexpr std::uint16_t opnum = 7;
    static constexpr const char* name = "CprepDiskGetProps";
    using In = DiskOnly;
    struct Out {
        DiskProps props;
        Hresult result = Hresult::Ok;

        bool operator==(const Out&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("DiskProps", self.props);
            v("return", self.result);
        }
    };
};

// 8 to 11 are reserved.

struct CprepDiskStopDefense {
    static constexpr std::uint16_t opnum = 12;
    static constexpr const char* name = "CprepDiskStopDefense";
    static constexpr bool changes_something = true;
    using In = DiskOnly;
    using Out = ResultOnly;
};

struct CprepDiskOnline {
    static constexpr std::uint16_t opnum = 13;
    static constexpr const char* name = "CprepDiskOnline";
    static constexpr bool changes_something = true;
    using In = DiskOnly;
    struct Out {
        std::uint32_t partitions = 0;
        Hresult result = Hresult::Ok;

        bool operator==(const Out&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("MaxPartitionNumber", self.partitions);
            v("return", self.result);
        }
    };
};

struct CprepDiskVerifyUnique {
    static constexpr std::uint16_t opnum = 14;
    static constexpr const char* name = "CprepDiskVerifyUnique";
    using In = DiskOnly;
    using Out = ResultOnly;
};

// 15 and 16 are reserved.

// [in] parameters of CprepDiskWriteFileData and CprepDiskVerifyFileData.
struct FileContent {
    DiskId disk;
    std::uint32_t partition = 0;
    std::u16string file_name;
    std::uint32_t data_size = 0;
    std::vector<std::uint8_t> data;

    bool operator==(const FileContent&) const = default;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("DiskId", self.disk);
        v("ulPartition", self.partition);
        v("FileName", self.file_name);
        v("cbDataIn", self.data_size);
        v.conformant("DataIn", self.data, self.data_size);
    }
};

struct CprepDiskWriteFileData {
    static constexpr std::uint16_t opnum = 17;
    static constexpr const char* name = "CprepDiskWriteFileData";
    static constexpr bool changes_something = true;
    using In = FileContent;
    using Out = ResultOnly;
};

struct CprepDiskVerifyFileData {
    static constexpr std::uint16_t opnum = 18;
    static constexpr const char* name = "CprepDiskVerifyFileData";
    using In = FileContent;
    using Out = ResultOnly;
};

struct CprepDiskDeleteFile {
    static constexpr std::uint16_t opnum = 19;
    static constexpr const char* name = "CprepDiskDeleteFile";
    static constexpr bool changes_something = true;
    struct In {
        DiskId disk;
        std::uint32_t partition = 0;
        std::u16string file_name;

        bool operator==(const In&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("DiskId", self.disk);
            v("ulPartition", self.partition);
            v("FileName", self.file_name);
        }
    };
    using Out = ResultOnly;
};

struct CprepDiskOffline {
    static constexpr std::uint16_t opnum = 20;
    static constexpr const char* name = "CprepDiskOffline";
    static constexpr bool changes_something = true;
    using In = DiskOnly;
    using Out = ResultOnly;
};

// 21 is reserved.

struct CprepDiskGetUniqueIds {
    static constexpr std::uint16_t opnum = 22;
    static constexpr const char* name = "CprepDiskGetUniqueIds";
    struct In {
        DiskId disk;
        std::uint32_t data_size = 0;

        bool operator==(const In&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("DiskId", self.disk);
            v("cbData", self.data_size);
        }
    };
    struct Out {
        ndr::Asked data_size;           // cbData
        std::vector<std::uint8_t> data; // STORAGE_DEVICE_ID_DESCRIPTOR
        std::uint32_t data_out = 0;
        std::uint32_t needed = 0;
        Hresult result = Hresult::Ok;

        bool operator==(const Out&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v.varying("pbData", self.data, self.data_size, self.data_out);
            v("pcbDataOut", self.data_out);
            v("pcbNeeded", self.needed);
            v("return", self.result);
        }
    };
    // The empty answer to a request: its size_is is the request's.
    static Out answer_to(const In& in) {
        Out out;
        out.data_size.count = in.data_size;
        return out;
    }
};

struct CprepDiskAttach {
    static constexpr std::uint16_t opnum = 23;
    static constexpr const char* name = "CprepDiskAttach";
    using In = DiskOnly;
    using Out = ResultOnly;
};

struct CprepDiskPRArbitrate {
    static constexpr std::uint16_t opnum = 24;
    static constexpr const char* name = "CprepDiskPRArbitrate";
    static constexpr bool changes_something = true;
    using In = DiskOnly;
    using Out = ResultOnly;
};

struct CprepDiskPRRegister {
    static constexpr std::uint16_t opnum = 25;
    static constexpr const char* name = "CprepDiskPRRegister";
    static constexpr bool changes_something = true;
    using In = DiskOnly;
    using Out = ResultOnly;
};

struct CprepDiskPRUnRegister {
    static constexpr std::uint16_t opnum = 26;
    static constexpr const char* name = "CprepDiskPRUnRegister";
    static constexpr bool changes_something = true;
    using In = DiskOnly;
    using Out = ResultOnly;
};

struct CprepDiskPRReserve {
    static constexpr std::uint16_t opnum = 27;
    static constexpr const char* name = "CprepDiskPRReserve";
    static constexpr bool changes_something = true;
    using In = DiskOnly;
    using Out = ResultOnly;
};

struct CprepDiskPRRelease {
    static constexpr std::uint16_t opnum = 28;
    static constexpr const char* name = "CprepDiskPRRelease";
    static constexpr bool changes_something = true;
    using In = DiskOnly;
    using Out = ResultOnly;
};

struct CprepDiskDiskPartitionIsNtfs {
    static constexpr std::uint16_t opnum = 29;
    static constexpr const char* name = "CprepDiskDiskPartitionIsNtfs";
    struct In {
        DiskId disk;
        std::uint32_t partition = 0;

        bool operator==(const In&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("DiskId", self.disk);
            v("ulPartition", self.partition);
        }
    };
    using Out = ResultOnly;
};

struct CprepDiskGetArbSectors {
    static constexpr std::uint16_t opnum = 30;
    static constexpr const char* name = "CprepDiskGetArbSectors";
    using In = DiskOnly;
    struct Out {
        std::uint32_t sector_x = 0;
        std::uint32_t sector_y = 0;
        Hresult result = Hresult::Ok;

        bool operator==(const Out&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("SectorX", self.sector_x);
            v("SectorY", self.sector_y);
            v("return", self.result);
        }
    };
};

struct CprepDiskIsPRPresent {
    static constexpr std::uint16_t opnum = 31;
    static constexpr const char* name = "CprepDiskIsPRPresent";
    using In = DiskOnly;
    struct Out {
        std::uint32_t present = 0; // 0 or 1
        Hresult result = Hresult::Ok;

        bool operator==(const Out&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("Present", self.present);
            v("return", self.result);
        }
    };
};

struct CprepDiskPRPreempt {
    static constexpr std::uint16_t opnum = 32;
    static constexpr const char* name = "CprepDiskPRPreempt";
    static constexpr bool changes_something = true;
    using In = DiskOnly;
    using Out = ResultOnly;
};

struct CprepDiskPRClear {
    static constexpr std::uint16_t opnum = 33;
    static constexpr const char* name = "CprepDiskPRClear";
    static constexpr bool changes_something = true;
    using In = DiskOnly;
    using Out = ResultOnly;
};

struct CprepDiskIsOnline {
    static constexpr std::uint16_t opnum = 34;
    static constexpr const char* name = "CprepDiskIsOnline";
    using In = DiskOnly;
    using Out = ResultOnly;
};

struct CprepDiskSetOnline {
    static constexpr std::uint16_t opnum = 35;
    static constexpr const char* name = "CprepDiskSetOnline";
    static constexpr bool changes_something = true;
    using In = DiskOnly;
    using Out = ResultOnly;
};

struct CprepDiskGetFSName {
    static constexpr std::uint16_t opnum = 36;
    static constexpr const char* name = "CprepDiskGetFSName";
    struct In {
        DiskId disk;
        std::uint32_t partition = 0;

        bool operator==(const In&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("DiskId", self.disk);
            v("Partition", self.partition);
        }
    };
    struct Out {
        std::array<char16_t, 100> file_system{};
        Hresult result = Hresult::Ok;

        bool operator==(const Out&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("FsName", self.file_system);
            v("return", self.result);
        }
    };
};

struct CprepDiskIsReadable {
    static constexpr std::uint16_t opnum = 37;
    static constexpr const char* name = "CprepDiskIsReadable";
    using In = DiskOnly;
    using Out = ResultOnly;
};

struct CprepDiskGetDsms {
    static constexpr std::uint16_t opnum = 38;
    static constexpr const char* name = "CprepDiskGetDsms";
    struct In {
        std::uint32_t size = 0;

        bool operator==(const In&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("Size", self.size);
        }
    };
    struct Out {
        ndr::Asked size;                // Size
        std::uint32_t reserved = 0;     // bytes in `dsms`, or length_is drops them
        std::vector<std::uint8_t> dsms; // REGISTERED_DSMS
        Hresult result = Hresult::Ok;

        bool operator==(const Out&) const = default;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("pReserved", self.reserved);
            v.varying("RegisteredDsms", self.dsms, self.size, self.reserved);
            v("return", self.result);
        }
    };
    // The empty answer to a request: its size_is is the request's.
    static Out answer_to(const In& in) {
        Out out;
        out.size.count = in.size;
        return out;
    }
};

} // namespace mpapi::csvp
