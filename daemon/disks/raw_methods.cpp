// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/aligned_buffer.hpp"
#include "daemon/disks/disk_properties.hpp"
#include "daemon/disks/examine.hpp"
#include "daemon/disks/on_worker.hpp"
#include "daemon/disks/path_writing.hpp"
#include "daemon/disks/scratch.hpp"
#include "daemon/disks/standard_methods.hpp"
#include "daemon/publish/errors.hpp"
#include "daemon/publish/sealed_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace mpapi::disks {

namespace {

using Clock = std::chrono::steady_clock;
using CallPtr = std::shared_ptr<Call>;
using daemon::BlockDevice;
using daemon::Progress;

constexpr std::uint32_t kLongestRead = 1u << 20;
constexpr std::size_t kWritten = 512;

// EINVAL and ERANGE from work on a device are about the call's values.
struct Refused {
    const char* name;
    std::string text;
};

// What an operation on the open device yields, or why it was not even tried.
template <typename T>
using Outcome = std::variant<T, Refused>;

// Runs `work` over the open device on a worker and answers the call with what it yields.
template <typename T>
void with_device(const Disks::Means& means, const CallPtr& call, bool writing,
                 std::function<Result<Outcome<T>>(BlockDevice&, Progress&)> work,
                 std::function<void(Call&, T)> answer) {
    const DiskPtr disk = call->disk();
    on_worker<Outcome<T>>(
        means.workers, disk->host(), disk->id,
        [disk, writing, blocks = &means.blocks, hardware = &means.hardware, timeout = means.timeout,
         work = std::move(work)](Progress& progress) -> Result<Outcome<T>> {
            progress.begin("open", timeout);
            const bool offline = disk->claimed;
            auto device =
                blocks->open(disk->block, block_paths(*disk), {writing && !offline, !offline});
            if (!device) return device.error();
            if (writing && offline)
                *device =
                    write_through_paths(std::move(*device), *hardware, *disk, progress, timeout);
            return work(**device, progress);
        },
        [call, answer = std::move(answer)](Result<Outcome<T>> result) {
            if (!result) return call->fail(result.error());
            if (auto* refused = std::get_if<Refused>(&*result))
                return call->fail(refused->name, refused->text);
            answer(*call, std::get<T>(std::move(*result)));
        });
}

std::uint64_t since(Clock::time_point begin) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin).count());
}

Refused invalid(std::string text) {
    return {publish::error::kInvalidParameter, std::move(text)};
}

std::optional<Refused> off_the_disk(const daemon::BlockGeometry& geometry, std::uint64_t sector,
                                    std::uint64_t sectors) {
    const std::uint64_t all = geometry.size / geometry.sector_size;
    if (sector < all && sectors <= all - sector) return std::nullopt;
    return invalid("The disk has " + std::to_string(all) + " sectors.");
}

struct Range {
    std::uint64_t sector = 0;
    std::uint32_t length = 0; // bytes
};

std::optional<Refused> unreadable(const daemon::BlockGeometry& geometry, const Range& range) {
    if (range.length % geometry.sector_size != 0)
        return invalid("The length is no multiple of the sector size, " +
                       std::to_string(geometry.sector_size) + ".");
    return off_the_disk(geometry, range.sector, range.length / geometry.sector_size);
}

// How long the read took, in µs.
Result<std::uint64_t> timed_read(BlockDevice& device, Progress& progress,
                                 std::chrono::milliseconds timeout, std::uint64_t sector,
                                 std::span<std::uint8_t> into) {
    progress.begin("read", timeout);
    const auto begin = Clock::now();
    if (auto got = device.read(sector * device.geometry().sector_size, into); !got)
        return std::move(got).error();
    return since(begin);
}

template <typename Data>
struct Read {
    Data data;
    std::uint64_t latency = 0;
};

using ReadBuffer = Read<AlignedBuffer>;
using ReadFile = Read<Fd>;

