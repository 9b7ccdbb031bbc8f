// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/clusprep/interfaces/played_node.hpp"

#include <algorithm>

namespace mpapi::csvp {

using namespace ndr::literals;

namespace {

Failure refused(Hresult code, const char* operation, const std::string& object) {
    return {code, {operation, object, "as played"}};
}

IpAddress v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
    IpAddress address;
    address.bytes = {a, b, c, d};
    return address;
}

IpAddress link_local(std::uint8_t last, std::uint32_t scope) {
    IpAddress address;
    address.family = AddressFamily::V6;
    address.bytes = {0xfe, 0x80};
    address.bytes[15] = last;
    address.scope = scope;
    return address;
}

std::string joined(const Disks::Path& path) {
    std::string text;
    for (const std::string& component : path)
        text += (text.empty() ? "" : "/") + component;
    return text;
}

} // namespace

PlayedNode::PlayedNode() {
    PlayedDisk gpt;
    gpt.disk = {"lun0",
                "0f0e0d0c-0b0a-0908-0706-050403020100"_guid,
                BusType::Iscsi,
                {3, 0, 1, 5},
                true,
                "Software iSCSI initiator",
                2,
                DiskStyleGpt | DiskBasic | DiskMpio};
    gpt.ids = {{1, 3, 0, {0x60, 1, 4, 5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}},
               {1, 4, 1, {0, 0, 0, 1}}};
    gpt.partitions = {{{"NTFS"}, {}}, {{"EXT4"}, {}}, {{"RAW"}, {}}};
    PlayedDisk mbr;
    mbr.disk = {"lun1",
                0x1234abcdu,
                BusType::Fibre,
                {1, 0, 0, 7},
                true,
                "Fibre Channel HBA",
                4,
                DiskStyleMbr | DiskBasic | DiskMpio};
    mbr.ids = {{2, 1, 0, {'P', 'L', 'A', 'Y', 'E', 'D', ' ', ' ', 'x'}}};
    mbr.partitions = {{{"FAT"}, {}}};
    PlayedDisk raw;
    raw.disk = {"lun2", std::monostate(), BusType::Unknown, {}, false, "virtio", 1, DiskStyleRaw};
    luns = {gpt, mbr, raw};

    Adapter lan;
    lan.ids = {"10000000-0000-4000-8000-000000000001"_guid,
               "10000000-0000-4000-8000-000000000002"_guid};
    lan.name = "enp1s0";
    lan.friendly_name = "LAN";
    lan.description = "Gigabit adapter";
    lan.addresses = {{v4(192, 0, 2, 10), 24}, {link_local(1, 2), 64}};
    lan.gateways = {v4(192, 0, 2, 1)};
    lan.hardware_address = {0x52, 0x54, 0x00, 0xab, 0xcd, 0xef};
    lan.type = 6;
    lan.oper_status = 1;
    lan.dhcp = true;
    Adapter private_net = lan;
    private_net.ids = {"20000000-0000-4000-8000-000000000001"_guid,
                       "20000000-0000-4000-8000-000000000002"_guid};
    private_net.name = "enp2s0";
    private_net.friendly_name = "Private";
    private_net.addresses = {{v4(10, 0, 0, 10), 8}};
    private_net.gateways.clear();
    private_net.dhcp = false;
    private_net.internal = true;
    Adapter loopback;
    loopback.ids = {"30000000-0000-4000-8000-000000000001"_guid,
                    "30000000-0000-4000-8000-000000000002"_guid};
    loopback.name = loopback.friendly_name = loopback.description = "lo";
    loopback.addresses = {{v4(127, 0, 0, 1), 8}};
    loopback.type = 24;
    loopback.oper_status = 1;
    adapter_table = {lan, private_net, loopback};
    firewall_table = {{lan.ids[0], NetworkProfile::Public, false, true, true},
                      {private_net.ids[0], NetworkProfile::Private, true, true, false},
                      {loopback.ids[0], NetworkProfile::DomainAuthenticated, true, true, true}};
    dsm_table = {{"dm-multipath 0.9.4", 0, 9, 4, 0}, {"alua", 2, 0, 0, 0}};
}

