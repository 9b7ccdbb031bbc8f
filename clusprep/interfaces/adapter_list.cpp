// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/interfaces/adapter_list.hpp"

#include "clusprep/interfaces/packed.hpp"
#include "common/text/utf16.hpp"

#include <algorithm>
#include <cstdio>
#include <set>
#include <string_view>

namespace mpapi::csvp {

namespace {

constexpr std::u16string_view list_name = u"class mscs::AdapterList";
constexpr std::u16string_view adapter_name = u"class mscs::Adapter";

constexpr std::uint16_t windows_inet = 2, windows_inet6 = 0x17;
constexpr std::size_t sockaddr_length = 128;
constexpr std::size_t physical_characters = 23; // of 8 bytes
constexpr std::size_t guid_characters = 36;

constexpr std::uint32_t loopback_type = 24, tunnel_type = 131; // IANAifType

// Below what an adapter takes when all its texts and lists are empty: bounds a count before
// anything is allocated for it.
constexpr std::size_t least_adapter_length = 2 + 38 + 4 * 2 + 3 * 2 + 6 * 4;

bool filtered(const Adapter& adapter) {
    return adapter.cluster || adapter.type == loopback_type || adapter.type == tunnel_type ||
           adapter.tunnel_type != 0;
}

std::string unique(const std::string& text, std::set<std::string>& taken) {
    std::string candidate = text;
    for (unsigned number = 2; !taken.insert(candidate).second; ++number)
        candidate = text + " #" + std::to_string(number);
    return candidate;
}

std::string hardware_text(const std::vector<std::uint8_t>& bytes) {
    std::string text;
    for (const std::uint8_t byte : bytes) {
        char digits[4];
        std::snprintf(digits, sizeof digits, "%s%02X", text.empty() ? "" : "-", unsigned{byte});
        text += digits;
    }
    return text;
}

// What does not fit is noticed once, at the end.
class ListWriter {
  public:
    void list(const AdapterList& list) {
        named(list_name);
        text(list.server_name);
        count(list.adapters.size());
        for (const AdapterRecord& adapter : list.adapters)
            record(adapter);
        count(list.guids.size());
        for (const std::string& guid : list.guids)
            text(guid);
    }

    Result<std::vector<std::uint8_t>> take() && {
        if (too_long_)
            return Error{"write ADAPTERLIST", "", "a text or a list is longer than 65535"};
        return std::move(writer_).take();
    }

  private:
    void count(std::size_t number) {
        too_long_ |= number > 0xffff;
        writer_.u16(static_cast<std::uint16_t>(number));
    }
    void named(std::u16string_view units) {
        count(units.size() * 2);
        writer_.text(units);
    }
    void text(const std::string& utf8) { named(to_utf16(utf8)); }

    void sockaddr(const IpAddress& address) {
        const std::size_t before = writer_.size();
        const bool v6 = address.family == AddressFamily::V6;
        writer_.u16(v6 ? windows_inet6 : windows_inet);
        writer_.u16(0); // port
        if (v6) {
            writer_.u32(0); // flow info
            writer_.bytes(address.bytes);
            writer_.u32(address.scope);
        } else {
            writer_.bytes(std::span(address.bytes).first(4));
        }
        writer_.zeros(sockaddr_length - (writer_.size() - before));
    }

    void record(const AdapterRecord& adapter) {
        named(adapter_name);
        text(adapter.description);
        text(adapter.friendly_name);
        text(adapter.name);
        count(adapter.prefixes.size());
        for (const AdapterAddress& prefix : adapter.prefixes) {
            sockaddr(prefix.address);
            writer_.u32(prefix.prefix_length);
        }
        std::u16string physical = to_utf16(adapter.physical_address);
        physical.resize(std::max(physical.size(), physical_characters));
        named(physical);
        count(adapter.addresses.size());
        for (const IpAddress& address : adapter.addresses)
            sockaddr(address);
        count(adapter.gateways.size());
        for (const IpAddress& gateway : adapter.gateways)
            sockaddr(gateway);
        writer_.u32(adapter.type);
        writer_.u32(adapter.tunnel_type);
        writer_.u32(adapter.oper_status);
        writer_.u32(adapter.dhcp_enabled);
        writer_.u32(adapter.internal_network);
        writer_.u32(adapter.cluster_adapter);
    }

    PackedWriter writer_{4096};
    bool too_long_ = false;
};

// Keeps the first flaw; after it everything reads as empty, so no loop goes on for long.
class ListReader {
  public:
    explicit ListReader(std::span<const std::uint8_t> bytes)
      : reader_(bytes) {}

