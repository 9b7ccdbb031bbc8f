// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/control.hpp"
#include "daemon/disks/files/file_path.hpp"
#include "daemon/publish/errors.hpp"

#include <systemd/sd-bus.h>

#include <cerrno>
#include <utility>

namespace mpapi::disks {

namespace error {
namespace {
constexpr char kNotOnline[] = "org.mpapi.Multipath1.Error.NotOnline";
constexpr char kNotOffline[] = "org.mpapi.Multipath1.Error.NotOffline";
constexpr char kNotOwned[] = "org.mpapi.Multipath1.Error.NotOwned";
constexpr char kOwnedByAnother[] = "org.mpapi.Multipath1.Error.OwnedByAnother";
constexpr char kFileNotFound[] = "org.mpapi.Multipath1.Error.FileNotFound";
constexpr char kFileDiffers[] = "org.mpapi.Multipath1.Error.FileDiffers";
constexpr char kNoSpace[] = "org.mpapi.Multipath1.Error.NoSpace";
constexpr char kFileSystemNotAllowed[] = "org.mpapi.Multipath1.Error.FileSystemNotAllowed";
} // namespace
} // namespace error

namespace {

using CallPtr = std::shared_ptr<Call>;

const char* ownership_error(const Error& why) {
    switch (why.errnum) {
    case EBADE:
        return error::kOwnedByAnother;
    case EPERM:
        return error::kNotOwned;
    case EALREADY:
        return publish::error::kTryAgain;
    case ENODEV:
        return publish::error::kObjectNotFound;
    default:
        return error::name_for(why);
    }
}

const char* state_error(const Error& why) {
    switch (why.errnum) {
    case EBUSY:
        return error::kInUse;
    case EPERM:
        return error::kNeededBySystem;
    case EROFS:
        return publish::error::kNotPermitted;
    case EALREADY:
        return publish::error::kTryAgain;
    case ENODEV:
        return publish::error::kObjectNotFound;
    case ETIMEDOUT:
        return publish::error::kTimedOut;
    default:
        return publish::error::kFailed;
    }
}

const char* file_error(const Error& why) {
    switch (why.errnum) {
    case ENOENT:
        return error::kFileNotFound;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return error::kNoSpace;
    case EPERM:
        return error::kFileSystemNotAllowed;
    case EINVAL:
    case ENXIO:
    case ELOOP:
    case EXDEV:
    case EISDIR:
    case ENOTDIR:
    case ENAMETOOLONG:
        return publish::error::kInvalidParameter;
    case EROFS:
        return publish::error::kNotPermitted;
    case EBUSY:
        return publish::error::kTryAgain;
    case EBADE:
        return error::kReservationConflict;
    case ETIMEDOUT:
        return publish::error::kTimedOut;
    default:
        return publish::error::kFailed;
    }
}

void answer(const CallPtr& call, const Status& status, const char* (*name)(const Error&)) {
    status ? call->reply() : call->fail(name(status.error()), status.error().message() + ".");
}

bool refused_as_needed(Control& control, const CallPtr& call) {
    const auto why = control.needed_by_system(call->disk()->id);
    if (why) call->fail(error::kNeededBySystem, "Not on this disk: " + *why + ".");
    return why.has_value();
}

std::string text_of(const OfflineFailure& failure) {
    std::string text = failure.why.message();
    for (const auto& holder : failure.holders)
        text += "; " + holder.name + (holder.detail.empty() ? "" : " (" + holder.detail + ")") +
                (holder.remedy.empty() ? "" : ": " + holder.remedy);
    if (failure.remains.empty()) return text + ".";
    text += ". What remains of the attempt: ";
    for (const auto& each : failure.remains)
        text += (&each == &failure.remains.front() ? "" : ", ") + each;
    return text + ".";
}

void arbitrate(Control& control, const CallPtr& call) {
    if (refused_as_needed(control, call)) return;
    control.owners().arbitrate(
        call->disk()->id, [call](const Status& status) { answer(call, status, ownership_error); });
}

void stop_defense(Control& control, const CallPtr& call) {
    const std::string& id = call->disk()->id;
    if (!control.owners().owned(id))
        return call->fail(error::kNotOwned, "The disk is not owned by this node.");
    if (control.states().online(id))
        return call->fail(error::kNotOffline,
                          "The disk is online: its defence does not just stop. Take it offline "
                          "first.");
    control.owners().stop(id,
                          [call](const Status& status) { answer(call, status, ownership_error); });
}

void take_offline(Control& control, const CallPtr& call) {
    if (refused_as_needed(control, call)) return;
    control.states().take_offline(call->disk()->id,
                                  [call](const std::optional<OfflineFailure>& failure) {
                                      if (!failure) return call->reply();
                                      call->fail(state_error(failure->why), text_of(*failure));
                                  });
}

// What is offline is claimed, so that the system cannot have it.
void bring_online(Control& control, const CallPtr& call) {
    if (control.states().online(call->disk()->id) && refused_as_needed(control, call)) return;
    control.states().bring_online(
        call->disk()->id, [call](const Status& status) { answer(call, status, state_error); });
}

void list_partitions(Control& control, const CallPtr& call) {
    if (refused_as_needed(control, call)) return;
    const auto& disk = call->disk();
    const dm::DeviceNumber number{disk->block.number.major, disk->block.number.minor};
    control.files().list(number, disk->size,
                         [call](const Result<std::vector<DiskPartition>>& partitions) {
                             if (!partitions)
                                 return call->fail(file_error(partitions.error()),
                                                   partitions.error().message() + ".");
                             call->reply([&](publish::BusWriter& out) {
                                 out.open('a', "(tts)");
                                 for (const auto& each : *partitions) {
                                     out.open('r', "tts");
                                     out.u64(each.start);
                                     out.u64(each.size);
                                     out.text(each.file_system);
                                     out.close();
                                 }
                                 out.close();
                             });
                         });
}

int read_arguments(sd_bus_message* message, FileErrand& errand) {
    int r = sd_bus_message_read(message, "u", &errand.partition);
    if (r >= 0) r = sd_bus_message_enter_container(message, 'a', "s");
    const char* component = nullptr;
    while (r >= 0 && (r = sd_bus_message_read(message, "s", &component)) > 0)
        if (errand.path.size() <= kDeepestFile) errand.path.emplace_back(component);
    if (r >= 0) r = sd_bus_message_exit_container(message);
    if (r < 0 || errand.kind == FileErrand::Kind::Delete) return r;
    const void* data = nullptr;
    std::size_t size = 0;
    r = sd_bus_message_read_array(message, 'y', &data, &size);
    if (r < 0) return r;
    if (size > kMostFileData) return -EMSGSIZE;
    if (size > 0) errand.data.assign(static_cast<const char*>(data), size);
    return r;
}

void file(Control& control, const CallPtr& call, FileErrand::Kind kind) {
    const auto& disk = call->disk();
    FileErrand errand;
    errand.kind = kind;
    errand.disk = {disk->block.number.major, disk->block.number.minor};
    if (const int r = read_arguments(call->message(), errand); r < 0)
        return call->fail(publish::error::kInvalidParameter,
                          r == -EMSGSIZE ? "The data are larger than 1 MiB."
                                         : "The arguments could not be read.");
    if (auto status = check_file_path(errand.path); !status)
        return call->fail(publish::error::kInvalidParameter, status.error().message() + ".");
    if (refused_as_needed(control, call)) return;
    if (!control.states().online(disk->id) || control.states().busy(disk->id))
        return call->fail(error::kNotOnline, "The disk is offline.");
    errand.owned = control.owners().state(disk->id) == OwnershipState::Owned;
    if (!errand.owned && kind != FileErrand::Kind::Verify)
        return call->fail(error::kNotOwned,
                          "Files are written only on a disk that this node owns: Arbitrate first.");
    control.files().carry_out(errand, [call](const Result<bool>& same) {
        if (!same) return call->fail(file_error(same.error()), same.error().message() + ".");
        if (!*same) return call->fail(error::kFileDiffers, "The file holds something else.");
        call->reply();
    });
}

} // namespace

Methods control_methods(Control& control) {
    const auto with = [&control](void (*start)(Control&, const CallPtr&)) {
        return [&control, start](const CallPtr& call) { start(control, call); };
    };
    const auto on_file = [&control](FileErrand::Kind kind) {
        return [&control, kind](const CallPtr& call) { file(control, call, kind); };
    };
    constexpr bool changes = true;
    // Used by the system is not in the way of these, as long as it does not run from the disk.
    constexpr bool spare = false;
    return {
        {"Arbitrate", "", "", "", with(arbitrate), spare, changes},
        {"StopDefense", "", "", "", with(stop_defense), spare, changes},
        {"TakeOffline", "", "", "", with(take_offline), spare, changes},
        {"BringOnline", "", "", "", with(bring_online), spare, changes},
        {"ListPartitions", "", "a(tts)", "partitions\0", with(list_partitions), spare, false},
        {"WriteFile", "uasay", "", "partition\0path\0data\0", on_file(FileErrand::Kind::Write),
         spare, changes},
        {"VerifyFile", "uasay", "", "partition\0path\0data\0", on_file(FileErrand::Kind::Verify),
         spare, false},
        {"DeleteFile", "uas", "", "partition\0path\0", on_file(FileErrand::Kind::Delete), spare,
         changes},
    };
}

} // namespace mpapi::disks