PlayedDisk* PlayedNode::lun(const std::string& key) {
    const auto found = std::find_if(luns.begin(), luns.end(),
                                    [&](const PlayedDisk& lun) { return lun.disk.key == key; });
    return found == luns.end() ? nullptr : &*found;
}

void PlayedNode::let_one_go() {
    auto first = std::move(held.front());
    held.erase(held.begin());
    first();
}

void PlayedNode::let_go() {
    while (!held.empty())
        let_one_go();
}

template <typename T>
void PlayedNode::finish(const char* operation, Completion<T> done, Outcome<T> outcome) {
    if (const auto failure = failures.find(operation); failure != failures.end())
        outcome = failure->second;
    if (hold)
        held.push_back([done = std::move(done), outcome = std::move(outcome)] { done(outcome); });
    else
        done(std::move(outcome));
}

template <typename T, typename Act>
void PlayedNode::on_lun(const char* operation, const Key& key, Completion<T> done, Act act) {
    if (operation != std::string("state")) calls.push_back(std::string(operation) + " " + key);
    PlayedDisk* const found = lun(key);
    if (!found || failures.contains(operation))
        return finish<T>(operation, std::move(done), refused(Hresult::DeviceGone, operation, key));
    finish<T>(operation, std::move(done), act(*found));
}

void PlayedNode::list(Completion<DiskList> done) {
    auto now = std::make_shared<std::vector<Disk>>();
    for (const PlayedDisk& lun : luns)
        now->push_back(lun.disk);
    if (!listed_ || *listed_ != *now) listed_ = std::move(now);
    finish<DiskList>("list", std::move(done), listed_);
}

void PlayedNode::state(const Key& key, Completion<DiskState> done) {
    on_lun<DiskState>("state", key, std::move(done), [](PlayedDisk& lun) { return lun.state; });
}

void PlayedNode::read(const Key& key, std::uint32_t sector, std::uint32_t length,
                      Completion<RawRead> done) {
    on_lun<RawRead>("read", key, std::move(done), [&](PlayedDisk& lun) -> Outcome<RawRead> {
        if (length % 512 != 0 || length > 1024 * 1024)
            return refused(Hresult::InvalidParameter, "read", key);
        RawRead read;
        read.latency = latency;
        for (std::uint32_t i = 0; i < length / 512; ++i) {
            const auto found = lun.sectors.find(sector + i);
            if (found == lun.sectors.end())
                read.data.resize(read.data.size() + 512);
            else
                read.data.insert(read.data.end(), found->second.begin(), found->second.end());
        }
        if (read.data.size() > lun.most_read) read.data.resize(lun.most_read);
        return read;
    });
}

void PlayedNode::write(const Key& key, std::uint32_t sector, Bytes data,
                       Completion<std::chrono::milliseconds> done) {
    on_lun<std::chrono::milliseconds>("write", key, std::move(done), [&](PlayedDisk& lun) {
        for (std::uint32_t i = 0; i < data.size() / 512; ++i) {
            const auto part = data.subspan(std::size_t{512} * i, 512);
            lun.sectors[sector + i] = {part.begin(), part.end()};
        }
        return latency;
    });
}

void PlayedNode::find_scratch_sectors(const Key& key, Completion<ScratchSectors> done) {
    on_lun<ScratchSectors>("find_scratch_sectors", key, std::move(done),
                           [](PlayedDisk& lun) { return lun.scratch; });
}

void PlayedNode::check_readable(const Key& key, Completion<Done> done) {
    on_lun<Done>("check_readable", key, std::move(done), [](PlayedDisk&) { return Done(); });
}

void PlayedNode::unique_ids(const Key& key, Completion<std::vector<UniqueId>> done) {
    on_lun<std::vector<UniqueId>>("unique_ids", key, std::move(done),
                                  [](PlayedDisk& lun) { return lun.ids; });
}

