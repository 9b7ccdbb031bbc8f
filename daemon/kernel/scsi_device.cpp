// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/kernel/scsi_device.hpp"

#include "common/system/handle.hpp"

#include <fcntl.h>
#include <scsi/sg.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

namespace mpapi::kernel {
namespace {

using daemon::ScsiReply;

// Codes of include/scsi/scsi_status.h and scsi_host.h, the kernel's ABI through SG_IO.
const char* host_status_name(unsigned status) {
    constexpr std::array names{"DID_OK",
                               "DID_NO_CONNECT",
                               "DID_BUS_BUSY",
                               "DID_TIME_OUT",
                               "DID_BAD_TARGET",
                               "DID_ABORT",
                               "DID_PARITY",
                               "DID_ERROR",
                               "DID_RESET",
                               "DID_BAD_INTR",
                               "DID_PASSTHROUGH",
                               "DID_SOFT_ERROR",
                               "DID_IMM_RETRY",
                               "DID_REQUEUE",
                               "DID_TRANSPORT_DISRUPTED",
                               "DID_TRANSPORT_FAILFAST",
                               "DID_TARGET_FAILURE",
                               "DID_NEXUS_FAILURE",
                               "DID_ALLOC_FAILURE",
                               "DID_MEDIUM_ERROR",
                               "DID_TRANSPORT_MARGINAL"};
    return status < names.size() ? names[status] : nullptr;
}

// The driver byte: 8 only says that there is sense data; kernels since 5.14 set no other.
constexpr unsigned driver_sense = 0x08;
constexpr unsigned driver_timeout = 0x06;
constexpr unsigned driver_mask = 0x0f;

class SgDevice final : public daemon::ScsiDevice {
  public:
    SgDevice(Fd file, std::string node)
      : file_(std::move(file))
      , node_(std::move(node)) {}

    ScsiReply read(std::span<const std::uint8_t> cdb, std::span<std::uint8_t> data,
                   std::chrono::milliseconds timeout) override {
        // Zeroes, for a driver that claims to have written more than it did.
        std::array<std::uint8_t, 252> sense{};
        std::array<std::uint8_t, 255> command{};
        ScsiReply reply;
        if (cdb.empty() || cdb.size() > command.size() || data.size() > INT_MAX) {
            reply.error = Error{"SG_IO", node_, "command or buffer of no possible length", EINVAL};
            return reply;
        }
        std::copy(cdb.begin(), cdb.end(), command.begin());

        sg_io_hdr header{};
        header.interface_id = 'S';
        header.dxfer_direction = data.empty() ? SG_DXFER_NONE : SG_DXFER_FROM_DEV;
        header.cmd_len = static_cast<unsigned char>(cdb.size());
        header.cmdp = command.data();
        header.mx_sb_len = static_cast<unsigned char>(sense.size());
        header.sbp = sense.data();
        header.dxfer_len = static_cast<unsigned>(data.size());
        header.dxferp = data.empty() ? nullptr : data.data();
        // 0 would be the driver's own idea; UINT_MAX none at all.
        header.timeout = static_cast<unsigned>(
            std::clamp<std::int64_t>(timeout.count(), 1, std::int64_t{INT_MAX}));

        if (::ioctl(file_.get(), SG_IO, &header) != 0) {
            reply.error = Error{"SG_IO", node_, "", errno};
            return reply;
        }
        SgAnswer answer;
        answer.status = header.status;
        answer.host_status = header.host_status;
        answer.driver_status = header.driver_status;
        answer.asked = data.size();
        answer.residual = header.resid;
        answer.sense_written = header.sb_len_wr;
        return read_sg_answer(answer, sense, node_);
    }

  private:
    Fd file_;
    std::string node_;
};

} // namespace

ScsiReply read_sg_answer(const SgAnswer& answer, std::span<const std::uint8_t> sense,
                         const std::string& node) {
    ScsiReply reply;
    // Bits 0, 6 and 7 were vendor's in SCSI-2; the kernel keeps the byte as it came.
    reply.status = answer.status;
    const auto written = std::min(answer.sense_written, sense.size());
    reply.sense.assign(sense.begin(), sense.begin() + static_cast<std::ptrdiff_t>(written));

    const unsigned driver = answer.driver_status & driver_mask;
    const bool no_status = answer.status == 0 && reply.sense.empty();
    if (no_status && answer.host_status != 0) {
        const char* name = host_status_name(answer.host_status);
        reply.error = Error{
            "SG_IO", node,
            "no status came back: " +
                (name ? std::string(name) : "host status " + std::to_string(answer.host_status)),
            0};
        return reply;
    }
    if (no_status && driver != 0 && driver != driver_sense) {
        reply.error = Error{"SG_IO", node,
                            driver == driver_timeout
                                ? std::string("no status came back: the driver timed out")
                                : "no status came back: driver status " + std::to_string(driver),
                            0};
        return reply;
    }
    // A residual that is none of the buffer's is a driver's mistake: nothing can be said to have
    // arrived beyond it, so take the buffer for full only when the residual is plausible.
    if (answer.residual >= 0 && static_cast<std::size_t>(answer.residual) <= answer.asked)
        reply.received = answer.asked - static_cast<std::size_t>(answer.residual);
    return reply;
}

Result<std::unique_ptr<daemon::ScsiDevice>> open_scsi_device(const std::string& node,
                                                             model::DeviceNumber number) {
    Fd file(::open(node.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (!file) return Error{"open", node, "", errno};
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return Error{"stat", node, "", errno};
    if (!S_ISBLK(status.st_mode) || major(status.st_rdev) != number.major ||
        minor(status.st_rdev) != number.minor)
        return Error{"open", node,
                     "another device has this name now (" + std::to_string(major(status.st_rdev)) +
                         ":" + std::to_string(minor(status.st_rdev)) + ")",
                     ENODEV};
    std::unique_ptr<daemon::ScsiDevice> device = std::make_unique<SgDevice>(std::move(file), node);
    return device;
}

} // namespace mpapi::kernel