Result<Outcome<ReadBuffer>> read(BlockDevice& device, Progress& progress,
                                 std::chrono::milliseconds timeout, const Range& range) {
    if (auto refused = unreadable(device.geometry(), range))
        return Outcome<ReadBuffer>(*std::move(refused));
    AlignedBuffer buffer(range.length);
    if (buffer.span().size() != range.length) return Error{"read", "", "", ENOMEM};
    const auto latency = timed_read(device, progress, timeout, range.sector, buffer.span());
    if (!latency) return latency.error();
    return Outcome<ReadBuffer>(ReadBuffer{std::move(buffer), *latency});
}

Result<Outcome<ReadFile>> read_file(BlockDevice& device, Progress& progress,
                                    std::chrono::milliseconds timeout, const Range& range) {
    if (auto refused = unreadable(device.geometry(), range))
        return Outcome<ReadFile>(*std::move(refused));
    auto file = publish::SealedFile::create("mpapi-raw-read");
    if (!file) return std::move(file).error();
    const auto into = file->map(range.length);
    if (!into) return into.error();
    const auto latency = timed_read(device, progress, timeout, range.sector, *into);
    if (!latency) return latency.error();
    auto sealed = std::move(*file).seal();
    if (!sealed) return std::move(sealed).error();
    return Outcome<ReadFile>(ReadFile{std::move(*sealed), *latency});
}

template <typename Data, typename Append>
void raw_read(const Disks::Means& means, const CallPtr& call,
              Result<Outcome<Read<Data>>> (*reading)(BlockDevice&, Progress&,
                                                     std::chrono::milliseconds, const Range&),
              Append append) {
    Range range;
    sd_bus_message_read(call->message(), "tu", &range.sector, &range.length);
    if (range.length == 0 || range.length > kLongestRead)
        return call->fail(publish::error::kInvalidParameter,
                          "The length is to be 512 to 1048576 bytes.");
    with_device<Read<Data>>(
        means, call, false,
        [range, reading, timeout = means.timeout](BlockDevice& device, Progress& progress) {
            return reading(device, progress, timeout, range);
        },
        [append](Call& answered, Read<Data> done) {
            answered.reply([&](publish::BusWriter& out) {
                append(out, done.data);
                out.u64(done.latency);
            });
        });
}

Result<ScratchSectors> scratch_of(BlockDevice& device, const ReadBytes& reader) {
    const auto& geometry = device.geometry();
    const auto label = read_label(geometry.size, geometry.sector_size, reader);
    if (!label) return label.error();
    return find_scratch_sectors(*label, geometry.size, geometry.sector_size, reader);
}

// One sector, `data` at its beginning and the rest as it was.
Result<std::uint64_t> write_sector(BlockDevice& device, Progress& progress,
                                   std::chrono::milliseconds timeout, std::uint64_t sector,
                                   std::span<const std::uint8_t> data) {
    const std::uint32_t size = device.geometry().sector_size;
    AlignedBuffer buffer(size);
    if (buffer.span().size() != size) return Error{"write", "", "", ENOMEM};
    if (data.size() < size) {
        progress.begin("read", timeout);
        if (auto got = device.read(sector * size, buffer.span()); !got)
            return std::move(got).error();
    }
    std::copy(data.begin(), data.end(), buffer.span().begin());
    progress.begin("write", timeout);
    const auto begin = Clock::now();
    if (auto put = device.write(sector * size, buffer.span()); !put) return std::move(put).error();
    return since(begin);
}