void PlayedNode::register_key(const Key& key, Completion<Done> done) {
    on_lun<Done>("register_key", key, std::move(done), [](PlayedDisk& lun) {
        lun.registered = true;
        return Done();
    });
}

void PlayedNode::unregister_key(const Key& key, Completion<Done> done) {
    on_lun<Done>("unregister_key", key, std::move(done), [](PlayedDisk& lun) {
        lun.registered = lun.reserved = false;
        return Done();
    });
}

void PlayedNode::reserve(const Key& key, Completion<Done> done) {
    on_lun<Done>("reserve", key, std::move(done), [&](PlayedDisk& lun) -> Outcome<Done> {
        if (!lun.registered) return refused(Hresult::Busy, "reserve", key);
        lun.reserved = true;
        return Done();
    });
}

void PlayedNode::release(const Key& key, Completion<Done> done) {
    on_lun<Done>("release", key, std::move(done), [](PlayedDisk& lun) {
        lun.reserved = false;
        return Done();
    });
}

void PlayedNode::preempt(const Key& key, Completion<Done> done) {
    on_lun<Done>("preempt", key, std::move(done), [&](PlayedDisk& lun) -> Outcome<Done> {
        if (!lun.registered) return refused(Hresult::Busy, "preempt", key);
        return Done();
    });
}

void PlayedNode::clear(const Key& key, Completion<Done> done) {
    on_lun<Done>("clear", key, std::move(done), [&](PlayedDisk& lun) -> Outcome<Done> {
        if (!lun.registered) return refused(Hresult::Busy, "clear", key);
        lun.registered = lun.reserved = false;
        return Done();
    });
}

void PlayedNode::reservation_present(const Key& key, Completion<bool> done) {
    on_lun<bool>("reservation_present", key, std::move(done),
                 [](PlayedDisk& lun) { return lun.reserved; });
}

void PlayedNode::register_and_clear(const Key& key, Completion<Done> done) {
    on_lun<Done>("register_and_clear", key, std::move(done), [](PlayedDisk& lun) {
        lun.registered = lun.reserved = false;
        return Done();
    });
}

void PlayedNode::arbitrate(const Key& key, Completion<Done> done) {
    on_lun<Done>("arbitrate", key, std::move(done), [&](PlayedDisk& lun) -> Outcome<Done> {
        if (lun.state.ownership == Ownership::OwnedByAnother)
            return refused(Hresult::Busy, "arbitrate", key);
        lun.state.ownership = Ownership::OwnedByThisServer;
        lun.registered = lun.reserved = true;
        return Done();
    });
}

void PlayedNode::stop_defense(const Key& key, Completion<Done> done) {
    on_lun<Done>("stop_defense", key, std::move(done), [&](PlayedDisk& lun) -> Outcome<Done> {
        if (lun.state.ownership != Ownership::OwnedByThisServer || lun.state.online)
            return refused(Hresult::InvalidState, "stop_defense", key);
        lun.state.ownership = Ownership::NotOwned;
        lun.registered = lun.reserved = false;
        return Done();
    });
}

void PlayedNode::take_offline(const Key& key, Completion<Done> done) {
    on_lun<Done>("take_offline", key, std::move(done), [](PlayedDisk& lun) {
        lun.state.online = false;
        return Done();
    });
}

void PlayedNode::bring_online(const Key& key, Completion<Done> done) {
    on_lun<Done>("bring_online", key, std::move(done), [](PlayedDisk& lun) {
        lun.state.online = true;
        return Done();
    });
}

void PlayedNode::partitions(const Key& key, Completion<std::vector<Partition>> done) {
    on_lun<std::vector<Partition>>("partitions", key, std::move(done),
                                   [&](PlayedDisk& lun) -> Outcome<std::vector<Partition>> {
                                       if (!lun.state.online)
                                           return refused(Hresult::InvalidState, "partitions", key);
                                       std::vector<Partition> found;
                                       for (const PlayedPartition& partition : lun.partitions)
                                           found.push_back(partition.partition);
                                       return found;
                                   });
}

