// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/offline/errand_work.hpp"

#include "daemon/disks/offline/errand_words.hpp"

#include <systemd/sd-daemon.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <utility>

#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace mpapi::disks {

namespace {

constexpr std::chrono::seconds kPatience{120};
constexpr std::string_view kStoredName = "offline-";

Error unexpected() {
    return Error{"ask", "mpapi-disk-state", "it gave an answer that means nothing", EBADMSG};
}

// The only line is this one word.
bool says(const Result<ErrandReply>& reply, const char* word) {
    return reply && reply->lines == Lines{{word}};
}

Status needs_done(const Result<ErrandReply>& reply) {
    if (says(reply, "done")) return Done{};
    return reply ? unexpected() : reply.error();
}

std::string stored_name(dm::DeviceNumber device) {
    return std::string(kStoredName) + std::to_string(device.major) + "-" +
           std::to_string(device.minor);
}

} // namespace

ErrandOfflineWork::ErrandOfflineWork(sd_event* loop, std::string socket)
  : client_(loop, std::move(socket), "mpapi-disk-state") {}

void ErrandOfflineWork::take_offline(const BlockDisk& disk,
                                     std::function<void(TakenOffline)> then) {
    client_.send({disk_words("offline", disk)}, kPatience,
                 [then = std::move(then)](Result<ErrandReply> reply) {
                     TakenOffline taken;
                     if (says(reply, "offline") && reply->passed) {
                         taken.claim = std::move(reply->passed);
                     } else if (!reply) {
                         taken.failure.why = reply.error();
                     } else {
                         auto failure = read_failure_lines(reply->lines);
                         taken.failure =
                             failure ? std::move(*failure) : OfflineFailure{unexpected(), {}, {}};
                     }
                     then(std::move(taken));
                 });
}

void ErrandOfflineWork::make_writable(const BlockDisk& disk,
                                      std::function<void(Result<bool>)> then) {
    client_.send({disk_words("writable", disk)}, kPatience,
                 [then = std::move(then)](const Result<ErrandReply>& reply) {
                     if (says(reply, "writable")) return then(true);
                     if (says(reply, "still-read-only")) return then(false);
                     then(reply ? unexpected() : reply.error());
                 });
}

void ErrandOfflineWork::find_partitions(const BlockDisk& disk, Ended then) {
    client_.send(
        {disk_words("partitions", disk)}, kPatience,
        [then = std::move(then)](const Result<ErrandReply>& reply) { then(needs_done(reply)); });
}

void ErrandOfflineWork::lock_path(dm::DeviceNumber path, Ended then) {
    client_.send(
        {{"path", to_string(path)}}, kPatience,
        [then = std::move(then)](const Result<ErrandReply>& reply) { then(needs_done(reply)); });
}

void SystemdClaimStore::keep(dm::DeviceNumber device, int claim) {
    const std::string state = "FDSTORE=1\nFDPOLL=0\nFDNAME=" + stored_name(device);
    sd_pid_notify_with_fds(0, 0, state.c_str(), &claim, 1);
}

void SystemdClaimStore::forget(dm::DeviceNumber device) {
    const std::string state = "FDSTOREREMOVE=1\nFDNAME=" + stored_name(device);
    sd_notify(0, state.c_str());
}

std::vector<KeptClaim> SystemdClaimStore::take_kept() {
    std::vector<KeptClaim> kept;
    char** names = nullptr;
    const int count = sd_listen_fds_with_names(1, &names);
    for (int at = 0; at < count; ++at) {
        Fd fd(SD_LISTEN_FDS_START + at);
        struct stat found {};
        if (std::string_view(names[at]).starts_with(kStoredName) &&
            ::fstat(fd.get(), &found) == 0 && S_ISBLK(found.st_mode))
            kept.push_back({{::major(found.st_rdev), ::minor(found.st_rdev)}, std::move(fd)});
        std::free(names[at]);
    }
    std::free(names);
    return kept;
}

} // namespace mpapi::disks
