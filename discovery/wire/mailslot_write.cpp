// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/wire/mailslot_write.hpp"

#include <algorithm>
#include <array>

namespace mpapi::discovery {

namespace {

constexpr std::array<std::uint8_t, 4> kMagic{0xff, 'S', 'M', 'B'};
constexpr std::uint8_t kTransaction = 0x25;
constexpr std::size_t kHeader = 32;          // MS-CIFS 2.2.3.1
constexpr std::size_t kWordCount = kHeader;  // a byte
constexpr std::uint8_t kWords = 17;          // 14 and the setup
constexpr std::size_t kDataCount = 33 + 22;  // words 11 and 12
constexpr std::size_t kDataOffset = 33 + 24; // from the beginning of the SMB header
constexpr std::size_t kSetupCount = 33 + 26; // a byte, and one that is reserved
constexpr std::size_t kSetup = 33 + 28;
constexpr std::size_t kBytes = 33 + 2 * kWords + 2; // behind ByteCount
constexpr std::uint16_t kWrite = 1, kPriority = 1, kUnacknowledged = 2;

Error wrong(const char* why) {
    return {"read", "mailslot write", why};
}

} // namespace

Result<MailslotWrite> parse_mailslot_write(OctetView smb) {
    if (smb.size() < kBytes) return wrong("it ends within its header");
    if (smb.size() > kLargestMailslotWrite) return wrong("it is larger than 512 bytes");
    if (!std::equal(kMagic.begin(), kMagic.end(), smb.begin())) return wrong("it is no SMB");
    if (smb[4] != kTransaction) return wrong("it is no transaction");
    if (smb[kWordCount] != kWords || smb[kSetupCount] != 3)
        return wrong("expected a transaction with three setup words");
    if (little16(smb, kSetup) != kWrite) return wrong("it is another operation on a mailslot");

    const auto name = smb.begin() + kBytes;
    const auto end = std::find(name, smb.end(), std::uint8_t{0});
    if (end == smb.end()) return wrong("the mailslot's name has no end");
    const std::size_t count = little16(smb, kDataCount);
    const std::size_t offset = little16(smb, kDataOffset);
    // Data before the end of the name would be read twice, as two things.
    if (offset < static_cast<std::size_t>(end - smb.begin()) + 1)
        return wrong("its data is where its name is");
    if (offset > smb.size() || count > smb.size() - offset)
        return wrong("its data is beyond its end");
    MailslotWrite write;
    write.mailslot.assign(name, end);
    const auto data = smb.subspan(offset, count);
    write.data.assign(data.begin(), data.end());
    return write;
}

Result<Octets> make_mailslot_write(std::string_view mailslot, OctetView data) {
    const std::size_t after_name = kBytes + mailslot.size() + 1;
    const std::size_t padding = (4 - after_name % 4) % 4;
    const std::size_t offset = after_name + padding;
    if (offset + data.size() > kLargestMailslotWrite)
        return Error{"make", "mailslot write", "it would be larger than 512 bytes"};
    const auto count = static_cast<std::uint16_t>(data.size());
    Octets smb(kMagic.begin(), kMagic.end());
    smb.reserve(offset + data.size());
    smb.push_back(kTransaction);
    append_zeros(smb, kHeader - smb.size()); // no status, flags, session or process
    smb.push_back(kWords);
    append_little16(smb, 0); // TotalParameterCount
    append_little16(smb, count);
    append_little16(smb, 0); // MaxParameterCount
    append_little16(smb, 0); // MaxDataCount
    append_little16(smb, 0); // MaxSetupCount, and a reserved byte
    append_little16(smb, 0); // Flags
    append_little32(smb, 0); // Timeout: at once
    append_little16(smb, 0); // reserved
    append_little16(smb, 0); // ParameterCount
    append_little16(smb, 0); // ParameterOffset
    append_little16(smb, count);
    append_little16(smb, static_cast<std::uint16_t>(offset));
    append_little16(smb, 3); // SetupCount, and a reserved byte
    append_little16(smb, kWrite);
    append_little16(smb, kPriority);
    append_little16(smb, kUnacknowledged);
    append_little16(smb, static_cast<std::uint16_t>(offset - kBytes + data.size()));
    smb.insert(smb.end(), mailslot.begin(), mailslot.end());
    append_zeros(smb, 1 + padding);
    append(smb, data);
    return smb;
}

} // namespace mpapi::discovery
