// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/san_blocks.hpp"

#include "common/scsi/commands.hpp"
#include "common/scsi/read_capacity.hpp"
#include "common/scsi/sense.hpp"
#include "daemon/san/command.hpp"

#include <array>
#include <cerrno>
#include <functional>
#include <utility>

namespace mpapi::san {

namespace {

using daemon::ScsiDevice;
using daemon::ScsiReply;
using std::chrono_literals::operator""ms;

constexpr auto kTimeout = 5000ms; // no path of the SAN knows one
constexpr int kAttentionRetries = 5;

std::array<std::uint8_t, 16> block_cdb(std::uint8_t operation, std::uint64_t sector,
                                       std::uint32_t count) {
    std::array<std::uint8_t, 16> cdb{operation};
    for (std::size_t n = 0; n < 8; ++n)
        cdb[2 + n] = static_cast<std::uint8_t>(sector >> (56 - 8 * n));
    for (std::size_t n = 0; n < 4; ++n)
        cdb[10 + n] = static_cast<std::uint8_t>(count >> (24 - 8 * n));
    return cdb;
}

class SanBlock final : public daemon::BlockDevice {
  public:
    explicit SanBlock(std::vector<std::unique_ptr<ScsiDevice>> paths)
      : paths_(std::move(paths)) {}

    Status measure() {
        std::array<std::uint8_t, 32> data{};
        const auto cdb = scsi::read_capacity_16_cdb(data.size());
        auto sent =
            send("READ CAPACITY", [&](ScsiDevice& path) { return path.read(cdb, data, kTimeout); });
        if (!sent) return sent;
        const auto capacity = scsi::parse_capacity_16(data);
        if (!capacity) return capacity.error();
        geometry_.sector_size = capacity->block_size;
        geometry_.size = (capacity->last_block + 1) * capacity->block_size;
        return Done{};
    }

    const daemon::BlockGeometry& geometry() const override { return geometry_; }

    Status read(std::uint64_t offset, std::span<std::uint8_t> into) override {
        const auto cdb = block_cdb(read_16, offset / block_size,
                                   static_cast<std::uint32_t>(into.size() / block_size));
        return send("READ", [&](ScsiDevice& path) { return path.read(cdb, into, kTimeout); });
    }

    Status write(std::uint64_t offset, std::span<const std::uint8_t> from) override {
        const auto cdb = block_cdb(write_16, offset / block_size,
                                   static_cast<std::uint32_t>(from.size() / block_size));
        return send("WRITE", [&](ScsiDevice& path) { return path.write(cdb, from, kTimeout); });
    }

  private:
    Status send(const char* command, const std::function<ScsiReply(ScsiDevice&)>& through) {
        Error last{command, "", "there is no path", EIO};
        for (const auto& path : paths_) {
            for (int tries = 0; tries <= kAttentionRetries; ++tries) {
                const ScsiReply reply = through(*path);
                if (reply.good()) return Done{};
                // As the block layer has it (BLK_STS_RESV_CONFLICT).
                if (reply.status ==
                    static_cast<std::uint8_t>(scsi::StatusCode::ReservationConflict))
                    return Error{command, "", "reservation conflict", EBADE};
                const auto sense = scsi::parse_sense(reply.sense);
                last = Error{command, "",
                             reply.error ? reply.error->message()
                             : sense     ? scsi::sense_text(*sense)
                                         : "a status that says no",
                             EIO};
                if (!sense || !scsi::is_unit_attention(*sense)) break;
            }
        }
        return last;
    }

    std::vector<std::unique_ptr<ScsiDevice>> paths_;
    daemon::BlockGeometry geometry_;
};

} // namespace

Result<std::unique_ptr<daemon::BlockDevice>>
SanBlocks::open(const daemon::BlockRef& ref, const std::vector<daemon::BlockRef>& paths,
                daemon::BlockAccess access) {
    // Claimed already is offline, and every block device of the disk is read-only then.
    if (access.writing && !access.exclusive)
        return Error{"open", ref.device, "it is read-only", EROFS};
    std::vector<std::unique_ptr<ScsiDevice>> opened;
    Error last{"open", ref.device, "no path leads to it", ENODEV};
    for (const daemon::BlockRef& path : paths) {
        auto device = san_.open(path.device, path.number);
        if (device)
            opened.push_back(std::move(*device));
        else
            last = device.error();
    }
    if (opened.empty()) return last;
    auto block = std::make_unique<SanBlock>(std::move(opened));
    if (auto measured = block->measure(); !measured) return std::move(measured).error();
    return std::unique_ptr<daemon::BlockDevice>(std::move(block));
}

Result<daemon::BlockUse> SanBlocks::use(const daemon::BlockRef& ref) {
    daemon::BlockUse use;
    const Fabric& fabric = san_.fabric();
    if (ref.number.major != fabric.description.machine.map_major) return use;
    const auto index =
        ref.number.minor < fabric.minors.size() ? fabric.minors[ref.number.minor] : none;
    if (index == none) return Error{"look at", ref.device, "there is no such map", ENODEV};
    const Map& map = fabric.maps[index];
    use.root = map.system;
    if (map.held) use.users.emplace_back(map.system ? "mounted on /" : "the fault map_held");
    return use;
}

} // namespace mpapi::san
