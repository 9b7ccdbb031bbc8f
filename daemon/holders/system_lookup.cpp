// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/holders/system_lookup.hpp"

#include "common/system/read_file.hpp"
#include "daemon/holders/findings.hpp"

#include <array>
#include <utility>

#include <fcntl.h>
#include <sys/epoll.h>

namespace mpapi::holders {

namespace {

constexpr std::size_t kLargestTable = std::size_t{16} << 20U;

// Both tables say by EPOLLPRI that they are not what they were when they were polled last
// (fs/proc_namespace.c, mounts_poll(); mm/swapfile.c, swaps_poll()).
struct Watch {
    std::function<void()> changed;
    std::array<Fd, 2> tables;
    std::array<EventSource, 2> sources; // after tables: gone before what they watch
};

} // namespace

SystemLookup::SystemLookup(sd_event* loop)
  : SystemLookup(loop, Options()) {}

SystemLookup::SystemLookup(sd_event* loop, Options options)
  : loop_(loop)
  , options_(std::move(options)) {}

void SystemLookup::look(model::DeviceNumber map, Answer answer) {
    const auto stack = stack_on(kernel::Sysfs(options_.sys), {map.major, map.minor});
    std::vector<dm::DeviceNumber> numbers;
    numbers.reserve(stack.size());
    for (const auto& device : stack)
        numbers.push_back(device.number);
    const auto place = questions_.emplace(questions_.end());
    *place = std::make_unique<ProcessQuestion>(
        loop_, options_.socket, numbers, options_.patience,
        [this, place, stack, answer = std::move(answer)](const Result<ProcessReport>& processes) {
            // Read by now: what went while processes were looked at is not told.
            const auto mounts = read_file(options_.mountinfo, kLargestTable);
            const auto swaps = read_file(options_.swaps, kLargestTable);
            auto found = findings(stack, parse_mountinfo(mounts ? *mounts : std::string()),
                                  parse_swaps(swaps ? *swaps : std::string()), processes);
            for (const auto* table : {&mounts, &swaps})
                if (!*table)
                    found.trouble += (found.trouble.empty() ? "" : "; ") + table->error().message();
            questions_.erase(place);
            answer(std::move(found));
        });
}

std::shared_ptr<void> SystemLookup::watch(std::function<void()> changed) {
    auto watch = std::make_shared<Watch>();
    watch->changed = std::move(changed);
    const auto on_changed = [](sd_event_source*, int, std::uint32_t, void* data) {
        // The watch may be let go of by what it calls.
        const auto call = static_cast<Watch*>(data)->changed;
        call();
        return 0;
    };
    const std::array paths{&options_.mountinfo, &options_.swaps};
    for (std::size_t at = 0; at < paths.size(); ++at) {
        Fd table(::open(paths[at]->c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
        if (!table) continue;
        sd_event_source* source = nullptr;
        if (sd_event_add_io(loop_, &source, table.get(), EPOLLPRI, on_changed, watch.get()) < 0)
            continue;
        watch->sources[at].reset(source);
        watch->tables[at] = std::move(table);
    }
    return watch;
}

} // namespace mpapi::holders
