// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/dcom/dual_string_array.hpp"

#include "common/text/utf16.hpp"

#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

namespace mpapi::dcom {

namespace {

constexpr std::size_t kMostBindings = 256;
constexpr std::uint16_t kReservedOfSecurity = 0xffff; // MS-DCOM 2.2.19.4

Error malformed(std::string reason) {
    return {"parse dual string array", "", std::move(reason)};
}

// Appends `numbers`, the text and its NUL; not what would grow beyond `most`.
bool append(std::vector<std::uint16_t>& entries, std::span<const std::uint16_t> numbers,
            const std::string& text, std::size_t most) {
    const std::u16string wide = to_utf16(text);
    if (entries.size() + numbers.size() + wide.size() + 1 > most) return false;
    entries.insert(entries.end(), numbers.begin(), numbers.end());
    entries.insert(entries.end(), wide.begin(), wide.end());
    entries.push_back(0);
    return true;
}

class EntryReader {
  public:
    explicit EntryReader(std::span<const std::uint16_t> entries)
      : left_(entries) {}

    std::optional<std::uint16_t> number() {
        if (left_.empty()) return std::nullopt;
        const std::uint16_t value = left_.front();
        left_ = left_.subspan(1);
        return value;
    }
    std::optional<std::string> text() {
        std::u16string wide;
        while (const auto unit = number()) {
            if (*unit == 0) return to_utf8(wide);
            wide.push_back(static_cast<char16_t>(*unit));
        }
        return std::nullopt;
    }

  private:
    std::span<const std::uint16_t> left_;
};

} // namespace

DualStringEntries to_entries(const DualStringArray& bindings) {
    // Room is kept for the two ends.
    constexpr std::size_t most = 0xffff - 2;
    DualStringEntries result;
    for (const auto& binding : bindings.strings) {
        const std::uint16_t numbers[] = {binding.tower};
        if (!append(result.entries, numbers, binding.address, most)) break;
    }
    result.entries.push_back(0);
    result.security_offset = static_cast<std::uint16_t>(result.entries.size());
    for (const auto& binding : bindings.security) {
        const std::uint16_t numbers[] = {binding.service, kReservedOfSecurity};
        if (!append(result.entries, numbers, binding.principal, most + 1)) break;
    }
    result.entries.push_back(0);
    return result;
}

Result<DualStringArray> from_entries(std::span<const std::uint16_t> entries,
                                     std::uint16_t security_offset) {
    if (security_offset > entries.size())
        return malformed("security bindings at " + std::to_string(security_offset) + " of " +
                         std::to_string(entries.size()) + " entries");
    DualStringArray bindings;
    // No entries at all say: no bindings. Otherwise each half ends with 0.
    EntryReader strings(entries.first(security_offset));
    if (security_offset != 0) {
        for (;;) {
            const auto tower = strings.number();
            if (!tower) return malformed("the string bindings do not end");
            if (*tower == 0) break;
            auto address = strings.text();
            if (!address) return malformed("a string binding is no text or does not end");
            if (bindings.strings.size() == kMostBindings)
                return malformed("more than 256 string bindings");
            bindings.strings.push_back({*tower, std::move(*address)});
        }
    }
    EntryReader security(entries.subspan(security_offset));
    if (security_offset != entries.size()) {
        for (;;) {
            const auto service = security.number();
            if (!service) return malformed("the security bindings do not end");
            if (*service == 0) break;
            const auto reserved = security.number();
            auto principal = security.text();
            if (!reserved || !principal)
                return malformed("a security binding is no text or does not end");
            if (bindings.security.size() == kMostBindings)
                return malformed("more than 256 security bindings");
            bindings.security.push_back({*service, std::move(*principal)});
        }
    }
    return bindings;
}

Result<Endpoint> endpoint_of(const std::string& address) {
    const auto wrong = [&](const char* reason) {
        return Error{"parse string binding", address, reason};
    };
    Endpoint endpoint;
    const std::size_t bracket = address.rfind('[');
    if (bracket == std::string::npos) {
        endpoint.host = address;
    } else {
        if (!address.ends_with(']')) return wrong("expected host[port]");
        const std::string_view port =
            std::string_view(address).substr(bracket + 1, address.size() - bracket - 2);
        const auto [end, error] =
            std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
        if (error != std::errc() || end != port.data() + port.size() || endpoint.port == 0)
            return wrong("expected a port from 1 to 65535");
        endpoint.host = address.substr(0, bracket);
    }
    if (endpoint.host.empty()) return wrong("expected a host");
    return endpoint;
}

} // namespace mpapi::dcom
