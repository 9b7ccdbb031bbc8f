// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a server of MS-CSVP sends our client as bytes inside a parameter. The first byte chooses the
// structure; what was read and is written again reads the same.
#include "clusprep/interfaces/adapter_list.hpp"
#include "clusprep/interfaces/file_path.hpp"
#include "clusprep/interfaces/ip_text.hpp"
#include "clusprep/interfaces/registered_dsms.hpp"
#include "clusprep/interfaces/unique_ids.hpp"

#include <algorithm>
#include <cstdlib>

using namespace mpapi;
using namespace mpapi::csvp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::span<const std::uint8_t> bytes(data + 1, size - 1);
    switch (data[0] % 4) {
    case 0:
        if (const auto list = decode_adapter_list(bytes)) {
            const auto written = encode_adapter_list(*list);
            // A hardware address shorter than what 8 bytes take is padded, and may then not fit.
            if (!written) break;
            const auto again = decode_adapter_list(*written);
            if (!again || !(*again == *list)) std::abort();
        }
        break;
    case 1:
        if (const auto ids = decode_unique_ids(bytes)) {
            const bool all = std::all_of(ids->begin(), ids->end(), [](const UniqueId& id) {
                return id.identifier.size() < 0xff00;
            });
            const auto again = decode_unique_ids(encode_unique_ids(*ids));
            if (!again || (all && *again != *ids)) std::abort();
        }
        break;
    case 2:
        if (const auto dsms = decode_dsms(bytes)) {
            const auto again = decode_dsms(encode_dsms(*dsms));
            if (!again || again->size() != dsms->size()) std::abort();
        }
        break;
    default: {
        std::u16string text;
        for (std::size_t i = 0; i + 1 < bytes.size(); i += 2)
            text += static_cast<char16_t>(bytes[i] | bytes[i + 1] << 8);
        if (const auto path = file_path(text))
            for (const std::string& component : *path)
                if (component.empty() || component == "." || component == ".." ||
                    component.find_first_of(std::string_view("/\\:\0", 4)) != std::string::npos)
                    std::abort();
        for (const auto family : {AddressFamily::V4, AddressFamily::V6})
            if (const auto address = parse_address(family, text)) (void)csvp::text(*address);
    }
    }
    return 0;
}
