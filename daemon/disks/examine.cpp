// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/examine.hpp"

#include "common/scsi/designator.hpp"
#include "common/scsi/inquiry.hpp"
#include "common/scsi/sense.hpp"
#include "common/scsi/vpd.hpp"
#include "common/system/clock.hpp"
#include "daemon/disks/aligned_buffer.hpp"
#include "daemon/disks/reservation_commands.hpp"
#include "daemon/disks/volumes.hpp"
#include "daemon/paths/set_groups_command.hpp"

#include <algorithm>
#include <cerrno>

namespace mpapi::disks {

namespace {

constexpr int kAttentionRetries = 5;
constexpr std::size_t kPage = 4096; // more than any device has to say; what is cut is refused

void add(std::string& trouble, const Error& error) {
    trouble += (trouble.empty() ? "" : "; ") + error.message();
}

std::vector<const Nexus*> by_use(const Disk& disk) {
    std::vector<const Nexus*> order;
    for (const bool usable : {true, false})
        for (const Nexus& nexus : disk.nexuses)
            if (nexus.usable == usable) order.push_back(&nexus);
    return order;
}

Result<std::vector<UniqueId>> read_page(daemon::ScsiDevice& device,
                                        std::chrono::milliseconds timeout,
                                        daemon::Progress& progress) {
    constexpr const char* command = "INQUIRY VPD page 83h";
    std::vector<std::uint8_t> buffer(kPage);
    const auto cdb =
        scsi::vpd_cdb(scsi::device_identification_page, static_cast<std::uint16_t>(buffer.size()));
    for (int tries = 0;; ++tries) {
        progress.begin(command, timeout);
        const auto reply = device.read(cdb, buffer, timeout);
        if (!reply.good()) {
            if (reply.error) return Error{command, "", reply.error->message(), EIO};
            const auto sense = scsi::parse_sense(reply.sense);
            if (sense && scsi::is_unit_attention(*sense) && tries < kAttentionRetries) continue;
            return Error{command, "", sense ? scsi::sense_text(*sense) : "a status that says no",
                         sense && scsi::is_unsupported(*sense) ? EOPNOTSUPP : EIO};
        }
        const auto page = scsi::parse_device_identification(
            scsi::Bytes(buffer).first(std::min(reply.received, buffer.size())));
        if (!page) return Error{command, "", page.error().message(), EBADMSG};
        std::vector<UniqueId> ids;
        for (const auto& each : page->designators)
            ids.push_back(UniqueId{
                static_cast<std::uint8_t>(each.association), static_cast<std::uint8_t>(each.type),
                static_cast<std::uint8_t>(each.code_set),
                std::vector<std::uint8_t>(each.value.begin(), each.value.end())});
        return ids;
    }
}

Support answers_reservations(ReservationCommands& commands, std::string& trouble) {
    const auto capabilities = commands.report_capabilities();
    if (capabilities) {
        const auto& types = capabilities->types;
        return !types || std::find(types->begin(), types->end(), kOurType) != types->end()
                   ? Support::Yes
                   : Support::No;
    }
    if (capabilities.error().errnum != EOPNOTSUPP) {
        add(trouble, capabilities.error());
        return Support::Unknown;
    }
    // REPORT CAPABILITIES came later than the rest (SPC-3).
    const auto keys = commands.read_keys();
    if (keys) return Support::Yes;
    if (keys.error().errnum == EOPNOTSUPP) return Support::No;
    add(trouble, keys.error());
    return Support::Unknown;
}

bool held_by_others(ReservationCommands& commands, std::uint64_t our_key) {
    const auto keys = commands.read_keys();
    if (!keys || keys->keys.empty()) return false;
    return std::find(keys->keys.begin(), keys->keys.end(), our_key) == keys->keys.end();
}

} // namespace

Result<std::unique_ptr<daemon::ScsiDevice>> open_path(daemon::Hardware& hardware,
                                                      std::chrono::milliseconds timeout,
                                                      const Disk& disk,
                                                      daemon::Progress& progress) {
    if (!disk.scsi) return Error{"send a command to", disk.id, "it is no SCSI disk", EOPNOTSUPP};
    Error last{"use disk", disk.id, "it has no path", ENODEV};
    for (const Nexus* nexus : by_use(disk)) {
        progress.begin("open", timeout);
        auto opened = hardware.open(nexus->device, nexus->number);
        if (!opened) {
            last = opened.error();
            continue;
        }
        auto why = paths::leads_elsewhere(**opened, progress, disk.unit_name, timeout);
        if (!why) return opened;
        last = Error{"use path", nexus->device, *std::move(why), EXDEV};
    }
    return last;
}

std::vector<daemon::BlockRef> block_paths(const Disk& disk) {
    std::vector<daemon::BlockRef> found;
    for (const Nexus* nexus : by_use(disk))
        found.push_back({nexus->device, nexus->number});
    return found;
}

ReadBytes reader_of(daemon::BlockDevice& device, daemon::Progress& progress,
                    std::chrono::milliseconds timeout) {
    return [&device, &progress, timeout](std::uint64_t offset,
                                         std::span<std::uint8_t> into) -> Status {
        AlignedBuffer buffer(into.size());
        if (buffer.span().size() != into.size()) return Error{"read", "", "", ENOMEM};
        progress.begin("read", timeout);
        if (auto got = device.read(offset, buffer.span()); !got) return got;
        std::copy(buffer.span().begin(), buffer.span().end(), into.begin());
        return Done{};
    };
}

Result<std::vector<UniqueId>> ask_unique_ids(daemon::Hardware& hardware,
                                             std::chrono::milliseconds timeout, const Disk& disk,
                                             daemon::Progress& progress) {
    auto path = open_path(hardware, timeout, disk, progress);
    if (!path) return path.error();
    return read_page(**path, timeout, progress);
}

Examined examine(daemon::Hardware& hardware, daemon::BlockHardware& blocks,
                 std::chrono::milliseconds timeout, std::uint64_t our_key, const Disk& disk,
                 daemon::Progress& progress) {
    Examined found;
    found.at = now_realtime();
    auto path = open_path(hardware, timeout, disk, progress);
    if (!disk.scsi) {
        found.persistent_reservations = Support::No;
    } else if (path) {
        auto ids = read_page(**path, timeout, progress);
        if (ids)
            found.unique_ids = std::move(*ids);
        else
            add(found.trouble, ids.error());
        ReservationCommands commands(**path, progress, timeout);
        found.persistent_reservations = answers_reservations(commands, found.trouble);
        if (found.persistent_reservations == Support::Yes)
            found.held_by_others = held_by_others(commands, our_key);
    } else {
        add(found.trouble, path.error());
    }
    progress.begin("open", timeout);
    auto block = blocks.open(disk.block, block_paths(disk), {false, false});
    if (!block) {
        found.unreadable = true;
        add(found.trouble, block.error());
        return found;
    }
    found.geometry = (*block)->geometry();
    const auto reader = reader_of(**block, progress, timeout);
    auto label = read_label(found.geometry.size, found.geometry.sector_size, reader);
    if (label) {
        found.label = std::move(*label);
        found.dynamic =
            holds_volumes(*found.label, found.geometry.size, found.geometry.sector_size, reader)
                .value_or(false);
    } else {
        found.unreadable = true;
        add(found.trouble, label.error());
    }
    return found;
}

} // namespace mpapi::disks
