// SPDX-License-Identifier: LGPL-2.1-or-later
//
// libdevmapper's tasks: one is one command to device-mapper and its answer.
//
// The library keeps state of its own and is not thread-safe, so one thread at a time uses it
// (dm_thread.hpp). What it would print goes into the Error instead.
#pragma once

#include "common/model/values.hpp"
#include "common/result.hpp"
#include "common/system/handle.hpp"

#include <libdevmapper.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace mpapi::kernel {

using DmTask = std::unique_ptr<dm_task, DropWith<dm_task_destroy>>;

// Before the first use, once in a process: silences the library, keeps its control descriptor open
// between commands, and has it wait for no udev cookie (map_changes.hpp says why). Do this only
// when /dev/mapper/control could be opened: the library makes that node where it is missing.
void prepare_device_mapper_library();

struct DmRun {
    DmTask task;
    int errnum = 0; // 0 with no task: the library failed before it asked the kernel
    explicit operator bool() const { return task != nullptr; }
};

// Makes a task of this type, has `prepare` say what it is about, and runs it.
DmRun run_dm_task(int type, const std::function<bool(dm_task*)>& prepare);

// About the map with this number, whatever it is called.
bool set_number(dm_task* task, model::DeviceNumber number);

// Of a run that failed, with the library's last words where the kernel was not asked.
Error dm_failure(const char* action, const std::string& object, int errnum);

// What the kernel answers when there is no such map.
bool is_gone(int errnum);

std::string text_of(model::DeviceNumber number); // "254:3"

struct DmTarget {
    std::string type;
    std::string parameters;
    std::uint64_t end = 0; // of the last target, sectors
    std::size_t count = 0;
};

// The first target of a table or status, and how many there are.
DmTarget first_target(dm_task* task);

} // namespace mpapi::kernel