Result<Outcome<std::uint64_t>> write(BlockDevice& device, Progress& progress,
                                     std::chrono::milliseconds timeout, bool anywhere,
                                     std::uint64_t sector,
                                     const std::array<std::uint8_t, kWritten>& data) {
    using Latency = Outcome<std::uint64_t>;
    const auto& geometry = device.geometry();
    if (auto refused = off_the_disk(geometry, sector, 1)) return Latency(*std::move(refused));
    if (!anywhere) {
        const auto reader = reader_of(device, progress, timeout);
        const auto scratch = scratch_of(device, reader);
        if (!scratch) return scratch.error();
        if (sector != scratch->first() && sector != scratch->second())
            return Latency(
                Refused{error::kNotScratch, "Sector " + std::to_string(sector) +
                                                " is none of the scratch sectors, " +
                                                std::to_string(scratch->first()) + " and " +
                                                std::to_string(scratch->second()) + "."});
        const auto mark = scratch_mark(*scratch, geometry.size, geometry.sector_size);
        std::vector<std::uint8_t> there(mark.size());
        if (auto got = reader(scratch->mark * geometry.sector_size, there); !got)
            return std::move(got).error();
        if (there != mark) {
            auto marked = write_sector(device, progress, timeout, scratch->mark, mark);
            if (!marked) return marked.error();
        }
    }
    auto latency = write_sector(device, progress, timeout, sector, data);
    if (!latency) return latency.error();
    return Latency(*latency);
}

// libblkid knows more file systems than find_scratch_sectors(), which knows what libblkid does not
// look for. It is asked first, in a process of its own, and what it finds leaves no sector free.
// The disk may have come to be offline or online meanwhile.
void unless_somebodys(Disks& disks, FileService* files, const CallPtr& call,
                      std::function<void()> go_on) {
    if (!files)
        return call->fail(error::kNoScratchSectors, "There is nobody who could look at the disk.");
    const auto& number = call->disk()->block.number;
    files->identify({number.major, number.minor}, [&disks, call, go_on = std::move(go_on)](
                                                      const Result<std::string>& content) {
        if (!content) return call->fail(content.error());
        if (!content->empty())
            return call->fail(error::kNoScratchSectors,
                              "The disk as a whole is a " + *content + ", as libblkid calls it.");
        const auto now = disks.find(call->disk()->id);
        if (!now || now->claimed != call->disk()->claimed)
            return call->fail(publish::error::kTryAgain,
                              "The disk is on its way to another state.");
        go_on();
    });
}

void raw_write(Disks& disks, FileService* files, const CallPtr& call) {
    std::uint64_t sector = 0;
    const void* bytes = nullptr;
    std::size_t size = 0;
    if (sd_bus_message_read(call->message(), "t", &sector) < 0 ||
        sd_bus_message_read_array(call->message(), 'y', &bytes, &size) < 0 || size != kWritten)
        return call->fail(publish::error::kInvalidParameter, "The data are to be 512 bytes.");
    std::array<std::uint8_t, kWritten> data{};
    std::copy_n(static_cast<const std::uint8_t*>(bytes), size, data.begin());
    const auto& means = disks.means();
    const bool anywhere = means.config.write_anywhere;
    const auto go_on = [&means, call, sector, data, anywhere] {
        with_device<std::uint64_t>(
            means, call, true,
            [sector, data, anywhere, timeout = means.timeout](BlockDevice& device,
                                                              Progress& progress) {
                return write(device, progress, timeout, anywhere, sector, data);
            },
            [](Call& answered, std::uint64_t latency) {
                answered.reply([&](publish::BusWriter& out) { out.u64(latency); });
            });
    };
    anywhere ? go_on() : unless_somebodys(disks, files, call, go_on);
}

void find_scratch(const Disks::Means& means, const CallPtr& call) {
    with_device<ScratchSectors>(
        means, call, false,
        [timeout = means.timeout](BlockDevice& device,
                                  Progress& progress) -> Result<Outcome<ScratchSectors>> {
            auto found = scratch_of(device, reader_of(device, progress, timeout));
            if (!found) return found.error();
            return Outcome<ScratchSectors>(*found);
        },
        [](Call& answered, ScratchSectors found) {
            answered.reply([&](publish::BusWriter& out) {
                out.u64(found.first());
                out.u64(found.second());
            });
        });
}

