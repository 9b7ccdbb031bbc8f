// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/interfaces/registered_dsms.hpp"

#include "clusprep/interfaces/fixed_text.hpp"
#include "clusprep/interfaces/packed.hpp"

#include <algorithm>
#include <array>

namespace mpapi::csvp {

namespace {

constexpr std::size_t name_units = 64;
constexpr std::size_t dsm_length = 2 * name_units + 4 * sizeof(std::uint32_t);

} // namespace

std::vector<std::uint8_t> encode_dsms(const std::vector<Dsm>& dsms) {
    PackedWriter writer(4 + dsms.size() * dsm_length);
    writer.u32(static_cast<std::uint32_t>(dsms.size()));
    for (const Dsm& dsm : dsms) {
        const auto name = fixed_text<name_units>(dsm.name);
        writer.text({name.data(), name.size()});
        writer.u32(dsm.major);
        writer.u32(dsm.minor);
        writer.u32(dsm.build);
        writer.u32(dsm.qfe);
    }
    return std::move(writer).take();
}

Result<std::vector<Dsm>> decode_dsms(std::span<const std::uint8_t> bytes) {
    PackedReader reader(bytes);
    const std::uint32_t count = reader.u32();
    if (reader.failed() || count > reader.left() / dsm_length)
        return Error{"read REGISTERED_DSMS", "",
                     std::to_string(count) + " modules in " + std::to_string(bytes.size()) +
                         " bytes"};
    std::vector<Dsm> dsms;
    dsms.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        std::array<char16_t, name_units> field{};
        const std::u16string units = reader.text(2 * name_units);
        std::copy(units.begin(), units.end(), field.begin());
        auto name = text_of(field);
        if (!name)
            return Error{"read REGISTERED_DSMS", "",
                         "name " + std::to_string(i + 1) + " is no UTF-16"};
        Dsm dsm;
        dsm.name = std::move(*name);
        dsm.major = reader.u32();
        dsm.minor = reader.u32();
        dsm.build = reader.u32();
        dsm.qfe = reader.u32();
        dsms.push_back(std::move(dsm));
    }
    return dsms;
}

} // namespace mpapi::csvp
