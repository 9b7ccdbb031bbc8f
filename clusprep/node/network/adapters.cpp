// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/network/adapters.hpp"

#include <arpa/inet.h>
#include <systemd/sd-id128.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <map>
#include <optional>
#include <string_view>

namespace mpapi::node {

namespace {

constexpr char kAction[] = "read", kWhat[] = "adapters";

// One adapter as it is told.
struct Told {
    std::map<std::string, std::string> texts;
    std::map<std::string, std::uint32_t> numbers;
    std::map<std::string, std::vector<std::string>> lists;
    bool dhcp = false;
};

int read_list(sd_bus_message* from, std::vector<std::string>& into) {
    int r = sd_bus_message_enter_container(from, 'a', "s");
    const char* text = nullptr;
    while (r >= 0 && (r = sd_bus_message_read(from, "s", &text)) > 0)
        into.emplace_back(text);
    return r < 0 ? r : sd_bus_message_exit_container(from);
}

// Of a type that nothing here is: skipped, for a newer ipfailoverd.
int read_value(sd_bus_message* from, const std::string& key, Told& told) {
    char type = 0;
    const char* contents = nullptr;
    int r = sd_bus_message_peek_type(from, &type, &contents);
    if (r <= 0) return r < 0 ? r : -EBADMSG;
    const std::string_view signature = contents;
    if (signature != "s" && signature != "u" && signature != "b" && signature != "as")
        return sd_bus_message_skip(from, "v");
    r = sd_bus_message_enter_container(from, 'v', contents);
    if (r < 0) return r;
    const char* text = nullptr;
    int flag = 0;
    if (signature == "s") {
        r = sd_bus_message_read(from, "s", &text);
        if (r > 0) told.texts[key] = text;
    } else if (signature == "u") {
        r = sd_bus_message_read(from, "u", &told.numbers[key]);
    } else if (signature == "b") {
        r = sd_bus_message_read(from, "b", &flag);
        if (key == "dhcp") told.dhcp = flag != 0;
    } else {
        r = read_list(from, told.lists[key]);
    }
    return r < 0 ? r : sd_bus_message_exit_container(from);
}

int read_told(sd_bus_message* from, Told& told) {
    int r = 0;
    while ((r = sd_bus_message_enter_container(from, 'e', "sv")) > 0) {
        const char* key = nullptr;
        r = sd_bus_message_read(from, "s", &key);
        if (r >= 0) r = read_value(from, key, told);
        if (r >= 0) r = sd_bus_message_exit_container(from);
        if (r < 0) break;
    }
    return r;
}

std::optional<csvp::IpAddress> address_of(const std::string& text, std::uint32_t index) {
    csvp::IpAddress address;
    const bool v6 = text.find(':') != std::string::npos;
    address.family = v6 ? csvp::AddressFamily::V6 : csvp::AddressFamily::V4;
    if (::inet_pton(v6 ? AF_INET6 : AF_INET, text.c_str(), address.bytes.data()) != 1)
        return std::nullopt;
    // RFC 4291 2.5.6: only these mean nothing without their link.
    if (v6 && address.bytes[0] == 0xfe && (address.bytes[1] & 0xc0) == 0x80) address.scope = index;
    return address;
}

std::optional<csvp::AdapterAddress> adapter_address_of(const std::string& text,
                                                       std::uint32_t index) {
    const std::size_t slash = std::min(text.find('/'), text.size());
    const auto address = address_of(text.substr(0, slash), index);
    if (!address || slash == text.size()) return std::nullopt;
    csvp::AdapterAddress made{*address, 0};
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + slash + 1, end, made.prefix_length);
    const std::uint32_t longest = address->family == csvp::AddressFamily::V6 ? 128 : 32;
    if (read.ec != std::errc() || read.ptr != end || made.prefix_length > longest)
        return std::nullopt;
    return made;
}

std::optional<std::vector<std::uint8_t>> bytes_of(std::string_view text) {
    std::vector<std::uint8_t> bytes;
    if (text.empty()) return bytes;
    for (std::size_t at = 0;; at += 3) {
        std::uint8_t byte = 0;
        const std::string_view digits = text.substr(std::min(at, text.size()), 2);
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
        if (digits.size() != 2 || read.ec != std::errc() || read.ptr != digits.data() + 2)
            return std::nullopt;
        bytes.push_back(byte);
        if (at + 2 == text.size()) return bytes;
        if (text[at + 2] != ':') return std::nullopt;
    }
}

// RFC 2863 ifOperStatus: its number is its place, from 1.
std::uint32_t status_of(std::string_view word) {
    constexpr std::array<std::string_view, 7> words{
        "up", "down", "testing", "unknown", "dormant", "not-present", "lower-layer-down"};
    const auto found = std::find(words.begin(), words.end(), word);
    constexpr std::uint32_t unknown = 4;
    return found == words.end() ? unknown : static_cast<std::uint32_t>(found - words.begin() + 1);
}

std::string description_of(const csvp::Adapter& adapter, const std::string& driver,
                           const std::string& bus, const std::string& kind) {
    if (!driver.empty()) return bus.empty() ? driver : driver + " at " + bus;
    if (adapter.type == kLoopback) return "loopback";
    return kind.empty() ? adapter.name : kind;
}

Result<csvp::Adapter> make(Told& told, const AdapterId& id) {
    csvp::Adapter adapter;
    adapter.name = told.texts["name"];
    const auto wrong = [&](const std::string& what) {
        return Error{kAction, kWhat, adapter.name + " has " + what};
    };
    for (unsigned number = 0; number < adapter.ids.size(); ++number) {
        const auto made = id(adapter.name, number);
        if (!made) return made.error();
        adapter.ids[number] = *made;
    }
    const std::string& alias = told.texts["alias"];
    adapter.friendly_name = alias.empty() ? adapter.name : alias;
    const std::uint32_t index = told.numbers["index"];
    for (const std::string& each : told.lists["addresses"]) {
        const auto address = adapter_address_of(each, index);
        if (!address) return wrong("an address that is none: " + each);
        adapter.addresses.push_back(*address);
    }
    for (const std::string& each : told.lists["gateways"]) {
        const auto address = address_of(each, index);
        if (!address) return wrong("a gateway that is none: " + each);
        adapter.gateways.push_back(*address);
    }
    const auto hardware = bytes_of(told.texts["hardware-address"]);
    if (!hardware) return wrong("a hardware address that is none");
    adapter.hardware_address = *hardware;
    adapter.type = told.numbers["type"];
    adapter.tunnel_type = told.numbers["tunnel-type"];
    adapter.oper_status = status_of(told.texts["status"]);
    adapter.dhcp = told.dhcp;
    adapter.description =
        description_of(adapter, told.texts["driver"], told.texts["bus"], told.texts["kind"]);
    adapter.internal = adapter.oper_status == 1 && !adapter.addresses.empty() &&
                       adapter.gateways.empty() && adapter.type != kLoopback &&
                       adapter.type != kTunnel;
    return adapter;
}

} // namespace