template <typename Act>
void PlayedNode::on_file(const char* operation, const Key& key, std::uint32_t partition,
                         Completion<Done> done, Act act) {
    on_lun<Done>(operation, key, std::move(done), [&](PlayedDisk& lun) -> Outcome<Done> {
        if (!lun.state.online) return refused(Hresult::InvalidState, operation, key);
        if (partition >= lun.partitions.size())
            return refused(Hresult::InvalidParameter, operation, key);
        return act(lun.partitions[partition]);
    });
}

void PlayedNode::write_file(const Key& key, std::uint32_t partition, const Path& path, Bytes data,
                            Completion<Done> done) {
    on_file("write_file", key, partition, std::move(done), [&](PlayedPartition& on) {
        on.files[joined(path)] = {data.begin(), data.end()};
        return Done();
    });
}

void PlayedNode::verify_file(const Key& key, std::uint32_t partition, const Path& path, Bytes data,
                             Completion<Done> done) {
    on_file("verify_file", key, partition, std::move(done),
            [&](PlayedPartition& on) -> Outcome<Done> {
                const auto file = on.files.find(joined(path));
                if (file == on.files.end())
                    return refused(Hresult::FileNotFound, "verify_file", joined(path));
                if (!std::equal(data.begin(), data.end(), file->second.begin(), file->second.end()))
                    return refused(Hresult::CrcMismatch, "verify_file", joined(path));
                return Done();
            });
}

void PlayedNode::delete_file(const Key& key, std::uint32_t partition, const Path& path,
                             Completion<Done> done) {
    on_file("delete_file", key, partition, std::move(done),
            [&](PlayedPartition& on) -> Outcome<Done> {
                if (on.files.erase(joined(path)) == 0)
                    return refused(Hresult::FileNotFound, "delete_file", joined(path));
                return Done();
            });
}

void PlayedNode::dsms(Completion<std::vector<Dsm>> done) {
    finish<std::vector<Dsm>>("dsms", std::move(done), dsm_table);
}

void PlayedNode::adapters(Completion<std::vector<Adapter>> done) {
    finish<std::vector<Adapter>>("adapters", std::move(done), adapter_table);
}

void PlayedNode::echo(const IpAddress& source, const IpAddress& destination,
                      std::chrono::milliseconds timeout,
                      Completion<std::chrono::milliseconds> done) {
    echoes.emplace_back(source, destination);
    echo_limit = timeout;
    finish<std::chrono::milliseconds>("echo", std::move(done), latency);
}

void PlayedNode::adapter_firewalls(Completion<std::vector<AdapterFirewall>> done) {
    finish<std::vector<AdapterFirewall>>("adapter_firewalls", std::move(done), firewall_table);
}

void PlayedNode::host_firewall(Completion<HostFirewall> done) {
    finish<HostFirewall>("host_firewall", std::move(done), firewall);
}

void PlayedNode::full_name(Completion<std::string> done) {
    finish<std::string>("full_name", std::move(done), name);
}

void PlayedNode::store(std::span<const std::uint8_t> secret, Completion<Done> done) {
    if (!failures.contains("store")) stored_secret.emplace(secret.begin(), secret.end());
    finish<Done>("store", std::move(done), Done());
}

void PlayedNode::retrieve(Completion<std::optional<std::vector<std::uint8_t>>> done) {
    finish<std::optional<std::vector<std::uint8_t>>>("retrieve", std::move(done), stored_secret);
}

void PlayedNode::gather(std::optional<std::chrono::minutes> span, Completion<std::string> done) {
    log_span = span;
    finish<std::string>("gather", std::move(done), log_place);
}

void PlayedNode::clean_up(const CleanupOrder& order, Completion<Done> done) {
    cleanup_order = order;
    finish<Done>("clean_up", std::move(done), Done());
}

} // namespace mpapi::csvp
