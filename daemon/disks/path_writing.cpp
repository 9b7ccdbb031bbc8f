// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/path_writing.hpp"

#include "common/scsi/commands.hpp"
#include "common/scsi/sense.hpp"
#include "daemon/disks/examine.hpp"

#include <array>
#include <cerrno>
#include <utility>

namespace mpapi::disks {

namespace {

constexpr const char* kCommand = "WRITE(16)";
constexpr int kAttentionRetries = 5; // each I_T nexus may have several queued (SAM-5 5.14)

std::array<std::uint8_t, 16> write_cdb(std::uint64_t block, std::uint32_t count) {
    std::array<std::uint8_t, 16> cdb{0x8a};
    scsi::store_u32(cdb, 2, static_cast<std::uint32_t>(block >> 32));
    scsi::store_u32(cdb, 6, static_cast<std::uint32_t>(block));
    scsi::store_u32(cdb, 10, count);
    return cdb;
}

class PathWriting final : public daemon::BlockDevice {
  public:
    PathWriting(std::unique_ptr<daemon::BlockDevice> block, daemon::Hardware& hardware,
                const Disk& disk, daemon::Progress& progress, std::chrono::milliseconds timeout)
      : block_(std::move(block))
      , hardware_(hardware)
      , disk_(disk)
      , progress_(progress)
      , timeout_(timeout) {}

    const daemon::BlockGeometry& geometry() const override { return block_->geometry(); }

    Status read(std::uint64_t offset, std::span<std::uint8_t> into) override {
        return block_->read(offset, into);
    }

    Status write(std::uint64_t offset, std::span<const std::uint8_t> from) override {
        if (!path_) {
            auto opened = open_path(hardware_, timeout_, disk_, progress_);
            if (!opened) return std::move(opened).error();
            path_ = std::move(*opened);
        }
        const std::uint32_t size = geometry().sector_size;
        const auto cdb = write_cdb(offset / size, static_cast<std::uint32_t>(from.size() / size));
        for (int tries = 0;; ++tries) {
            progress_.begin(kCommand, timeout_);
            const daemon::ScsiReply reply = path_->write(cdb, from, timeout_);
            if (reply.good()) return Done{};
            if (reply.error) return Error{kCommand, disk_.id, reply.error->message(), EIO};
            if (reply.status == static_cast<std::uint8_t>(scsi::StatusCode::ReservationConflict))
                return Error{kCommand, disk_.id, "reservation conflict", EBADE};
            const auto sense = scsi::parse_sense(reply.sense);
            if (sense && scsi::is_unit_attention(*sense) && tries < kAttentionRetries) continue;
            return Error{kCommand, disk_.id,
                         sense ? scsi::sense_text(*sense) : "a status that says no", EIO};
        }
    }

  private:
    const std::unique_ptr<daemon::BlockDevice> block_;
    daemon::Hardware& hardware_;
    const Disk& disk_;
    daemon::Progress& progress_;
    const std::chrono::milliseconds timeout_;
    std::unique_ptr<daemon::ScsiDevice> path_;
};

} // namespace

std::unique_ptr<daemon::BlockDevice> write_through_paths(std::unique_ptr<daemon::BlockDevice> block,
                                                         daemon::Hardware& hardware,
                                                         const Disk& disk,
                                                         daemon::Progress& progress,
                                                         std::chrono::milliseconds timeout) {
    return std::make_unique<PathWriting>(std::move(block), hardware, disk, progress, timeout);
}

} // namespace mpapi::disks
