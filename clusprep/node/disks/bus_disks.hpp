// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The machine's disks as mpapid has them on the bus. A LUN's key is its object path there. What may
// be done to which disk is mpapid's to decide; nothing here touches a device.
#pragma once

#include "clusprep/interfaces/disks.hpp"
#include "clusprep/node/bus_calls.hpp"
#include "clusprep/node/disks/catalogue.hpp"
#include "clusprep/node/disks/failures.hpp"
#include "clusprep/node/disks/tools_version.hpp"
#include "common/system/turnstile.hpp"

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace mpapi::node {

class BusDisks final : public csvp::Disks {
  public:
    // `bus` is attached to the loop and outlives this.
    explicit BusDisks(sd_bus* bus)
      : catalogue_(bus)
      , tools_(sd_bus_get_event(bus))
      , calls_(bus, kMpapid) {}

    Status start() { return catalogue_.follow(); }

    void list(csvp::Completion<csvp::DiskList> done) override;
    void state(const Key& key, csvp::Completion<csvp::DiskState> done) override;

    void read(const Key& key, std::uint32_t sector, std::uint32_t length,
              csvp::Completion<csvp::RawRead> done) override;
    void write(const Key& key, std::uint32_t sector, Bytes data,
               csvp::Completion<std::chrono::milliseconds> done) override;
    void find_scratch_sectors(const Key& key, csvp::Completion<csvp::ScratchSectors> done) override;
    void check_readable(const Key& key, csvp::Completion<Done> done) override;
    void unique_ids(const Key& key, csvp::Completion<std::vector<csvp::UniqueId>> done) override;

    void register_key(const Key& key, csvp::Completion<Done> done) override;
    void unregister_key(const Key& key, csvp::Completion<Done> done) override;
    void reserve(const Key& key, csvp::Completion<Done> done) override;
    void release(const Key& key, csvp::Completion<Done> done) override;
    void preempt(const Key& key, csvp::Completion<Done> done) override;
    void clear(const Key& key, csvp::Completion<Done> done) override;
    void reservation_present(const Key& key, csvp::Completion<bool> done) override;
    void register_and_clear(const Key& key, csvp::Completion<Done> done) override;

    void arbitrate(const Key& key, csvp::Completion<Done> done) override;
    void stop_defense(const Key& key, csvp::Completion<Done> done) override;

    void take_offline(const Key& key, csvp::Completion<Done> done) override;
    void bring_online(const Key& key, csvp::Completion<Done> done) override;

    void partitions(const Key& key, csvp::Completion<std::vector<csvp::Partition>> done) override;
    void write_file(const Key& key, std::uint32_t partition, const Path& path, Bytes data,
                    csvp::Completion<Done> done) override;
    void verify_file(const Key& key, std::uint32_t partition, const Path& path, Bytes data,
                     csvp::Completion<Done> done) override;
    void delete_file(const Key& key, std::uint32_t partition, const Path& path,
                     csvp::Completion<Done> done) override;

    void dsms(csvp::Completion<std::vector<csvp::Dsm>> done) override;

  private:
    using Finished = std::function<void()>;

    // mpapid takes 16 calls of one program ([bus] calls_per_sender), and asks polkit as much.
    static constexpr unsigned kAtOnce = 14;

    // Operations on one LUN are sent one after another: mpapid asks polkit in between, so it may
    // not begin them in the order in which it got them.
    void in_turn(const Key& key, std::function<void(Finished)> operation);
    void run(const Key& key);
    void next(const Key& key);

    // Calls a method of the disk in turn. `decode` makes the value of the answer.
    template <typename T>
    void ask(const Key& key, const char* member, BusCalls::Write write,
             std::function<csvp::Outcome<T>(sd_bus_message*)> decode, csvp::Completion<T> done);
    void plain(const Key& key, const char* member, csvp::Completion<Done> done);
    void file(const Key& key, const char* member, std::uint32_t partition, const Path& path,
              std::optional<Bytes> data, csvp::Completion<Done> done);

    Catalogue catalogue_;
    ToolsVersion tools_;
    std::map<Key, std::deque<std::function<void(Finished)>>> turns_; // the first one is under way
    Turnstile room_{kAtOnce}; // of operations on different LUNs
    BusCalls calls_;
};

} // namespace mpapi::node