void is_readable(const Disks::Means& means, const CallPtr& call) {
    const DiskPtr disk = call->disk();
    on_worker<std::string>(
        means.workers, disk->host(), disk->id,
        [disk, blocks = &means.blocks,
         timeout = means.timeout](Progress& progress) -> Result<std::string> {
            progress.begin("open", timeout);
            auto device = blocks->open(disk->block, block_paths(*disk), {false, !disk->claimed});
            if (!device) return device.error().message();
            std::vector<std::uint8_t> sector((*device)->geometry().sector_size);
            const auto got = reader_of(**device, progress, timeout)(0, sector);
            return got ? "" : got.error().message();
        },
        [call](Result<std::string> why) {
            const std::string text = why ? *why : why.error().message();
            call->reply([&](publish::BusWriter& out) {
                out.boolean(text.empty());
                out.text(text);
            });
        });
}

void get_unique_ids(const Disks::Means& means, const CallPtr& call) {
    const DiskPtr disk = call->disk();
    on_worker<std::vector<UniqueId>>(
        means.workers, disk->host(), disk->id,
        [disk, hardware = &means.hardware, timeout = means.timeout](Progress& progress) {
            return ask_unique_ids(*hardware, timeout, *disk, progress);
        },
        [call](Result<std::vector<UniqueId>> ids) {
            if (!ids) return call->fail(ids.error());
            call->reply([&](publish::BusWriter& out) { append_unique_ids(out, *ids); });
        });
}

void examine_for(Disks& disks, const CallPtr& call) {
    (void)disks.look_at_use(call->disk()->id);
    disks.examine(call->disk()->id, [call](const Result<DiskPtr>& now) {
        if (now) return call->reply();
        if (now.error().errnum == ENODEV)
            return call->fail(publish::error::kObjectNotFound, "The disk is gone.");
        call->fail(now.error());
    });
}

} // namespace

Methods raw_methods(Disks& disks, FileService* files) {
    const auto* means = &disks.means();
    return {
        {"Examine", "", "", "", [&disks](const CallPtr& call) { examine_for(disks, call); }, false},
        {"IsReadable", "", "bs", SD_BUS_PARAM(readable) SD_BUS_PARAM(reason),
         [means](const CallPtr& call) { is_readable(*means, call); }},
        {"GetUniqueIds", "", "a(yyyay)", SD_BUS_PARAM(designators),
         [means](const CallPtr& call) { get_unique_ids(*means, call); }},
        {"RawRead", "tu", "ayt",
         SD_BUS_PARAM(sector) SD_BUS_PARAM(length) SD_BUS_PARAM(data) SD_BUS_PARAM(latency_usec),
         [means](const CallPtr& call) {
             raw_read(*means, call, read, [](publish::BusWriter& out, const AlignedBuffer& data) {
                 out.bytes(data.span());
             });
         }},
        {"RawReadFile", "tu", "ht",
         SD_BUS_PARAM(sector) SD_BUS_PARAM(length) SD_BUS_PARAM(data) SD_BUS_PARAM(latency_usec),
         [means](const CallPtr& call) {
             raw_read(*means, call, read_file,
                      [](publish::BusWriter& out, const Fd& data) { out.descriptor(data.get()); });
         }},
        {"RawWrite", "tay", "t", SD_BUS_PARAM(sector) SD_BUS_PARAM(data) SD_BUS_PARAM(latency_usec),
         [&disks, files](const CallPtr& call) { raw_write(disks, files, call); }, true, true},
        {"FindScratchSectors", "", "tt", SD_BUS_PARAM(first) SD_BUS_PARAM(second),
         [&disks, files](const CallPtr& call) {
             unless_somebodys(disks, files, call,
                              [&disks, call] { find_scratch(disks.means(), call); });
         }},
    };
}

} // namespace mpapi::disks
