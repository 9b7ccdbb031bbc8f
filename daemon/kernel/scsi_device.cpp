// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/kernel/scsi_device.hpp"

#include "common/system/handle.hpp"

#include <fcntl.h>
#include <scsi/sg_pt.h>
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

using PassThrough = std::unique_ptr<sg_pt_base, DropWith<destruct_scsi_pt_obj>>;

class SgDevice final : public daemon::ScsiDevice {
  public:
    SgDevice(Fd file, std::string node)
      : file_(std::move(file))
      , node_(std::move(node)) {}

    ScsiReply read(std::span<const std::uint8_t> cdb, std::span<std::uint8_t> data,
                   std::chrono::milliseconds timeout) override {
        return send(cdb, data, {}, timeout);
    }
    ScsiReply write(std::span<const std::uint8_t> cdb, std::span<const std::uint8_t> data,
                    std::chrono::milliseconds timeout) override {
        return send(cdb, {}, data, timeout);
    }

  private:
    // At most one of the buffers is not empty.
    ScsiReply send(std::span<const std::uint8_t> cdb, std::span<std::uint8_t> in,
                   std::span<const std::uint8_t> out, std::chrono::milliseconds timeout) {
        ScsiReply reply;
        if (cdb.empty() || cdb.size() > UINT8_MAX || in.size() > INT_MAX || out.size() > INT_MAX) {
            reply.error = Error{"SG_IO", node_, "command or buffer of no possible length", EINVAL};
            return reply;
        }
        constexpr int quiet = 0;
        const PassThrough command(construct_scsi_pt_obj_with_fd(file_.get(), quiet));
        if (!command) {
            reply.error = Error{"SG_IO", node_, "", ENOMEM};
            return reply;
        }
        // Zeroes, for a driver that claims to have written more than it did.
        std::array<std::uint8_t, 252> sense{};
        set_scsi_pt_cdb(command.get(), cdb.data(), static_cast<int>(cdb.size()));
        set_scsi_pt_sense(command.get(), sense.data(), static_cast<int>(sense.size()));
        if (!in.empty()) set_scsi_pt_data_in(command.get(), in.data(), static_cast<int>(in.size()));
        if (!out.empty())
            set_scsi_pt_data_out(command.get(), out.data(), static_cast<int>(out.size()));
        // 0 would be the library's own idea.
        const auto seconds = std::chrono::ceil<std::chrono::seconds>(timeout).count();
        const int refused = do_scsi_pt(
            command.get(), file_.get(),
            static_cast<int>(std::clamp<std::int64_t>(seconds, 1, std::int64_t{INT_MAX} / 1000)),
            quiet);
        if (refused != 0) {
            // Negative: the system's error; positive: the library's word on what it was given.
            reply.error = Error{"SG_IO", node_, refused > 0 ? "refused by libsgutils2" : "",
                                refused < 0 ? -refused : 0};
            return reply;
        }
        SgAnswer answer;
        answer.status = static_cast<std::uint8_t>(get_scsi_pt_status_response(command.get()));
        answer.host_status = static_cast<std::uint16_t>(get_scsi_pt_transport_err(command.get()));
        answer.driver_failed =
            answer.host_status == 0 &&
            get_scsi_pt_result_category(command.get()) == SCSI_PT_RESULT_TRANSPORT_ERR;
        // Of what went out nothing is received, whatever is left of it.
        answer.asked = in.size();
        answer.residual = in.empty() ? 0 : get_scsi_pt_resid(command.get());
        answer.sense_written =
            static_cast<std::size_t>(std::max(0, get_scsi_pt_sense_len(command.get())));
        return read_sg_answer(answer, sense, node_);
    }

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
    if (no_status && answer.driver_failed) {
        reply.error = Error{"SG_IO", node, "no status came back: the driver failed", 0};
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