Result<ndr::Guid> adapter_id(const std::string& name, unsigned number) {
    // sd-id128 hashes an application's id with the machine's secret one: ours is for each number of
    // each adapter. The kernel's names have at most 15 bytes; one that was made printable may have
    // more.
    constexpr std::array<std::uint8_t, 16> ours{0x6b, 0x0a, 0x3d, 0xc1, 0x58, 0x7f, 0x4e, 0x92,
                                                0xb4, 0x1e, 0x90, 0x27, 0xd5, 0x6c, 0xe8, 0x33};
    if (name.empty()) return Error{"make an id for", name, "expected the name of an interface"};
    sd_id128_t application{};
    for (std::size_t i = 0; i < name.size(); ++i)
        application.bytes[i % 15] ^= static_cast<std::uint8_t>(name[i]);
    application.bytes[15] = static_cast<std::uint8_t>(number);
    for (std::size_t i = 0; i < ours.size(); ++i)
        application.bytes[i] ^= ours[i];
    sd_id128_t id;
    if (const int r = sd_id128_get_machine_app_specific(application, &id); r < 0)
        return Error{"make an id for", name, "of /etc/machine-id", -r};
    std::array<std::uint8_t, 16> bytes{};
    std::copy(std::begin(id.bytes), std::end(id.bytes), bytes.begin());
    return ndr::guid_from_bytes(bytes);
}

Result<std::vector<csvp::Adapter>> read_adapters(sd_bus_message* list, const AdapterId& id) {
    std::vector<csvp::Adapter> found;
    int r = sd_bus_message_enter_container(list, 'a', "a{sv}");
    while (r >= 0 && (r = sd_bus_message_enter_container(list, 'a', "{sv}")) > 0) {
        Told told;
        r = read_told(list, told);
        if (r >= 0) r = sd_bus_message_exit_container(list);
        if (r < 0) break;
        auto adapter = make(told, id);
        if (!adapter) return adapter.error();
        found.push_back(*std::move(adapter));
    }
    if (r < 0) return Error{kAction, kWhat, "the answer is not understood", -r};
    return found;
}

} // namespace mpapi::node
