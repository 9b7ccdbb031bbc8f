// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/kernel/dm_task.hpp"

#include <cerrno>
#include <cstdarg>
#include <cstdio>

namespace mpapi::kernel {
namespace {

// The library's last complaint on this thread.
thread_local std::string complaint;

[[gnu::format(printf, 5, 6)]] void keep_complaint(int level, const char*, int, int,
                                                  const char* format, ...) {
    // The low bits are syslog's levels; above them stand flags.
    constexpr int level_mask = 0x07, error_level = 3;
    if ((level & level_mask) > error_level) return;
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    complaint = text;
}

} // namespace

void prepare_device_mapper_library() {
    dm_log_with_errno_init(keep_complaint);
    dm_hold_control_dev(1);
    // Names as the kernel holds them, whatever the environment says; we decode them ourselves.
    dm_set_name_mangling_mode(DM_STRING_MANGLING_NONE);
    dm_udev_set_sync_support(0);
}

DmRun run_dm_task(int type, const std::function<bool(dm_task*)>& prepare) {
    complaint.clear();
    DmTask task(dm_task_create(type));
    // Counting who has a map open costs a lock that suspending takes too.
    if (!task || !dm_task_no_open_count(task.get()) || !prepare(task.get())) return {};
    if (!dm_task_run(task.get())) return {nullptr, dm_task_get_errno(task.get())};
    return {std::move(task), 0};
}

bool set_number(dm_task* task, model::DeviceNumber number) {
    return dm_task_set_major_minor(task, static_cast<int>(number.major),
                                   static_cast<int>(number.minor), 0) != 0;
}

Error dm_failure(const char* action, const std::string& object, int errnum) {
    return Error{action, object, errnum == 0 ? complaint : "", errnum};
}

bool is_gone(int errnum) {
    return errnum == ENXIO || errnum == ENODEV || errnum == ENOENT;
}

std::string text_of(model::DeviceNumber number) {
    return std::to_string(number.major) + ":" + std::to_string(number.minor);
}

DmTarget first_target(dm_task* task) {
    DmTarget first;
    void* next = nullptr;
    do {
        std::uint64_t start = 0, length = 0;
        char* type = nullptr;
        char* parameters = nullptr;
        next = dm_get_next_target(task, next, &start, &length, &type, &parameters);
        if (!type) break;
        if (first.count++ == 0) {
            first.type = type;
            if (parameters) first.parameters = parameters;
        }
        first.end = start + length;
    } while (next);
    return first;
}

} // namespace mpapi::kernel