    Result<AdapterList> list() {
        AdapterList list;
        expect(list_name);
        list.server_name = text();
        const std::size_t adapters = count(least_adapter_length);
        list.adapters.reserve(adapters);
        for (std::size_t i = 0; i < adapters && good(); ++i)
            list.adapters.push_back(record());
        const std::size_t guids = count(2 + 2 * guid_characters);
        if (guids < 2 * adapters) flaw("fewer than two Guids for each adapter");
        list.guids.reserve(guids);
        for (std::size_t i = 0; i < guids && good(); ++i) {
            list.guids.push_back(text());
            if (list.guids.back().size() != guid_characters) flaw("a Guid is not 36 characters");
        }
        if (good() && reader_.left() != 0) flaw("bytes behind the last Guid");
        if (good()) return list;
        return Error{"read ADAPTERLIST", "",
                     flaw_.empty()
                         ? "ends in the middle, at offset " + std::to_string(reader_.offset())
                         : flaw_};
    }

  private:
    bool good() const { return flaw_.empty() && !reader_.failed(); }
    void flaw(std::string what) {
        if (good()) flaw_ = std::move(what) + ", at offset " + std::to_string(reader_.offset());
    }

    std::u16string units() { return reader_.text(reader_.u16()); }
    std::string text() {
        auto utf8 = to_utf8(units());
        if (!utf8) {
            flaw("a text is no UTF-16");
            return {};
        }
        return std::move(*utf8);
    }
    void expect(std::u16string_view name) {
        if (units() != name) flaw("not \"" + *to_utf8(name) + "\"");
    }
    // Of things that take `least` bytes each.
    std::size_t count(std::size_t least) {
        const std::size_t number = reader_.u16();
        if (number * least <= reader_.left()) return number;
        flaw("a count goes beyond the bytes");
        return 0;
    }

    IpAddress sockaddr() {
        PackedReader fields(reader_.bytes(sockaddr_length));
        IpAddress address;
        const std::uint16_t family = fields.u16();
        fields.u16();
        std::size_t length = 4;
        if (family == windows_inet6) {
            address.family = AddressFamily::V6;
            fields.u32();
            length = 16;
        } else if (family != windows_inet) {
            flaw("address family " + std::to_string(family));
        }
        const auto bytes = fields.bytes(length);
        std::copy(bytes.begin(), bytes.end(), address.bytes.begin());
        if (address.family == AddressFamily::V6) address.scope = fields.u32();
        return address;
    }

    AdapterRecord record() {
        AdapterRecord adapter;
        expect(adapter_name);
        adapter.description = text();
        adapter.friendly_name = text();
        adapter.name = text();
        const std::size_t prefixes = count(sockaddr_length + 4);
        for (std::size_t i = 0; i < prefixes; ++i) {
            const IpAddress address = sockaddr();
            adapter.prefixes.push_back({address, reader_.u32()});
        }
        adapter.physical_address = text();
        adapter.physical_address.erase(adapter.physical_address.find_last_not_of('\0') + 1);
        const std::size_t addresses = count(sockaddr_length);
        for (std::size_t i = 0; i < addresses; ++i)
            adapter.addresses.push_back(sockaddr());
        const std::size_t gateways = count(sockaddr_length);
        for (std::size_t i = 0; i < gateways; ++i)
            adapter.gateways.push_back(sockaddr());
        adapter.type = reader_.u32();
        adapter.tunnel_type = reader_.u32();
        adapter.oper_status = reader_.u32();
        adapter.dhcp_enabled = reader_.u32();
        adapter.internal_network = reader_.u32();
        adapter.cluster_adapter = reader_.u32();
        return adapter;
    }

    PackedReader reader_;
    std::string flaw_;
};

} // namespace

AdapterList describe_adapters(std::string server_name, const std::vector<Adapter>& adapters,
                              bool filter) {
    AdapterList list;
    list.server_name = std::move(server_name);
    std::set<std::string> descriptions, friendly_names, names;
    for (const Adapter& adapter : adapters) {
        if (filter && filtered(adapter)) continue;
        AdapterRecord record;
        record.description = unique(adapter.description, descriptions);
        record.friendly_name = unique(adapter.friendly_name, friendly_names);
        record.name = unique(adapter.name, names);
        record.prefixes = adapter.addresses;
        for (const AdapterAddress& address : adapter.addresses)
            record.addresses.push_back(address.address);
        record.gateways = adapter.gateways;
        record.physical_address = hardware_text(adapter.hardware_address);
        record.type = adapter.type;
        record.tunnel_type = adapter.tunnel_type;
        record.oper_status = adapter.oper_status;
        record.dhcp_enabled = adapter.dhcp ? 1 : 0;
        record.internal_network = adapter.internal ? 1 : 0;
        record.cluster_adapter = adapter.cluster ? 1 : 0;
        list.adapters.push_back(std::move(record));
        for (const ndr::Guid& id : adapter.ids)
            list.guids.push_back(id.text());
    }
    return list;
}

Result<std::vector<std::uint8_t>> encode_adapter_list(const AdapterList& list) {
    ListWriter writer;
    writer.list(list);
    return std::move(writer).take();
}

Result<AdapterList> decode_adapter_list(std::span<const std::uint8_t> bytes) {
    return ListReader(bytes).list();
}

} // namespace mpapi::csvp
