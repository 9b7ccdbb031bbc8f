// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A node that is played: everything the six interfaces can ask for, in memory, as a test sets it
// up. It keeps what it was asked ("arbitrate lun0"), fails an operation when told to, and holds
// answers back when told to, so that a test decides what happens meanwhile.
#pragma once

#include "clusprep/interfaces/node.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mpapi::csvp {

struct PlayedPartition {
    Partition partition;
    std::map<std::string, std::vector<std::uint8_t>> files; // by "directory/file"
};

struct PlayedDisk {
    Disk disk;
    DiskState state{true, Ownership::NotOwned};
    std::map<std::uint32_t, std::vector<std::uint8_t>> sectors; // of 512 bytes; others are zero
    ScratchSectors scratch{11, 12};
    std::vector<UniqueId> ids;
    std::vector<PlayedPartition> partitions;
    bool registered = false; // our key
    bool reserved = false;   // somebody holds a reservation
    std::uint32_t most_read = 0xffffffff;
};

class PlayedNode : public Node, Disks, Network, Host, SecretStore, Logs, Cleanup {
  public:
    PlayedNode(); // three disks, three adapters, all well

    Disks& disks() override { return *this; }
    Network& network() override { return *this; }
    Host& host() override { return *this; }
    SecretStore& secret() override { return *this; }
    Logs& logs() override { return *this; }
    Cleanup& cleanup() override { return *this; }

    std::vector<PlayedDisk> luns; // keys "lun0", "lun1", ...
    std::vector<Adapter> adapter_table;
    std::vector<AdapterFirewall> firewall_table;
    HostFirewall firewall{true, false};
    std::string name = "node1.example.com";
    Versions os{6, 1};
    std::vector<Dsm> dsm_table;
    std::optional<std::vector<std::uint8_t>> stored_secret;
    std::string log_place = "ClusterLogs\\node1.log";
    std::chrono::milliseconds latency{7};

    std::vector<std::string> calls;          // list() and state() apart
    std::map<std::string, Failure> failures; // by operation; as long as it stands here
    bool hold = false;
    std::vector<std::function<void()>> held;
    void let_one_go();
    void let_go(); // all, and what that leads to

    std::optional<CleanupOrder> cleanup_order;
    std::vector<std::pair<IpAddress, IpAddress>> echoes;
    std::chrono::milliseconds echo_limit{};
    std::optional<std::chrono::minutes> log_span;

    PlayedDisk* lun(const std::string& key);

    void list(Completion<DiskList> done) override;
    void state(const Key& key, Completion<DiskState> done) override;
    void read(const Key& key, std::uint32_t sector, std::uint32_t length,
              Completion<RawRead> done) override;
    void write(const Key& key, std::uint32_t sector, Bytes data,
               Completion<std::chrono::milliseconds> done) override;
    void find_scratch_sectors(const Key& key, Completion<ScratchSectors> done) override;
    void check_readable(const Key& key, Completion<Done> done) override;
    void unique_ids(const Key& key, Completion<std::vector<UniqueId>> done) override;
    void register_key(const Key& key, Completion<Done> done) override;
    void unregister_key(const Key& key, Completion<Done> done) override;
    void reserve(const Key& key, Completion<Done> done) override;
    void release(const Key& key, Completion<Done> done) override;
    void preempt(const Key& key, Completion<Done> done) override;
    void clear(const Key& key, Completion<Done> done) override;
    void reservation_present(const Key& key, Completion<bool> done) override;
    void register_and_clear(const Key& key, Completion<Done> done) override;
    void arbitrate(const Key& key, Completion<Done> done) override;
    void stop_defense(const Key& key, Completion<Done> done) override;
    void take_offline(const Key& key, Completion<Done> done) override;
    void bring_online(const Key& key, Completion<Done> done) override;
    void partitions(const Key& key, Completion<std::vector<Partition>> done) override;
    void write_file(const Key& key, std::uint32_t partition, const Path& path, Bytes data,
                    Completion<Done> done) override;
    void verify_file(const Key& key, std::uint32_t partition, const Path& path, Bytes data,
                     Completion<Done> done) override;
    void delete_file(const Key& key, std::uint32_t partition, const Path& path,
                     Completion<Done> done) override;
    void dsms(Completion<std::vector<Dsm>> done) override;

    void adapters(Completion<std::vector<Adapter>> done) override;
    void echo(const IpAddress& source, const IpAddress& destination,
              std::chrono::milliseconds timeout,
              Completion<std::chrono::milliseconds> done) override;
    void adapter_firewalls(Completion<std::vector<AdapterFirewall>> done) override;
    void host_firewall(Completion<HostFirewall> done) override;

    Versions versions() const override { return os; }
    void full_name(Completion<std::string> done) override;
    void store(std::span<const std::uint8_t> secret, Completion<Done> done) override;
    void retrieve(Completion<std::optional<std::vector<std::uint8_t>>> done) override;
    void gather(std::optional<std::chrono::minutes> span, Completion<std::string> done) override;
    void clean_up(const CleanupOrder& order, Completion<Done> done) override;

  private:
    template <typename T>
    void finish(const char* operation, Completion<T> done, Outcome<T> outcome);
    // act(lun) gives the outcome; not called for a LUN that is unknown or an operation that fails.
    template <typename T, typename Act>
    void on_lun(const char* operation, const Key& key, Completion<T> done, Act act);
    template <typename Act> // act(partition)
    void on_file(const char* operation, const Key& key, std::uint32_t partition,
                 Completion<Done> done, Act act);

    DiskList listed_;
};

} // namespace mpapi::csvp
