// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/disks/bus_disks.hpp"

#include "clusprep/node/disks/dsms.hpp"
#include "clusprep/node/disks/sealed_data.hpp"

#include <algorithm>
#include <utility>

namespace mpapi::node {

namespace {

using csvp::Completion;
using csvp::Failure;
using csvp::Hresult;
using csvp::Outcome;

constexpr std::uint32_t kUnit = 512; // bytes of a sector of MS-CSVP

// What is read by RawReadFile: a descriptor costs less than so many bytes in a message.
constexpr std::uint32_t kLargeRead = 32u << 10;

Failure unreadable(const char* member, int r) {
    return {Hresult::Failed, Error{"read the answer of", member, "", -r}};
}

// µs of the bus, rounded up: what took time took at least a millisecond.
std::chrono::milliseconds latency(std::uint64_t usec) {
    return std::chrono::ceil<std::chrono::milliseconds>(
        std::chrono::microseconds(static_cast<std::int64_t>(usec)));
}

// The logical sectors that hold a range counted in units of 512 bytes.
struct Range {
    std::uint64_t first = 0; // logical sector
    std::uint32_t length = 0;
    std::uint32_t skip = 0; // bytes in front of what was asked for
};

Range enclosing(std::uint32_t sector, std::uint32_t length, std::uint32_t sector_size) {
    const std::uint64_t begin = std::uint64_t{sector} * kUnit;
    const std::uint64_t first = begin / sector_size;
    const std::uint64_t end = (begin + length + sector_size - 1) / sector_size * sector_size;
    return {first, static_cast<std::uint32_t>(end - first * sector_size),
            static_cast<std::uint32_t>(begin - first * sector_size)};
}

int append_bytes(sd_bus_message* m, csvp::Disks::Bytes data) {
    return sd_bus_message_append_array(m, 'y', data.data(), data.size());
}

Outcome<csvp::RawRead> read_answer(sd_bus_message* m, const Range& range, std::uint32_t length) {
    const void* bytes = nullptr;
    std::size_t size = 0;
    std::uint64_t usec = 0;
    int r = sd_bus_message_read_array(m, 'y', &bytes, &size);
    if (r >= 0) r = sd_bus_message_read(m, "t", &usec);
    if (r < 0) return unreadable("RawRead", r);
    csvp::RawRead read;
    read.latency = latency(usec);
    if (size > range.skip) {
        const auto* begin = static_cast<const std::uint8_t*>(bytes) + range.skip;
        read.data.assign(begin, begin + std::min<std::size_t>(length, size - range.skip));
    }
    return read;
}

Outcome<csvp::RawRead> read_file_answer(sd_bus_message* m, const Range& range,
                                        std::uint32_t length) {
    int fd = -1; // the message's
    std::uint64_t usec = 0;
    const int r = sd_bus_message_read(m, "ht", &fd, &usec);
    if (r < 0) return unreadable("RawReadFile", r);
    auto data = read_sealed_data(fd, range.skip, length);
    if (!data) return Failure{Hresult::Failed, std::move(data).error()};
    return csvp::RawRead{std::move(*data), latency(usec)};
}

Outcome<csvp::ScratchSectors> scratch_answer(sd_bus_message* m, std::uint32_t sector_size) {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
    const int r = sd_bus_message_read(m, "tt", &first, &second);
    if (r < 0) return unreadable("FindScratchSectors", r);
    const std::uint64_t units = sector_size / kUnit;
    if (second > UINT32_MAX / units || first >= second)
        return Failure{Hresult::NotSupported,
                       Error{"find", "scratch sectors", "they lie beyond what 32 bits can count"}};
    return csvp::ScratchSectors{static_cast<std::uint32_t>(first * units),
                                static_cast<std::uint32_t>(second * units)};
}

Outcome<Done> readable_answer(sd_bus_message* m) {
    int readable = 0;
    const char* reason = nullptr;
    const int r = sd_bus_message_read(m, "bs", &readable, &reason);
    if (r < 0) return unreadable("IsReadable", r);
    if (readable == 0) return Failure{Hresult::IoDevice, Error{"read", "the disk", reason}};
    return Done{};
}

Outcome<std::vector<csvp::UniqueId>> unique_ids_answer(sd_bus_message* m) {
    std::vector<csvp::UniqueId> ids;
    int r = sd_bus_message_enter_container(m, 'a', "(yyyay)");
    while (r >= 0 && (r = sd_bus_message_enter_container(m, 'r', "yyyay")) > 0) {
        csvp::UniqueId id;
        const void* bytes = nullptr;
        std::size_t size = 0;
        r = sd_bus_message_read(m, "yyy", &id.association, &id.type, &id.code_set);
        if (r >= 0) r = sd_bus_message_read_array(m, 'y', &bytes, &size);
        if (r >= 0) r = sd_bus_message_exit_container(m);
        if (r < 0) break;
        const auto* begin = static_cast<const std::uint8_t*>(bytes);
        id.identifier.assign(begin, begin + size);
        ids.push_back(std::move(id));
    }
    if (r < 0) return unreadable("GetUniqueIds", r);
    return ids;
}

Outcome<bool> reservation_answer(sd_bus_message* m) {
    std::uint32_t generation = 0;
    std::uint8_t type = 0;
    const int r = sd_bus_message_read(m, "uy", &generation, &type);
    if (r < 0) return unreadable("ReservationRead", r);
    return type != 0;
}

Outcome<std::vector<csvp::Partition>> partitions_answer(sd_bus_message* m) {
    std::vector<csvp::Partition> partitions;
    int r = sd_bus_message_enter_container(m, 'a', "(tts)");
    std::uint64_t start = 0;
    std::uint64_t size = 0;
    const char* name = nullptr;
    while (r >= 0 && (r = sd_bus_message_read(m, "(tts)", &start, &size, &name)) > 0)
        partitions.push_back({std::string_view(name) == "FAT32" ? "FAT" : name});
    if (r < 0) return unreadable("ListPartitions", r);
    return partitions;
}

} // namespace

void BusDisks::in_turn(const Key& key, std::function<void(Finished)> operation) {
    auto& waiting = turns_[key];
    waiting.push_back(std::move(operation));
    if (waiting.size() == 1) run(key);
}

void BusDisks::run(const Key& key) {
    // A copy: it may have finished, and be taken off the queue, before it returns.
    room_.enter([this, key, operation = turns_.at(key).front()](const Turnstile::Leave& leave) {
        operation([this, key, leave] {
            leave();
            next(key);
        });
    });
}

void BusDisks::next(const Key& key) {
    const auto waiting = turns_.find(key);
    waiting->second.pop_front();
    if (waiting->second.empty())
        turns_.erase(waiting);
    else
        run(key);
}

template <typename T>
void BusDisks::ask(const Key& key, const char* member, BusCalls::Write write,
                   std::function<Outcome<T>(sd_bus_message*)> decode, Completion<T> done) {
    in_turn(key, [this, key, member, write = std::move(write), decode = std::move(decode),
                  done = std::move(done)](const Finished& finished) {
        calls_.call(key, kSharedDisk, member, write, [=](const Outcome<sd_bus_message*>& answer) {
            finished();
            if (answer)
                done(decode(*answer));
            else
                done(answer.failure());
        });
    });
}

void BusDisks::plain(const Key& key, const char* member, Completion<Done> done) {
    ask<Done>(
        key, member, nullptr, [](sd_bus_message*) { return Done{}; }, std::move(done));
}

void BusDisks::list(Completion<csvp::DiskList> done) {
    catalogue_.list(std::move(done));
}

void BusDisks::state(const Key& key, Completion<csvp::DiskState> done) {
    calls_.call(
        key, "org.freedesktop.DBus.Properties", "GetAll",
        [](sd_bus_message* m) { return sd_bus_message_append(m, "s", kSharedDisk); },
        [done = std::move(done)](const Outcome<sd_bus_message*>& answer) {
            if (!answer) return done(answer.failure());
            const auto disk = read_shared_disk(*answer);
            if (!disk) return done(Failure{Hresult::Failed, disk.error()});
            done(state_of(*disk));
        });
}

void BusDisks::read(const Key& key, std::uint32_t sector, std::uint32_t length,
                    Completion<csvp::RawRead> done) {
    const Range range = enclosing(sector, length, catalogue_.sector_size(key));
    const bool large = range.length >= kLargeRead;
    ask<csvp::RawRead>(
        key, large ? "RawReadFile" : "RawRead",
        [range](sd_bus_message* m) {
            return sd_bus_message_append(m, "tu", range.first, range.length);
        },
        [range, length, answer = large ? read_file_answer : read_answer](sd_bus_message* m) {
            return answer(m, range, length);
        },
        std::move(done));
}

void BusDisks::write(const Key& key, std::uint32_t sector, Bytes data,
                     Completion<std::chrono::milliseconds> done) {
    const Range range = enclosing(sector, kUnit, catalogue_.sector_size(key));
    if (data.size() != kUnit || range.skip != 0)
        return done(Failure{Hresult::InvalidParameter,
                            Error{"write to", key, "not 512 bytes at the start of a sector"}});
    ask<std::chrono::milliseconds>(
        key, "RawWrite",
        [first = range.first,
         copy = std::vector<std::uint8_t>(data.begin(), data.end())](sd_bus_message* m) {
            const int r = sd_bus_message_append(m, "t", first);
            return r < 0 ? r : append_bytes(m, copy);
        },
        [](sd_bus_message* m) -> Outcome<std::chrono::milliseconds> {
            std::uint64_t usec = 0;
            const int r = sd_bus_message_read(m, "t", &usec);
            if (r < 0) return unreadable("RawWrite", r);
            return latency(usec);
        },
        std::move(done));
}

void BusDisks::find_scratch_sectors(const Key& key, Completion<csvp::ScratchSectors> done) {
    ask<csvp::ScratchSectors>(
        key, "FindScratchSectors", nullptr,
        [size = catalogue_.sector_size(key)](sd_bus_message* m) { return scratch_answer(m, size); },
        std::move(done));
}

void BusDisks::check_readable(const Key& key, Completion<Done> done) {
    ask<Done>(key, "IsReadable", nullptr, readable_answer, std::move(done));
}

void BusDisks::unique_ids(const Key& key, Completion<std::vector<csvp::UniqueId>> done) {
    ask<std::vector<csvp::UniqueId>>(key, "GetUniqueIds", nullptr, unique_ids_answer,
                                     std::move(done));
}

void BusDisks::register_key(const Key& key, Completion<Done> done) {
    plain(key, "ReservationRegister", std::move(done));
}

void BusDisks::unregister_key(const Key& key, Completion<Done> done) {
    plain(key, "ReservationUnregister", std::move(done));
}

void BusDisks::reserve(const Key& key, Completion<Done> done) {
    plain(key, "ReservationReserve", std::move(done));
}

void BusDisks::release(const Key& key, Completion<Done> done) {
    plain(key, "ReservationRelease", std::move(done));
}

void BusDisks::preempt(const Key& key, Completion<Done> done) {
    plain(key, "ReservationPreempt", std::move(done));
}

void BusDisks::clear(const Key& key, Completion<Done> done) {
    plain(key, "ReservationClear", std::move(done));
}

void BusDisks::reservation_present(const Key& key, Completion<bool> done) {
    ask<bool>(key, "ReservationRead", nullptr, reservation_answer, std::move(done));
}

void BusDisks::register_and_clear(const Key& key, Completion<Done> done) {
    register_key(key, [this, key, done = std::move(done)](const Outcome<Done>& registered) {
        if (!registered) return done(registered.failure());
        clear(key, done);
    });
}

void BusDisks::arbitrate(const Key& key, Completion<Done> done) {
    plain(key, "Arbitrate", std::move(done));
}

void BusDisks::stop_defense(const Key& key, Completion<Done> done) {
    plain(key, "StopDefense", std::move(done));
}

void BusDisks::take_offline(const Key& key, Completion<Done> done) {
    plain(key, "TakeOffline", std::move(done));
}

void BusDisks::bring_online(const Key& key, Completion<Done> done) {
    plain(key, "BringOnline", std::move(done));
}

void BusDisks::partitions(const Key& key, Completion<std::vector<csvp::Partition>> done) {
    ask<std::vector<csvp::Partition>>(key, "ListPartitions", nullptr, partitions_answer,
                                      std::move(done));
}

void BusDisks::file(const Key& key, const char* member, std::uint32_t partition, const Path& path,
                    std::optional<Bytes> data, Completion<Done> done) {
    std::optional<std::vector<std::uint8_t>> copy;
    if (data) copy.emplace(data->begin(), data->end());
    ask<Done>(
        key, member,
        [partition, path, copy = std::move(copy)](sd_bus_message* m) {
            int r = sd_bus_message_append(m, "u", partition);
            if (r >= 0) r = sd_bus_message_open_container(m, 'a', "s");
            for (const std::string& component : path)
                if (r >= 0) r = sd_bus_message_append(m, "s", component.c_str());
            if (r >= 0) r = sd_bus_message_close_container(m);
            if (r >= 0 && copy) r = append_bytes(m, *copy);
            return r;
        },
        [](sd_bus_message*) { return Done{}; }, std::move(done));
}

void BusDisks::write_file(const Key& key, std::uint32_t partition, const Path& path, Bytes data,
                          Completion<Done> done) {
    file(key, "WriteFile", partition, path, data, std::move(done));
}

void BusDisks::verify_file(const Key& key, std::uint32_t partition, const Path& path, Bytes data,
                           Completion<Done> done) {
    file(key, "VerifyFile", partition, path, data, std::move(done));
}

void BusDisks::delete_file(const Key& key, std::uint32_t partition, const Path& path,
                           Completion<Done> done) {
    file(key, "DeleteFile", partition, path, std::nullopt, std::move(done));
}

void BusDisks::dsms(Completion<std::vector<csvp::Dsm>> done) {
    calls_.call(
        kDriverObject, "org.freedesktop.DBus.Properties", "Get",
        [](sd_bus_message* m) {
            return sd_bus_message_append(m, "ss", "org.mpapi.Multipath1.Plugin", "DriverVersion");
        },
        [this, done = std::move(done)](const Outcome<sd_bus_message*>& answer) {
            if (!answer) return done(answer.failure());
            const char* version = nullptr;
            const int r = sd_bus_message_read(*answer, "v", "s", &version);
            if (r < 0) return done(unreadable("DriverVersion", r));
            tools_.ask([driver = std::string(version), done](const std::string& tools) {
                done(find_dsms("/sys", {driver, tools}));
            });
        });
}

} // namespace mpapi::node
